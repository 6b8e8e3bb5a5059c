"""Which environments rest on which interpreter, and which on one that is gone."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection.interpreter import read_python
from envdeck.core.inspection.interpreters import base_of, dependants, interpreter_at, orphans
from envdeck.core.model import Environment, Identity, Interpreter, Python, Status
from envdeck.core.system.host import Host


def interpreter(prefix: str, version: str | None, name: str = "python3") -> Interpreter:
    return Interpreter(f"{prefix}/bin/{name}", prefix, Identity(1, 1), version, "cpython", "test")


def environment(path: str, python: Python) -> Environment:
    return Environment(
        path, Identity(1, 2), os.path.basename(path), "venv", Status.OK, python=python
    )


def resting_on(prefix: str, version: str | None, executable: str | None = None) -> Environment:
    return environment(
        "/home/ada/x/.venv", Python(version, base=prefix, base_executable=executable)
    )


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_a_real_environment_rests_on_its_base(
    tmp_path: Path, make_venv: Callable[..., Path], creator: str
) -> None:
    candidate = recognise(os.path.realpath(make_venv(tmp_path / "env", creator=creator)))
    assert candidate is not None
    host = Host("linux", str(tmp_path), {})
    running = interpreter_at(os.path.realpath(sys.executable), host)
    assert running is not None
    found = environment(candidate.path, read_python(candidate))
    assert base_of(found, [interpreter("/other", "3.12.1"), running]) is running
    assert dependants(running, [found]) == (found,)
    by_prefix = replace(found, python=replace(found.python, base_executable=None))
    assert base_of(by_prefix, [running]) is running


def test_one_prefix_holds_several_told_apart_by_version(tmp_path: Path) -> None:
    usr = str(tmp_path)
    old, new = interpreter(usr, "3.9.2", "python3.9"), interpreter(usr, "3.11.2", "python3.11")
    assert base_of(resting_on(usr, "3.11"), [old, new]) is new
    assert base_of(resting_on(usr, "3.9.2"), [old, new]) is old
    assert base_of(resting_on(usr, "3.12.0"), [old, new]) is None
    assert base_of(resting_on(usr, None), [old, new]) is None


def test_the_executable_tells_more_than_the_version(tmp_path: Path) -> None:
    plain = interpreter(str(tmp_path), "3.13.0", "python3.13")
    threaded = interpreter(str(tmp_path), "3.13.0", "python3.13t")
    found = resting_on(str(tmp_path), "3.13.0", threaded.executable)
    assert base_of(found, [plain, threaded]) is threaded


def test_links_of_uv_and_homebrew_lead_to_the_version_they_stand_for(tmp_path: Path) -> None:
    real = tmp_path / "cpython-3.12.11-linux-x86_64-gnu"
    real.mkdir()
    link = tmp_path / "cpython-3.12-linux-x86_64-gnu"
    link.symlink_to(real.name)
    base = interpreter(str(real), "3.12.11")
    assert base_of(resting_on(str(link), "3.12.4"), [base]) is base


def test_an_alias_is_as_good_as_the_executable(tmp_path: Path) -> None:
    base = replace(interpreter(str(tmp_path), "3.12.4"), aliases=("/tools/python",))
    assert base_of(resting_on("/tools", "3.12.4", "/tools/python"), [base]) is base


@pytest.mark.parametrize("path", ["/nul\0", "/\ud800", ""])
def test_what_is_no_path_rests_on_nothing(path: str) -> None:
    found = resting_on(path, "3.12", path)
    assert base_of(found, [interpreter("/usr", "3.12")]) is None
    assert list(orphans([found], [])) == [path]


def test_dependants_keep_their_order(tmp_path: Path) -> None:
    base = interpreter(str(tmp_path), "3.12.4")
    first, second = resting_on(str(tmp_path), "3.12"), resting_on("/elsewhere", "3.12")
    third = replace(first, path="/home/ada/a")
    assert dependants(base, [first, second, third]) == (first, third)


def test_orphans_are_grouped_by_what_is_gone_largest_first(tmp_path: Path) -> None:
    usr = tmp_path / "usr"
    (usr / "bin").mkdir(parents=True)
    gone = str(tmp_path / "versions/3.8.1")
    one = resting_on(gone, "3.8.1")
    two = replace(one, path="/home/ada/b")
    upgraded = resting_on(str(usr), "3.9.2", f"{usr}/bin/python3.9")
    assert orphans([upgraded, one, two], []) == {
        gone: (one, two),
        f"{usr}/bin/python3.9": (upgraded,),
    }
    assert list(orphans([upgraded, one, two], [])) == [gone, f"{usr}/bin/python3.9"]


def test_what_still_exists_or_was_never_named_is_no_orphan(tmp_path: Path) -> None:
    (tmp_path / "opt/bin").mkdir(parents=True)
    (tmp_path / "opt/bin/python3").touch()
    unknown = resting_on(f"{tmp_path}/opt", "3.12", f"{tmp_path}/opt/bin/python3")
    conda = environment("/home/ada/conda/envs/ml", Python("3.12.4"))
    own_entry_missing = environment(
        "/home/ada/x",
        Python("3.12", base=f"{tmp_path}/opt", base_executable="/home/ada/x/bin/python"),
    )
    known = resting_on("/gone", "3.12")
    interpreters = [interpreter("/gone", "3.12.4")]
    assert orphans([unknown, conda, own_entry_missing, known], interpreters) == {}


def test_a_base_is_gone_only_where_its_link_leads_nowhere(tmp_path: Path) -> None:
    """The link has moved on since the environment was read, and the old folder is gone."""
    for version in ("3.12.4", "3.12.5"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin/python3").touch()
    link = tmp_path / "3.12"
    link.symlink_to("3.12.5")
    entry = tmp_path / "env/bin/python"
    entry.parent.mkdir(parents=True)
    entry.symlink_to(link / "bin/python3")
    read = Python("3.12.4", None, str(entry), str(link), str(tmp_path / "3.12.4/bin/python3"))
    found = environment(str(tmp_path / "env"), read)
    (tmp_path / "3.12.4/bin/python3").unlink()
    assert orphans([found], []) == {}
    new = interpreter(str(tmp_path / "3.12.5"), "3.12.5")
    assert base_of(found, [interpreter("/other", "3.12.4"), new]) is new
    (tmp_path / "3.12.5/bin/python3").unlink()
    assert list(orphans([found], [])) == [str(tmp_path / "3.12.4/bin/python3")]
    link.unlink()
    assert list(orphans([found], [])) == [str(link)]
