"""What goes wrong changes nothing, says why and what can be done, and is journalled so."""

import json
import os
import re
import shlex
import sys
from importlib import metadata
from pathlib import Path

import pytest

from envdeck.core.model import CommandStarted, Ending, Plan, RecreateRequest, StepStarted
from envdeck.core.operations.engine import uv
from support.environments import new_uv_cache

NAMES = ("part-one", "part-two", "part-three")
BASE = os.path.realpath(sys.executable)


@pytest.fixture
def project(machine):
    """A project with an environment of three packages."""
    folder = machine.home / "work"
    path = machine.make(folder / ".venv", "uv")
    for name in NAMES:
        machine.wheel(name, "1.0", scripts=[name])
    machine.install(path, "uv", *NAMES)
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "work"\nversion = "0"\ndependencies = ["part-one", "part-two"]\n'
    )
    return folder


@pytest.fixture
def rolled_back(machine, kit):
    """Return a function that runs a plan which has to fail, and sees that it left no trace."""

    def run(plan, *paths, stop_at=None, door=None):
        assert isinstance(plan, Plan), plan
        before = [kit.account(path) for path in paths]
        done = len(machine.operations.history())
        result, told = machine.run(plan, stop_at, door)
        assert result.status is Ending.ROLLED_BACK, result
        assert [kit.account(path) for path in paths] == before
        assert machine.left() == []
        assert machine.operations.pending() == ()
        past = machine.operations.history()
        assert len(past) == done + 1
        assert past[0].entry.phase == "rolled-back"
        assert past[0].entry.message
        return result, told

    return run


def configure(machine, url, seconds=60):
    machine.environ |= {"UV_HTTP_TIMEOUT": str(seconds), "UV_HTTP_RETRIES": "0"}
    settings = machine.home / ".config" / "pip" / "pip.conf"
    settings.write_text(f"[global]\nindex-url = {url}\n")


ANSWERS = {
    "not found": ((404, b"no"), r"part-one not found in the index"),
    "broken": ((500, b"no"), r"is not responding like a package index"),
    "refused": ((401, b"no"), r"the index denied access"),
    "garbage": ((200, b"\0\xff<a href=' >> [1]"), r"part-one not found in the index"),
    # uv asks for both at once, and may have no time to connect on a slow machine
    "stalled": (None, r"did not respond to a request for part-|cannot be reached"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_index_that_gives_nothing(kind, machine, project, rolled_back, kit):
    answer, cause = ANSWERS[kind]
    path = project / ".venv"
    rows = kit.records(path)
    with kit.index(machine.wheels, answer) as (url, _):
        configure(machine, url, seconds=1 if kind == "stalled" else 60)
        machine.environ["UV_CACHE_DIR"] = new_uv_cache(machine.home / "empty-cache")
        plan = machine.operations.plan_recreate(
            machine.look(path), RecreateRequest(source="declared")
        )
        result, _ = rolled_back(plan, path)
        assert re.search(cause, result.message)
        assert result.hint
        assert not result.stopped

        result, told = machine.run(machine.operations.plan_recreate(machine.look(path)))

    assert result.status is Ending.DONE  # all of it is brought back from its own files
    assert "rebuilt from installed files: part-one, part-three, part-two" in result.verified
    assert kit.records(path) == rows
    commands = sum(isinstance(one, CommandStarted) for one in told)
    assert commands <= 12


def test_a_source_that_does_not_build(machine, project, rolled_back, kit):
    kit.build_sdist(
        machine.wheels,
        "native",
        before="raise SystemExit(f\"error: command '{os.environ['CC']}' failed with exit code 1\")",
    )
    machine.environ["CC"] = "/bin/false"
    (project / "requirements.txt").write_text("native\npart-one\n")
    plan = machine.operations.plan_recreate(
        machine.look(project / ".venv"),
        RecreateRequest(source="file", file=str(project / "requirements.txt")),
    )
    result, told = rolled_back(plan, project)
    assert "native" in result.message
    assert "has no wheel and its build failed" in result.message
    assert "compiler" in result.hint
    assert any("/bin/false" in getattr(one, "text", "") for one in told)


def test_an_installer_that_does_not_know_what_it_is_told(
    machine, project, rolled_back, monkeypatch, tmp_path
):
    """No other way of installing helps: nothing is rebuilt from its files in place of that."""
    program = tmp_path / "uv"
    known = f'exec {shlex.quote(uv.find_uv())} "$@"'
    said = "error: unexpected argument '--no-deps' found"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *" install "*) echo "{said}" >&2; exit 2;; esac\n{known}\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(uv, "find_uv", lambda: str(program))
    plan = machine.operations.plan_recreate(machine.look(project / ".venv"))
    result, told = rolled_back(plan, project)
    assert result.message.endswith(f"uv {metadata.version('uv')} does not support `--no-deps`")
    assert "--upgrade uv" in result.hint
    assert sum(isinstance(one, CommandStarted) for one in told) == 2


def test_a_wheel_that_is_not_the_one_that_was_locked(machine, project, rolled_back):
    locked = project / "requirements.txt"
    locked.write_text(f"part-one==1.0 --hash=sha256:{'0' * 64}\n")
    plan = machine.operations.plan_recreate(
        machine.look(project / ".venv"), RecreateRequest(source="file", file=str(locked))
    )
    result, _ = rolled_back(plan, project)
    assert result.message.startswith(
        "nothing changed: requirements.txt: part-one==1.0 does not match its known hash"
    )
    assert "uv cache clean part-one" in result.hint


def test_a_disk_without_room(machine, project, monkeypatch):
    disk = machine.operations.store.disk
    monkeypatch.setattr(type(disk), "free_bytes", lambda *_: 1_000)
    plan = machine.operations.plan_recreate(machine.look(project / ".venv"))
    assert [one.guard for one in plan.refusals] == ["no-room"]
    assert "1,000 bytes free" in plan.refusals[0].message
    result, _ = machine.run(plan)
    assert (result.status, result.guard) == (Ending.REFUSED, "no-room")
    assert machine.left() == []


@pytest.mark.parametrize(
    "name", ["a b [1]", 'it\'s "x" $HOME `x`', "new\nline", "caf\udce9", "-r a;b#c"]
)
def test_any_path_will_do(name, machine, kit):
    path = machine.home / name / ".venv"
    machine.wheel("part-one", "1.0", scripts=["part-one"])
    made = machine.make(machine.home / "made" / ".venv", "venv")
    machine.install(made, "uv", "part-one")
    path.parent.mkdir()
    os.rename(made, path)  # not every tool could make it there
    rows = kit.records(path)
    (path / name).write_text("mine")

    result, told = machine.run(machine.operations.plan_recreate(machine.look(path)))

    assert result.status is Ending.DONE, (result, told[-5:])
    assert kit.records(path) == rows
    assert kit.unlike_record(path) == []
    assert (path / name).read_text() == "mine"
    told = machine.call([path / "bin" / "python", "-c", "import sys; print(ascii(sys.prefix))"])
    assert told == f"{str(path)!a}\n"
    assert machine.call([path / "bin" / "part-one"]) == "part-one 1.0\n"


def test_what_it_was_installed_from_is_gone(machine, project, kit):
    path = project / ".venv"
    placed = kit.make_project(machine.home / "placed")
    local = kit.build_wheel(machine.home / "local", "local", "1.0+cpu")
    machine.install(path, "uv", local, "-e", placed)
    local.unlink()
    (machine.wheels / "part_two-1.0-py3-none-any.whl").unlink()
    machine.environ["UV_CACHE_DIR"] = new_uv_cache(machine.home / "empty-cache")
    os.rename(placed, machine.home / "away")
    rows = kit.records(path)

    plan = machine.operations.plan_recreate(machine.look(path))
    assert any("local, placed" in warning for warning in plan.warnings)
    result = machine.done(plan)

    assert "rebuilt from installed files: local, part-two, placed" in result.verified
    assert kit.records(path) == rows
    os.rename(machine.home / "away", placed)
    told = [path / "bin" / "python", "-c", "import placed, local; print(placed.__file__)"]
    assert machine.call(told) == f"{placed}/placed.py\n"


@pytest.mark.parametrize("amiss", ["record", "file"])
def test_what_cannot_be_rebuilt_is_said_before_anything_is_touched(amiss, machine, project):
    path = project / ".venv"
    (machine.wheels / "part_two-1.0-py3-none-any.whl").unlink()
    machine.environ["UV_CACHE_DIR"] = new_uv_cache(machine.home / "empty-cache")
    site = next(path.glob("lib/python*/site-packages"))
    if amiss == "record":
        (site / "part_two-1.0.dist-info" / "RECORD").unlink()
    else:
        (site / "part_two" / "__init__.py").unlink()  # it may be linked to uv's cache
        (site / "part_two" / "__init__.py").write_text("version = 'mine'\n")

    plan = machine.operations.plan_recreate(machine.look(path))

    reason = {"record": "RECORD cannot be read", "file": "size of part_two/__init__.py"}
    (refusal,) = plan.refusals
    assert refusal.guard == "unproved"
    assert "part-two 1.0 cannot be recreated exactly" in refusal.message
    assert reason[amiss] in refusal.message
    assert f"`envdeck recreate {path} --keep part-two`" in refusal.hint
    result, _ = machine.run(plan)
    assert result.status is Ending.REFUSED


def test_a_file_that_was_changed_by_hand_is_not_silently_lost(machine, project):
    """The release comes back as it is on the index; that a file differed has to be said."""
    path = project / ".venv"
    site = next(path.glob("lib/python*/site-packages"))
    (site / "part_two" / "__init__.py").unlink()
    (site / "part_two" / "__init__.py").write_text("version = 'mine'\n")

    plan = machine.operations.plan_recreate(machine.look(path))

    assert any("part_two/__init__.py" in warning for warning in plan.warnings), plan.warnings


def test_stopped_at_any_time(machine, project, rolled_back, kit):
    path = project / ".venv"
    (path / "mine").write_text("carried over")
    rows = kit.records(path)
    result, told = machine.run(machine.operations.plan_recreate(machine.look(path)))
    assert result.status is Ending.DONE
    machine.done(machine.operations.plan_undo())
    machine.done(machine.operations.plan_purge())
    begun = sum(isinstance(one, StepStarted | CommandStarted) for one in told)
    assert begun >= 7
    for number in range(begun):  # after the last, which is the exchange, it is done
        plan = machine.operations.plan_recreate(machine.look(path))
        result, _ = rolled_back(plan, path, stop_at=number)
        assert result.stopped, (number, result)
    assert kit.records(path) == rows


def test_no_secret_is_told_or_kept(machine, project, kit):
    path = project / ".venv"
    secret = "hunter2-s3cret"
    with kit.index(machine.wheels) as (url, asked):
        configure(machine, url.replace("//", f"//ada:{secret}@"))
        told_url = f"{url}/".replace("//", f"//ada:{secret}@").replace("/simple/", "/files/")
        local = kit.build_wheel(machine.wheels, "direct", "1.0")
        machine.call(
            [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-config", "--python", path,
             f"direct @ {told_url}{local.name}"]
        )  # fmt: skip
        site = next(path.glob("lib/python*/site-packages"))
        info = site / "direct-1.0.dist-info" / "direct_url.json"
        content = json.loads(info.read_text())
        content["url"] = told_url + local.name
        info.write_text(json.dumps(content))
        machine.environ["UV_CACHE_DIR"] = new_uv_cache(machine.home / "empty-cache")
        environment = machine.look(path)
        plan = machine.operations.plan_recreate(environment)
        seen: list[str] = []
        told = []

        def tell(event):
            told.append(event)
            for entry in os.listdir("/proc"):
                if entry.isdigit():
                    try:
                        seen.append(Path("/proc", entry, "cmdline").read_bytes().decode("latin-1"))
                    except OSError:
                        continue

        result = machine.operations.run(plan, tell, lambda: False)

    assert result.status is Ending.DONE, (result, told[-5:])
    assert any(header for _, header in asked)  # it was used
    assert any("uv\0pip\0install" in line or "/uv\0" in line for line in seen)
    assert secret not in "".join(seen)
    for shown in (repr(plan), repr(told), repr(result), repr(machine.operations.history())):
        assert secret not in shown
    kept = [machine.home / ".local", path]
    holding = [
        os.path.relpath(file, machine.home)
        for folder in kept
        for file in folder.rglob("*")
        if file.is_file() and secret.encode() in file.read_bytes()
    ]
    allowed = ("direct_url.json",)
    assert [file for file in holding if not file.endswith(allowed)] == []
