"""An environment put on another base of its minor version: it runs, and its packages too."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection.environment import Inspector
from envdeck.core.inspection.interpreters import interpreter_at
from envdeck.core.model import Environment, Interpreter, ProjectLink, Status
from envdeck.core.operations.upgrade.interpreter import (
    NoRepair,
    NoRepairKind,
    Repair,
    apply_repair,
    repair_plan,
)
from envdeck.core.system.host import Host
from envdeck.core.system.mounts import read_mounts
from support.trees import contents

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bases are laid out as on Linux")

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
VERSION = ".".join(map(str, sys.version_info[:3]))
MAKERS = {
    "venv": ("-m", "venv", "--without-pip"),
    "venv-copies": ("-m", "venv", "--without-pip", "--copies"),
    "virtualenv": ("-m", "virtualenv", "-q", "--no-seed", "--no-periodic-update", "--python"),
    "uv": ("-m", "uv", "venv", "-q", "--offline", "--no-config", "--python"),
}


def a_base(folder: Path) -> Path:
    """Lay out a base of its own: the executable copied, the library borrowed."""
    real = Path(sys.base_prefix)
    (folder / "bin").mkdir(parents=True)
    (folder / "lib").mkdir()
    executable = folder / "bin" / f"python{MINOR}"
    shutil.copy2(os.path.realpath(sys.executable), executable)
    (folder / "bin" / "python3").symlink_to(executable.name)
    (folder / "lib" / f"python{MINOR}").symlink_to(real / "lib" / f"python{MINOR}")
    for library in (real / "lib").glob("libpython*"):
        (folder / "lib" / library.name).symlink_to(library)
    (folder / "include").symlink_to(real / "include")
    return executable


def make(creator: str, base: Path, path: Path) -> Path:
    """Make an environment on that base, with a package and a script in it."""
    command = [*MAKERS[creator]]
    if creator.startswith("venv"):
        command = [str(base), *command, str(path)]
    else:
        command = [sys.executable, *command, str(base), str(path)]
    environ = {**os.environ, "UV_CACHE_DIR": str(path.parent / ".uv-cache")}
    environ["VIRTUALENV_OVERRIDE_APP_DATA"] = str(path.parent / ".virtualenv-data")
    subprocess.run(command, check=True, env=environ, capture_output=True, timeout=60)
    folder = path / "lib" / f"python{MINOR}" / "site-packages"
    (folder / "lantern.py").write_text("LIGHT = 'on'\n")
    return path


def look(path: Path, host: Host) -> Environment:
    candidate = recognise(os.path.realpath(path))
    assert candidate is not None
    return Inspector(host, read_mounts(host)).inspect(
        candidate, manager_of(candidate, managers(host)), ProjectLink()
    )


def at(executable: Path, host: Host) -> Interpreter:
    found = interpreter_at(str(executable), host)
    assert found is not None
    return found


def staged(path: Path, folder: Path) -> Path:
    """Copy an environment by hard links, as an operation does."""
    shutil.copytree(path, folder, symlinks=True, copy_function=os.link)
    return folder


def write(path: str, data: bytes) -> None:
    """Replace a file as a whole."""
    new = Path(path + ".new")
    new.write_bytes(data)
    os.replace(new, path)


def run(environment: Path, code: str) -> str:
    python = environment / "bin" / "python"
    command = [str(python), "-I", "-B", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def bases(tmp_path: Path) -> tuple[Path, Path]:
    return a_base(tmp_path / "old base"), a_base(tmp_path / "new base")


@pytest.mark.parametrize("creator", MAKERS)
def test_after_its_base_vanished_it_runs_on_another_one(creator, bases, tmp_path, host):
    old, new = bases
    path = make(creator, old, tmp_path / "it's [here]" / "env")
    shutil.rmtree(old.parents[1])
    environment = look(path, host)
    assert environment.status is Status.BROKEN
    before = contents(path)
    repair = repair_plan(environment, [at(new, host)], host)
    assert isinstance(repair, Repair), repair
    copy = staged(path, tmp_path / "staged")
    apply_repair(str(copy), repair, write)
    assert contents(path) == before  # nothing is written through the hard links
    path.rename(tmp_path / "aside")
    copy.rename(path)
    assert run(path, "import lantern, sys; print(lantern.LIGHT, sys.base_prefix, sys.prefix)") == (
        f"on {new.parents[1]} {path}"
    )
    repaired = look(path, host)
    assert repaired.status is Status.OK
    assert repaired.python.base == str(new.parents[1])
    assert b"old base" not in b"".join(
        line
        for line in (path / "pyvenv.cfg").read_bytes().splitlines()
        if not line.startswith(b"command")
    )


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_another_patch_release_is_written_as_its_creator_writes_it(creator, bases, tmp_path, host):
    old, new = bases
    path = make(creator, old, tmp_path / "env")
    newer = Interpreter(
        str(new), str(new.parents[1]), at(new, host).identity, f"{MINOR}.99", "cpython", "pyenv"
    )
    repair = repair_plan(look(path, host), [at(old, host), newer], host)
    assert isinstance(repair, Repair), repair
    keys = {change.key: (change.before, change.after) for change in repair.cfg_changes}
    assert keys["home"] == (str(old.parent), str(new.parent))
    key = "version" if creator == "venv" else "version_info"
    end = ".final.0" if creator == "virtualenv" else ""
    assert keys[key] == (f"{VERSION}{end}", f"{MINOR}.99{end}")
    names = [line.split(b" =")[0] for line in (path / "pyvenv.cfg").read_bytes().splitlines()]
    assert [line.split(b" =")[0] for line in repair.cfg.splitlines()] == names
    assert [(link.before, link.after) for link in repair.links] == [(str(old), str(new))]


def test_a_repaired_environment_has_nothing_left_to_repair(bases, tmp_path, host):
    old, new = bases
    path = make("venv", old, tmp_path / "env")
    repair = repair_plan(look(path, host), [at(new, host)], host)
    assert isinstance(repair, Repair)
    apply_repair(str(path), repair, write)
    again = repair_plan(look(path, host), [at(new, host)], host)
    assert again == NoRepair(NoRepairKind.CURRENT, f"already uses {new}")


def test_another_minor_version_is_a_recreate(bases, tmp_path, host):
    old, new = bases
    environment = look(make("venv", old, tmp_path / "env"), host)
    other = Interpreter(
        str(new), str(new.parents[1]), at(new, host).identity, "3.99.1", "cpython", "pyenv"
    )
    asked = repair_plan(environment, [other], host, wanted="3.99.1")
    assert isinstance(asked, NoRepair)
    assert asked == NoRepair(
        NoRepairKind.RECREATE,
        f"its packages are for {MINOR}, but 3.99.1 is 3.99",
        "`envdeck recreate ENV --python 3.99`",
    )
    by_itself = repair_plan(environment, [other], host)
    assert isinstance(by_itself, NoRepair)
    assert by_itself.kind is NoRepairKind.NO_INTERPRETER


def test_packages_of_two_minor_versions_are_a_recreate(bases, tmp_path, host):
    old, _new = bases
    path = make("venv", old, tmp_path / "env")
    (path / "lib" / "python3.99" / "site-packages").mkdir(parents=True)
    answer = repair_plan(look(path, host), [at(old, host)], host)
    assert isinstance(answer, NoRepair)
    assert answer.reason == f"its packages are for {MINOR} and 3.99"


def test_what_no_creator_made_is_left_alone(bases, tmp_path, host):
    old, new = bases
    path = make("venv", old, tmp_path / "env")
    (path / "bin" / "python3").unlink()
    (path / "bin" / "python3").write_text("#!/bin/sh\nexec something\n")
    answer = repair_plan(look(path, host), [at(new, host)], host)
    assert isinstance(answer, NoRepair)
    assert answer.reason == "bin/python3 is not a link to or copy of an interpreter"


def test_on_windows_it_is_a_recreate(bases, tmp_path, host):
    old, new = bases
    environment = look(make("venv", old, tmp_path / "env"), host)
    windows = Host("win32", host.home, {}, host.now, host.root)
    answer = repair_plan(environment, [at(new, host)], windows)
    assert isinstance(answer, NoRepair)
    assert answer.kind is NoRepairKind.RECREATE


def test_an_interpreter_whose_path_no_cfg_can_hold_is_not_taken(
    tmp_path: Path, host: Host, make_venv: Callable[..., Path]
):
    odd = a_base(tmp_path / "two\nlines")
    environment = look(make_venv(tmp_path / "env"), host)
    answer = repair_plan(environment, [at(odd, host)], host)
    assert isinstance(answer, NoRepair)
    assert answer.kind is NoRepairKind.NO_INTERPRETER
