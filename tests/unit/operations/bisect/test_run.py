"""A bisect with real copies, a real installer, and commands that fail as they do in life."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.catalog import Catalog
from envdeck.core.model import BisectRun, BisectRunStarted, Ending, NoPlan, Policy, StepProgress
from envdeck.core.operations.api import Operations
from envdeck.core.operations.bisect import run
from envdeck.core.operations.bisect.copies import SetCopies
from envdeck.core.operations.bisect.plan import BisectChoice, BisectEnd, BisectPlan, plan_bisect
from envdeck.core.operations.bisect.run import BisectRequest, NoBisect, run_bisect
from envdeck.core.operations.bisect.search import BisectVerdict, SearchStatus
from envdeck.core.operations.engine.runner import Runner, Watchdog
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.system.host import Host
from envdeck.core.timeline.model import suspects
from envdeck.core.timeline.store import SnapshotStore
from support.environments import create_environment, tool_data
from support.limits import pass_hours
from support.trees import contents, states
from support.wheels import write_wheel

NAMES = ("ash", "birch", "cedar", "elm", "fir")


class Bench:
    """An environment that worked with all packages at 1, and does not with all at 2."""

    def __init__(self, root: Path) -> None:
        self.home, self.wheels = root / "home", root / "wheels"
        self.project = self.home / "work" / "api"
        self.project.mkdir(parents=True)
        for name in NAMES:
            for version in ("1.0", "2.0"):
                requires = ["birch>=2"] if (name, version) == ("cedar", "2.0") else []
                body = {f"{name}.py": f"version = {version!r}\n"}
                entry = f"[console_scripts]\n{name} = {name}:main\n"
                write_wheel(self.wheels, name, version, body, requires=requires, entry_points=entry)
        settings = self.home / ".config" / "pip" / "pip.conf"
        settings.parent.mkdir(parents=True)
        settings.write_text(f"[global]\nno-index = true\nfind-links = {self.wheels}\n")
        self.path = create_environment(self.project / ".venv", creator="uv")
        environ = {"PATH": os.environ["PATH"], "UV_CACHE_DIR": str(tool_data() / "uv")}
        self.host = Host(sys.platform, str(self.home), environ)
        self.operations = Operations(Catalog(self.host), Policy())
        self.store = SnapshotStore(self.host)
        self.good = self.keep("1.0")
        self.bad = self.keep("2.0")

    def keep(self, version: str):
        """Install everything at a version, and keep that as a snapshot."""
        self.install(version, NAMES)
        environment = self.look()
        found = self.operations.catalog.distributions(environment)
        return self.store.keep(environment, found, source="scan")

    def install(self, version: str, names) -> None:
        command = [find_uv_bin(), "pip", "install", "-q", "--no-config", "--no-index"]
        command += ["--find-links", self.wheels, "--python", self.path]
        environ = {**os.environ, "UV_CACHE_DIR": str(tool_data() / "uv")}
        subprocess.run(
            [*command, *(f"{name}=={version}" for name in names)],
            env=environ, check=True, capture_output=True, timeout=60,
        )  # fmt: skip

    def look(self):
        environment = self.operations.catalog.lookup(str(self.path))
        assert environment is not None
        return environment

    def bisect(self, code: str, stopped=lambda: False, **more):
        """Search with a program of Python as the command."""
        request = BisectRequest(
            self.look(), self.good, self.bad, ("python", "-c", code), str(self.project), **more
        )
        told: list = []
        result = run_bisect(self.operations, request, told.append, stopped)
        assert self.left() == []
        return result, told

    def left(self) -> list[str]:
        """What a bisect left behind outside of the project."""
        found = [*self.home.glob("**/environment/*"), *self.project.glob(".envdeck*/*")]
        return [str(path) for path in found]


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bisect"))


@pytest.mark.parametrize("at_once", [1, 2])
def test_the_one_change_is_found_and_the_environment_is_as_it_was(bench, at_once):
    before = states(bench.path)
    code = "import elm, sys; sys.exit(elm.version == '2.0')"
    result, told = bench.bisect(code, at_once=at_once)
    assert result.status is SearchStatus.FOUND
    assert [(one.name, one.before, one.after) for one in result.culprits] == [("elm", "1.0", "2.0")]
    assert result.message == "elm 1.0 → 2.0"
    path = str(bench.path)
    assert result.hints == (
        f"pin: `envdeck install {path} elm==1.0`",
        f"go back: `envdeck recreate {path} --from snapshot:{bench.good.id}`",
    )
    ended = [one for one in told if isinstance(one, BisectRun)]
    begun = [one for one in told if isinstance(one, BisectRunStarted)]
    assert {one.number for one in ended} == {one.number for one in result.runs}
    assert [one.number for one in begun] == list(range(1, len(begun) + 1))
    assert all(told.index(one) > told.index(begun[one.number - 1]) for one in ended)
    assert [one.verdict for one in result.runs[:2]] == [BisectVerdict.GOOD, BisectVerdict.BAD]
    assert states(bench.path) == before


def test_two_that_only_together_break_it_are_both_found(bench):
    code = "import ash, fir, sys; sys.exit(ash.version == fir.version == '2.0')"
    result, _ = bench.bisect(code)
    assert {one.name for one in result.culprits} == {"ash", "fir"}


def test_a_set_that_the_requirements_do_not_permit_is_passed_over_and_not_run(bench):
    result, _ = bench.bisect("import cedar, sys; sys.exit(cedar.version == '2.0')")
    assert result.status is SearchStatus.FOUND
    assert "cedar" in {one.name for one in result.culprits}
    passed = [one for one in result.runs if one.verdict is BisectVerdict.SKIP]
    assert all(one.exit is None and "cedar requires birch>=2" in one.reason for one in passed)
    for one in result.runs:
        if "cedar" in one.applied and "birch" not in one.applied:
            assert one.exit is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [("pass", "the bad state is good"), ("raise SystemExit(3)", "the good state is bad")],
)
def test_what_does_not_show_the_trouble_is_said_at_once(bench, code, reason):
    result, told = bench.bisect(code)
    assert (result.status, result.message) == (SearchStatus.NOT_REPRODUCED, reason)
    assert sum(isinstance(one, BisectRun) for one in told) == 2


def test_exit_125_cannot_tell(bench):
    result, _ = bench.bisect("raise SystemExit(125)")
    assert result.status is SearchStatus.CANNOT_TELL


def test_a_run_that_hangs_is_ended_and_counts_as_asked(bench, monkeypatch, tmp_path):
    mark = tmp_path / "hangs"
    pass_hours(monkeypatch, mark)
    hang = f"open({str(mark)!r}, 'a').write('x'), time.sleep(600)"
    code = f"import elm, time; elm.version == '2.0' and ({hang})"
    result, _ = bench.bisect(code, limit=60.0, late_is_bad=True)
    assert [one.name for one in result.culprits] == ["elm"]
    result, _ = bench.bisect(code, limit=60.0)
    assert result.status is SearchStatus.CANNOT_TELL


def test_the_command_runs_in_the_project_with_the_copy_active(bench):
    code = (
        "import os, sys; assert sys.prefix == os.environ['VIRTUAL_ENV'] != "
        f"{str(bench.path)!r}; assert os.getcwd() == {str(bench.project)!r}; import subprocess;"
        "script = open(os.path.join(sys.prefix, 'bin', 'elm')).read();"
        f"assert sys.prefix in script and {str(bench.path)!r} not in script;"
        "import elm; sys.exit(elm.version == '2.0')"
    )
    result, told = bench.bisect(code)
    assert result.status is SearchStatus.FOUND, told


@pytest.mark.parametrize("at_once", [1, 2])
def test_what_a_command_writes_into_reaches_neither_the_environment_nor_the_next_set(
    bench, at_once
):
    site = next(bench.path.glob("lib/python*/site-packages"))
    extra = site / "notes.dat"
    extra.write_text("as it was\n")
    before = states(bench.path)
    code = (
        "import elm, os, sys; folder = os.path.dirname(elm.__file__);"
        "os.chmod(os.path.join(folder, 'ash.py'), 0o600);"
        "told = open(os.path.join(folder, 'notes.dat'), 'r+');"
        "told.truncate(); told.write('written\\n'); told.close();"
        "sys.exit(elm.version == '2.0')"
    )
    if at_once == 1:  # else two that run at once see what the other writes
        code = "assert open(__import__('elm').__file__[:-6] + 'notes.dat').read()[0] == 'a';" + code
    try:
        result, _ = bench.bisect(code, at_once=at_once)
        assert (result.status, result.message) == (SearchStatus.FOUND, "elm 1.0 → 2.0")
        assert states(bench.path) == before
        assert extra.read_text() == "as it was\n"
    finally:
        extra.unlink()


def test_what_a_command_writes_into_a_package_that_differs_reaches_no_other_set_and_no_cache(bench):
    before = states(bench.path)
    code = (
        "import elm, sys; text = open(elm.__file__).read(); assert 'spoilt' not in text;"
        "told = open(elm.__file__, 'r+'); told.write('spoilt = 1; ' + text); told.close();"
        "sys.exit(elm.version == '2.0')"
    )
    result, _ = bench.bisect(code)
    assert (result.status, result.message) == (SearchStatus.FOUND, "elm 1.0 → 2.0")
    assert states(bench.path) == before
    cached = [file.read_text() for file in (tool_data() / "uv").glob("archive-v0/*/elm.py")]
    assert cached
    assert not any("spoilt" in text for text in cached)


def test_what_a_command_leaves_in_a_copy_is_gone_for_the_next_set(bench):
    code = (
        "import elm, os, shutil, sys; folder = os.path.dirname(elm.__file__);"
        "assert not os.path.exists(folder + '/left') and os.path.exists(folder + '/fir.py');"
        "shutil.rmtree(folder + f'/birch-{elm.version}.dist-info', ignore_errors=True);"
        "os.makedirs(folder + '/left/over'); open(folder + '/left/over/m.py', 'w').close();"
        "os.unlink(folder + '/fir.py'); os.unlink(sys.prefix + '/bin/ash');"
        "sys.exit(elm.version == '2.0')"
    )
    result, _ = bench.bisect(code)
    assert (result.status, result.message) == (SearchStatus.FOUND, "elm 1.0 → 2.0")


@pytest.mark.parametrize("at_once", [1, 2])
def test_byte_code_is_made_once_of_each_version(bench, tmp_path, at_once):
    before, log = states(bench.path), tmp_path / "log"
    code = (
        "import importlib.util, os, sys; place = importlib.util.find_spec('elm').cached;"
        "there = os.path.exists(place); import elm;"
        f"told = open({str(log)!r}, 'a'); told.write(f'{{elm.version}} {{there}}\\n');"
        "told.close(); sys.exit(elm.version == '2.0')"
    )
    result, _ = bench.bisect(code, at_once=at_once)
    assert (result.status, result.message) == (SearchStatus.FOUND, "elm 1.0 → 2.0")
    lines = log.read_text().splitlines()
    assert len(lines) == len(result.runs) > 3
    for version in ("1.0", "2.0"):
        there = [line.split()[1] for line in lines if line.startswith(version)]
        assert there[0] == "False"
        assert {*there[1:]} == {"True"}
    assert states(bench.path) == before


def test_byte_code_that_is_not_of_its_source_is_gone_for_the_next_set(bench):
    code = (
        "import importlib.util, os, struct, sys; spec = importlib.util.find_spec;"
        "head = importlib.util.MAGIC_NUMBER;"
        "ash, elm = spec('ash').cached, spec('elm').cached; assert not os.path.exists(ash);"
        "kept = os.path.exists(elm); assert not kept or open(elm, 'rb').read()[:4] == head;"
        "from elm import version; out = open(ash, 'wb'); out.write(head + bytes(12)); out.close();"
        "out = open(elm, 'r+b'); out.write(b'else' if kept else head); out.close();"
        "sys.exit(version == '2.0')"
    )
    before = states(bench.path)
    result, _ = bench.bisect(code)
    assert (result.status, result.message) == (SearchStatus.FOUND, "elm 1.0 → 2.0")
    assert all(one.verdict is not BisectVerdict.SKIP for one in result.runs)
    assert states(bench.path) == before


def test_a_copy_that_a_command_ruins_is_made_again(bench):
    code = (
        "import elm, os, shutil, sys; folder = os.path.dirname(elm.__file__);"
        "os.unlink(folder + '/fir.py'); os.mkdir(folder + '/fir.py');"
        "sys.exit(elm.version == '2.0')"
    )
    before = states(bench.path)
    result, _ = bench.bisect(code)
    assert (result.status, result.message) == (SearchStatus.FOUND, "elm 1.0 → 2.0")
    assert states(bench.path) == before


def copies_of(bench, folder: Path) -> SetCopies:
    """Return copies in a folder that are made without the rest of a bisect."""
    folder.mkdir()
    adapter = UvAdapter(bench.host, folder=str(folder), environment=str(bench.path))
    changes = suspects(bench.good, bench.bad)
    install = Runner(bench.host).run
    disk = bench.operations.store.disk
    return SetCopies(
        bench.host, disk, bench.look(), changes, str(folder), adapter, install, lambda *_: None
    )


@pytest.mark.parametrize("worked", [True, False])
def test_a_set_that_is_put_together_is_what_the_installer_makes(bench, tmp_path, worked):
    """Sets in any order, in a copy that has had others and in which something was run."""
    if not worked:  # the environment is as neither end is
        bench.install("1.0", ("ash", "cedar"))
    try:
        mine, whole = (copies_of(bench, tmp_path / name) for name in ("mine", "whole"))
        whole._composes = False
        for applied in ((), range(5), (0, 2), (1, 2, 3, 4), (0,), (4,), (0, 1, 2, 3), (), range(5)):
            found = []
            for copies in (mine, whole):
                with copies.copy(frozenset(applied), lambda _: "") as (folder, why):
                    assert why == ""
                    found.append(read(Path(folder)))
                    python = Path(folder) / "bin" / "python"
                    subprocess.run([python, "-c", f"import {', '.join(NAMES)}"], check=True)
            assert found[0] == found[1]
        assert mine._composes
    finally:
        bench.install("2.0", NAMES)


def read(folder: Path) -> dict[str, object]:
    """Return what a copy holds, wherever it is; of a RECORD the names, since the hash of a script
    is another in each place."""
    found = contents(folder, without=lambda name: name.endswith(".pyc") or name == ".lock")
    place = os.fsencode(folder)
    return {
        name: sorted(row.partition(b",")[0] for row in data.splitlines())
        if name.endswith("/RECORD")
        else data.replace(place, b"PLACE")
        for name, data in found.items()
    }


def test_the_installer_is_run_once_for_each_end_that_is_not_as_the_environment(bench, monkeypatch):
    installed: list[str] = []
    real = run._Work._install

    def count(work, command):
        installed.append(" ".join(command.argv))
        return real(work, command)

    monkeypatch.setattr(run._Work, "_install", count)
    result, _ = bench.bisect("import elm, sys; sys.exit(elm.version == '2.0')", at_once=2)
    assert result.status is SearchStatus.FOUND
    assert len(installed) == 1


def test_of_a_set_that_is_not_permitted_no_copy_is_made(bench, tmp_path):
    copies, asked = copies_of(bench, tmp_path / "copies"), []
    for applied in ((), range(5)):
        with copies.copy(frozenset(applied), lambda _: ""):
            pass
    there = states(tmp_path)
    with copies.copy(frozenset({2}), lambda problems: asked.append(problems) or "no") as found:
        assert found == ("", "no")
    assert asked == [(("cedar", "birch>=2"),)]
    assert states(tmp_path) == there


def test_where_sets_cannot_be_put_together_the_installer_makes_each(bench, monkeypatch):
    monkeypatch.setattr(SetCopies, "_fill_end", lambda *_: False)
    before = states(bench.path)
    result, _ = bench.bisect("import elm, sys; sys.exit(elm.version == '2.0')", at_once=2)
    assert (result.status, result.message) == (SearchStatus.FOUND, "elm 1.0 → 2.0")
    assert states(bench.path) == before


def test_it_can_be_stopped(bench):
    asked = []
    result, _ = bench.bisect("pass", stopped=lambda: len(asked) > 2 or asked.append(1))
    assert result.stopped
    assert result.status is SearchStatus.CANNOT_TELL


@pytest.mark.parametrize("failing", ["1", "2"])
def test_where_one_run_fails_the_others_at_once_are_ended(bench, monkeypatch, tmp_path, failing):
    """Whatever ends the search, Ctrl-C too, must not wait for a command that hangs."""
    real = run._Work._try

    def fail_in_one(work, copy, output):
        if copy.endswith(failing):
            raise KeyboardInterrupt
        return real(work, copy, output)

    monkeypatch.setattr(run._Work, "_try", fail_in_one)
    slept = tmp_path / "slept"
    with pytest.raises(KeyboardInterrupt):
        bench.bisect(f"import time; time.sleep(30); open({str(slept)!r}, 'w')", at_once=2)
    assert not slept.exists()
    assert bench.left() == []


def test_without_a_difference_there_is_nothing_to_bisect(bench):
    request = BisectRequest(bench.look(), bench.bad, bench.bad, ("true",), str(bench.project))
    assert isinstance(run_bisect(bench.operations, request, print, lambda: False), NoBisect)
    assert suspects(bench.bad, bench.bad) == ()


# bad commands


def test_a_command_that_leaves_a_child_behind_is_not_waited_for(bench, tmp_path):
    slept = tmp_path / "slept"
    child = f"['sh', '-c', 'sleep 45; touch {slept}']"
    code = f"import elm, subprocess, sys; subprocess.Popen({child});"
    result, _ = bench.bisect(code + "sys.exit(elm.version == '2.0')")
    assert [one.name for one in result.culprits] == ["elm"]
    assert not slept.exists()


@pytest.mark.parametrize("signal_name", ["SIGKILL", "SIGTERM"])
def test_a_command_that_somebody_kills_tells_nothing(bench, signal_name):
    code = f"import os, signal; os.kill(os.getpid(), signal.{signal_name})"
    result, told = bench.bisect(code)
    assert result.status is SearchStatus.CANNOT_TELL
    runs = [one for one in told if isinstance(one, BisectRun)]
    assert {one.reason for one in runs} == {f"the command was killed ({signal_name})"}


def test_a_command_that_crashes_is_bad(bench):
    code = "import elm, os, signal; elm.version == '2.0' and os.kill(os.getpid(), signal.SIGSEGV)"
    result, _ = bench.bisect(code)
    assert [one.name for one in result.culprits] == ["elm"]


def test_a_command_that_needs_a_terminal_gets_none(bench):
    result, told = bench.bisect("input('? ')")
    assert (result.status, result.message) == (
        SearchStatus.NOT_REPRODUCED, "the good state is bad",
    )  # fmt: skip
    first = next(one for one in told if isinstance(one, BisectRun))
    assert "EOF" in first.tail[-1]


def test_an_environment_that_changes_meanwhile_keeps_that_and_it_is_said(bench):
    site = next(bench.path.glob("lib/python*/site-packages"))
    kept = (site / "ash.py").read_bytes()
    code = f"import elm, sys; open({str(site / 'ash.py')!r}, 'a').write('# by hand'); "
    try:
        result, _ = bench.bisect(code + "sys.exit(elm.version == '2.0')")
        assert [one.name for one in result.culprits] == ["elm"]
        assert "files changed during the operation" in result.message
        assert "ash.py" in result.message
        assert b"# by hand" in (site / "ash.py").read_bytes()
    finally:
        (site / "ash.py").unlink()
        (site / "ash.py").write_bytes(kept)


class Killed:
    """The program in a process of its own, killed while it bisects."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_", "PIP_"))
        } | {"HOME": str(bench.home), "UV_CACHE_DIR": str(tool_data() / "uv")}
        self.before = states(bench.path)

    def start(self, code: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "envdeck", "bisect", str(self.bench.path)]
        command += ["--good", self.bench.good.id, "--", "python", "-c", code]
        return subprocess.Popen(
            command, env=self.environ, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def hold(self) -> None:
        """Recover as the next starts do, until what still ran has ended, and see nothing left."""
        limit = time.monotonic() + 60
        while True:
            done = subprocess.run(
                [sys.executable, "-m", "envdeck", "history", "--recover"],
                env=self.environ, check=False, capture_output=True, text=True, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            if not self.bench.left() or time.monotonic() > limit:
                break
            time.sleep(0.1)
        assert self.bench.left() == []
        assert states(self.bench.path) == self.before
        assert self.bench.operations.recover() == ()


def test_a_kill_while_the_command_runs_leaves_nothing_after_the_next_start(bench, tmp_path):
    killed, mark = Killed(bench), tmp_path / "begun"
    code = f"import time; open({str(mark)!r}, 'w').close(); time.sleep(3)"
    with killed.start(code) as process:
        limit = time.monotonic() + 60
        while not mark.exists() and time.monotonic() < limit:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert list(bench.home.glob("**/environment/*/pyvenv.cfg")), "the copies are there"
    killed.hold()


def test_a_kill_ends_what_the_command_started_too(bench, tmp_path):
    """Nobody is left to end it: so another process watches. Its children are of its group."""
    killed, mark = Killed(bench), tmp_path / "begun"
    child = f"import os, time; open({str(mark)!r}, 'a').write(f'{{os.getpid()}} '); time.sleep(90)"
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]); {child}"
    with killed.start(code) as process:
        limit = time.monotonic() + 60
        while len(numbers := written(mark)) < 2 and time.monotonic() < limit:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    while any(map(runs, numbers)) and time.monotonic() < limit:
        time.sleep(0.02)
    assert not any(map(runs, numbers))
    killed.hold()


def written(mark: Path) -> list[int]:
    return [int(word) for word in mark.read_text().split()] if mark.exists() else []


def runs(number: int) -> bool:
    """Tell whether a process runs; one that nobody has reaped yet does not."""
    with suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="nothing watches there")
def test_who_watches_asks_first_and_then_kills(tmp_path):
    """A command that does not end when asked to; and one that is told to be over is let be."""
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " open(sys.argv[1], 'w').close(); time.sleep(90)"
    )
    host = Host(sys.platform, str(tmp_path), {})
    commands = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path / name], start_new_session=True)
        for name in ("stubborn", "over")
    ]
    try:
        limit = time.monotonic() + 60
        while not all((tmp_path / one).exists() for one in ("stubborn", "over")):
            assert time.monotonic() < limit
            time.sleep(0.02)
        with Watchdog(host, 0.2) as watchdog:
            for one in commands:
                watchdog.tell(one.pid)
            watchdog.tell(-commands[1].pid)
        assert commands[0].wait(60) == -signal.SIGKILL
        assert commands[1].poll() is None
    finally:
        for one in commands:
            one.kill()
            one.wait()


@pytest.mark.parametrize(("kills", "seed"), [(2, 1), pytest.param(100, 2, marks=pytest.mark.kill)])
def test_kills_at_moments_drawn_by_lot_leave_nothing(bench, kills, seed, record_property):
    killed, chance = Killed(bench), random.Random(seed)
    code = "import elm, sys; sys.exit(elm.version == '2.0')"
    began = time.monotonic()
    assert killed.start(code).wait(60) == 0
    whole, met = time.monotonic() - began, 0
    for _ in range(kills):
        with killed.start(code) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.1, 1.0) * whole)
            met += process.poll() is None
            process.kill()
        killed.hold()
    while not met:  # the machine has become quicker than it was
        whole /= 2
        with killed.start(code) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(whole)
            met += process.poll() is None
            process.kill()
        killed.hold()
    record_property("kills", met)
    assert met


# the plan: what the queue of the screen runs


def test_a_plan_tells_its_runs_and_their_bound_and_marks_what_passed(bench):
    for one in (bench.good, bench.bad):  # tests before may have run a command that passed
        bench.store.mark_good(str(bench.path), one.id, good=False)
    code = "import elm, sys; print('tried', elm.version); sys.exit(elm.version == '2.0')"
    choice = BisectChoice(good=bench.good.id, command=("python", "-c", code), at_once=1)
    plan = plan_bisect(bench.operations, bench.look(), choice)
    assert isinstance(plan, BisectPlan)
    assert (plan.suspects, plan.bound) == (5, 6)
    events: list = []
    result = bench.operations.run(plan, events.append)
    assert isinstance(result, BisectEnd)
    assert result.status is Ending.DONE
    assert result.message == f"found in {len(result.found.runs)} runs: elm 1.0 → 2.0"
    progress = [(one.done, one.total) for one in events if isinstance(one, StepProgress)]
    assert progress[0] == (0, 6)
    assert progress[-1] == (len(result.found.runs), 6)
    ended = [one for one in events if isinstance(one, BisectRun)]
    assert ended[0].output == ("tried 1.0",)
    marked = {one.id: one.good for one in bench.store.snapshots(str(bench.path))}
    assert marked == {bench.good.id: True, bench.bad.id: False}


def test_a_plan_that_is_cancelled_says_so(bench):
    code = "import time; time.sleep(60)"
    choice = BisectChoice(good=bench.good.id, command=("python", "-c", code), at_once=1)
    plan = plan_bisect(bench.operations, bench.look(), choice)
    begun: list = []
    result = bench.operations.run(
        plan, begun.append, lambda: any(isinstance(one, BisectRunStarted) for one in begun)
    )
    assert result.stopped
    assert result.message == "cancelled"
    assert bench.left() == []


def test_where_nothing_differs_there_is_no_plan(bench):
    choice = BisectChoice(good=bench.bad.id, command=("true",))
    plan = plan_bisect(bench.operations, bench.look(), choice)
    assert isinstance(plan, NoPlan)
    assert "nothing that can be installed differs" in plan.message
    assert plan.missing, "a day in the future names the newest: that is wrong usage"
    assert "envdeck timeline" in plan.hint
    future = BisectChoice(good="2199-01-01", command=("true",))
    assert plan_bisect(bench.operations, bench.look(), future).missing
    assert plan_bisect(
        bench.operations, bench.look(), BisectChoice(good="zz", command=("x",))
    ).missing
