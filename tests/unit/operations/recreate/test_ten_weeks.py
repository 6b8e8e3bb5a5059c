"""Ten weeks of an environment, by a clock set by hand: each event once, none invented."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.model import RecreateRequest
from envdeck.core.operations.api import Operations
from envdeck.core.system.host import Host
from envdeck.core.timeline.read import read_timeline

DAY = 86400
START = 1_000_000_000.0
"""2001-09-09: what is written now is of the future then, and only what is set by hand counts."""
GIT = shutil.which("git")


class Weeks:
    """A person's project on a machine, and the clock."""

    def __init__(self, machine) -> None:
        self.machine, self.now = machine, START
        self.project = machine.home / "work"
        self.path = self.project / ".venv"
        host = Host(sys.platform, str(machine.home), machine.environ, lambda: self.now)
        machine.operations = self.door = Operations(Catalog(host))
        self.base = self._make_base()

    def _make_base(self) -> Path:
        """An interpreter of the person's own, whose patch release can be replaced."""
        real, minor = Path(sys.base_prefix), f"python3.{sys.version_info.minor}"
        base = self.machine.home / "pythons" / "own"
        (base / "bin").mkdir(parents=True)
        shutil.copy2(real / "bin" / minor, base / "bin" / minor)
        (base / "lib").symlink_to(real / "lib")
        self.headers = base / "include" / minor / "patchlevel.h"
        self.headers.parent.mkdir(parents=True)
        self.program = base / "bin" / minor
        self.patch(1)
        return base

    def patch(self, number: int) -> None:
        """Replace the interpreter by another patch release."""
        version = f"3.{sys.version_info.minor}.{number}"
        self.headers.write_text(
            f'#define PY_VERSION "{version}"\n#define PY_MAJOR_VERSION 3\n'
            f"#define PY_MINOR_VERSION {sys.version_info.minor}\n"
            f"#define PY_MICRO_VERSION {number}\n"
        )
        os.utime(self.program, (self.now, self.now))

    def at(self, day: float) -> float:
        self.now = START + day * DAY
        return self.now

    def stamp(self) -> None:
        """Give what was written just now the time of the clock."""
        for found in (self.path, *self.path.glob("lib/python*/site-packages/*.dist-info")):
            if found.stat().st_mtime > START + 1000 * DAY:
                os.utime(found, (self.now, self.now))
        os.utime(self.path / "pyvenv.cfg", (START, START))

    def install(self, *what: str) -> None:
        self.machine.install(self.path, "uv", *what)
        self.stamp()

    def uninstall(self, name: str) -> None:
        for entry in self.path.glob(f"lib/python*/site-packages/{name.replace('-', '_')}*"):
            shutil.rmtree(entry)

    def write(self, name: str, text: str) -> None:
        file = self.project / name
        file.write_text(text)
        os.utime(file, (self.now, self.now))

    def git(self, *words: str) -> None:
        moment = f"@{int(self.now)} +0000"
        self.machine.call(
            [GIT, "-c", "user.name=Ada", "-c", "user.email=ada@mail.example", *words],
            GIT_CONFIG_NOSYSTEM="1", GIT_AUTHOR_DATE=moment, GIT_COMMITTER_DATE=moment,
        )  # fmt: skip

    def commit(self, subject: str, *files: str) -> None:
        self.git("-C", str(self.project), "add", "-f", *files)
        self.git("-C", str(self.project), "commit", "-q", "-m", subject)

    def look(self) -> None:
        list(self.door.catalog.scan(Scope((str(self.machine.home),), sizes=False, health=True)))

    def recreate(self, request=None) -> None:
        environment = self.door.catalog.lookup(str(self.path))
        plan = self.door.plan_recreate(environment, request or RecreateRequest())
        self.machine.done(plan)
        self.stamp()

    def told(self):
        """The events oldest first: day, kind, subject, from, to, and between which looks."""
        environment = self.door.catalog.lookup(str(self.path))
        timeline = read_timeline(environment, self.door.catalog.host)
        assert timeline.notices == ()
        times = [one.at for one in timeline.events]
        assert times == sorted(times, reverse=True)
        assert all(one.earliest is None or one.earliest <= one.at for one in timeline.events)
        return [
            (
                round((one.at - START) / DAY),
                one.kind.value,
                one.subject,
                one.before,
                one.after if one.source != "git" else one.detail,
            )
            for one in reversed(timeline.events)
        ]


@pytest.mark.skipif(GIT is None, reason="git is not here")
def test_each_event_is_told_once_in_order_and_none_is_invented(machine):
    for name, versions in (
        ("part-one", "1 2 3"), ("part-two", "1 2"), ("part-three", "1"), ("part-four", "1"),
        ("part-five", "1"),
    ):  # fmt: skip
        for version in versions.split():
            machine.wheel(name, f"{version}.0")
    weeks = Weeks(machine)
    minor = f"3.{sys.version_info.minor}"
    # Week 1: the environment is made, and looked at a day later.
    weeks.project.mkdir()
    weeks.git("init", "-q", str(weeks.project))
    weeks.write("pyproject.toml", '[project]\nname = "work"\nversion = "1"\n')
    weeks.write(".env", "TOKEN=hush-hush-one\nMODE=a\n")
    weeks.commit("Begin", "pyproject.toml", ".env")
    machine.make(weeks.path, "uv", python=str(weeks.program))
    weeks.install("part-one==1.0", "part-two==1.0")
    weeks.at(1)
    weeks.look()
    # Week 2: an upgrade and an install, looked at twice.
    weeks.at(7)
    weeks.install("part-one==2.0")
    weeks.at(8)
    weeks.install("part-three")
    weeks.at(9)
    weeks.look()
    weeks.at(10)
    weeks.look()
    # Week 3: what comes and goes between two looks is not seen; two upgrades are one change.
    weeks.at(14)
    weeks.install("part-five")
    weeks.uninstall("part-five")
    weeks.install("part-two==2.0")
    weeks.uninstall("part-two")
    weeks.install("part-two==1.0")
    weeks.at(16)
    weeks.look()
    # Week 4: a commit of the manifest, and a key of the dotenv file.
    weeks.at(21)
    weeks.write("pyproject.toml", '[project]\nname = "work"\nversion = "2"\n')
    weeks.commit("Second version", "pyproject.toml")
    weeks.at(22)
    weeks.write(".env", "TOKEN=hush-hush-two\nNEW_KEY=hush-hush-three\n")
    weeks.commit("Another key", ".env")
    # Week 5: a package goes.
    weeks.at(28)
    weeks.uninstall("part-three")
    weeks.at(29)
    weeks.look()
    # Week 6: it is made anew, which changes nothing in it, after an install nobody looked at.
    weeks.at(35)
    weeks.install("part-four")
    weeks.at(36)
    weeks.recreate()
    weeks.at(37)
    weeks.look()
    # Week 7: the base interpreter is replaced.
    weeks.at(42)
    weeks.patch(2)
    weeks.at(43)
    weeks.look()
    # Week 8: back to the first snapshot, by the way back.
    weeks.at(49)
    first = read_timeline(
        weeks.door.catalog.lookup(str(weeks.path)), weeks.door.catalog.host
    ).snapshots[-1]
    weeks.recreate(RecreateRequest(source="snapshot", snapshot=first.id))
    weeks.at(50)
    weeks.look()
    # Week 9: and that is undone.
    weeks.at(56)
    machine.done(weeks.door.plan_undo())
    # Week 10: a file that is not committed, and nothing else.
    weeks.at(63)
    weeks.write("requirements.txt", "part-one\n")
    weeks.at(70)
    weeks.look()
    expected = [
        (0, "manifest", "pyproject.toml", None, "Begin"),
        (0, "added", "part-two", None, "1.0"),
        (0, "added", "part-one", None, "1.0"),
        (0, "dotenv", ".env", None, "Begin (+TOKEN +MODE)"),
        (7, "changed", "part-one", "1.0", "2.0"),
        (8, "added", "part-three", None, "1.0"),
        (21, "manifest", "pyproject.toml", None, "Second version"),
        (22, "dotenv", ".env", None, "Another key (+NEW_KEY -MODE)"),
        (29, "removed", "part-three", "1.0", None),
        (35, "added", "part-four", None, "1.0"),
        (36, "operation", "recreate", None, None),
        (42, "interpreter", str(weeks.base), f"{minor}.1", f"{minor}.2"),
        (49, "changed", "part-one", "2.0", "1.0"),
        (49, "removed", "part-four", "1.0", None),
        (49, "operation", "recreate", None, None),
        (56, "changed", "part-one", "1.0", "2.0"),
        (56, "added", "part-four", None, "1.0"),
        (56, "operation", "undo", None, None),
        (63, "manifest", "requirements.txt", None, None),
    ]
    told = weeks.told()
    assert told == expected
    assert weeks.told() == told
    assert "hush" not in repr(told)
