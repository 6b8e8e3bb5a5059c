"""Real packages of the index that this machine's pip is set up for, made anew row by row.

They are left to the long runs, and skipped where that index cannot be reached; what is like them,
of wheels that are built by the test, is always run.
"""

import os
import subprocess
import sys

import pytest

from envdeck.core.model import Ending
from envdeck.core.operations.engine.pip_configuration import translated

WANTED = ("flask", "requests", "rich", "httpx[http2]", "pytest", "sphinx", "fastapi", "numpy")
WANTED += ("pyyaml", "tox")
CREATORS = [
    pytest.param("uv", marks=pytest.mark.slow),
    pytest.param("venv", marks=pytest.mark.kill),
    pytest.param("virtualenv", marks=pytest.mark.kill),
]


def furnish(machine, kit, path, creator):
    environ = {**os.environ, **machine.environ, "HOME": str(machine.home)}
    local = kit.build_wheel(machine.home / "wheels of mine", "local", "1.0+cpu")
    bygone = kit.build_wheel(machine.home / "bygone", "bygone", "3.1+cu118", scripts=["bygone"])
    placed = kit.make_project(machine.home / "placed")
    cloned = machine.home / "cloned"
    kit.make_repository(cloned)
    # What is not pinned here is whatever the index has today: it is read back, not foretold.
    what = [*WANTED, local, bygone, f"git+{cloned.as_uri()}", "-e", placed]
    if creator == "uv":
        command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-config"]
        environ |= translated(machine.operations.catalog.host)
        command += ["--python", path]
    else:
        command = [path / "bin" / "python", "-m", "pip", "install", "-q", "--no-compile"]
    command += what
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    bygone.unlink()


@pytest.mark.parametrize("creator", CREATORS)
def test_real_ones_come_back_row_by_row(creator, real, kit):
    path = real.home / "work" / "a project" / ".venv"
    real.make(path, creator, *([] if creator == "uv" else ["--pip"]))
    furnish(real, kit, path, creator)
    (path / "note").write_text("mine")
    rows, marks = kit.records(path), kit.marks(path)
    assert len(rows) >= 40

    for _ in range(1 if creator == "uv" else 2):
        result = real.done(real.operations.plan_recreate(real.look(path)))

        assert kit.records(path) == rows
        assert kit.marks(path) == marks
        assert kit.unlike_record(path) == []
        same = f"{len(rows)} of {len(rows)} packages identical by RECORD"
        assert same in result.verified
        assert (path / "note").read_text() == "mine"
        told = real.call([path / "bin" / "flask", "--version"])
        assert "Flask" in told
        assert real.call([path / "bin" / "bygone"]) == "bygone 3.1+cu118\n"
        asked = "import numpy, yaml, placed, cloned; print(numpy.zeros(1).sum())"
        assert real.call([path / "bin" / "python", "-c", asked]) == "0.0\n"


@pytest.mark.kill
@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_an_upgrade_of_real_ones_and_its_undo(creator, real, kit):
    path = real.home / "work" / ".venv"
    real.make(path, creator, *([] if creator == "uv" else ["--pip"]))
    environ = {**os.environ, **real.environ, "HOME": str(real.home)}
    environ |= translated(real.operations.catalog.host)
    command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-config", "--python", path]
    old = ["requests==2.31.0", "flask==2.3.2", "click==8.1.7", "urllib3<2", "rich==13.0.0"]
    subprocess.run([*command, *old], env=environ, check=True, capture_output=True)
    (path / ".lock").touch()
    before = kit.source_only(kit.account(path))

    plan = real.operations.plan_upgrade(real.look(path))
    told = {each.name: each.after for each in plan.package_changes}
    result, events = real.run(plan)

    assert result.status is Ending.DONE, (result, events[-5:])
    now = dict(name.removesuffix(".dist-info").split("-", 1) for name in kit.records(path))
    now = {name.lower().replace("_", "-"): version for name, version in now.items()}
    assert {name: now.get(name, "gone") for name in told} == told
    assert kit.unlike_record(path) == []
    real.done(real.operations.plan_undo())
    after = kit.source_only(kit.account(path))
    assert {key for key in before.keys() | after if before.get(key) != after.get(key)} == set()
