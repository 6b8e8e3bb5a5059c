"""What no longer runs is made again from its metadata: base gone, moved, copied, offline."""

import os
import shutil
import subprocess
import sys

import pytest
from uv import find_uv_bin

from envdeck.core.model import Policy, RecreateRequest, Status

CREATORS = ["venv", "virtualenv", "uv"]
BASE = os.path.realpath(sys.executable)
NAMES = ("part-one", "part-two", "part-three")


def furnished(machine, creator, *, python=sys.executable, at=None):
    path = at or machine.home / "work" / ".venv"
    for name in NAMES:
        machine.wheel(name, "1.0", scripts=[name])
    machine.make(path, creator, python=python)
    machine.install(path, "uv", *NAMES)
    return path


def lose_base(path, gone):
    """Have the environment rest on a Python that was removed."""
    for name in os.listdir(path / "bin"):
        link = path / "bin" / name
        if link.is_symlink() and os.path.isabs(os.readlink(link)):
            link.unlink()
            link.symlink_to(f"{gone}/bin/python3")
    cfg = path / "pyvenv.cfg"
    lines = [
        f"home = {gone}/bin" if line.startswith("home") else line
        for line in cfg.read_text().splitlines()
        if not line.startswith(("base-", "executable", "command"))
    ]
    cfg.write_text("\n".join(lines) + "\n")


def runs(path):
    for name in NAMES:
        done = subprocess.run([path / "bin" / name], capture_output=True, text=True, timeout=60)
        assert done.stdout == f"{name} 1.0\n", done.stderr


@pytest.mark.parametrize("creator", CREATORS)
def test_one_whose_base_is_gone_is_made_from_its_metadata(creator, machine, kit):
    path = furnished(machine, creator)
    rows = kit.records(path)
    lose_base(path, machine.home / "removed")
    environment = machine.look(path)
    assert environment.status is Status.BROKEN

    result = machine.done(
        machine.operations.plan_recreate(environment, RecreateRequest(interpreter=BASE))
    )

    assert "3 of 3 packages identical by RECORD" in result.verified
    assert kit.records(path) == rows
    runs(path)


@pytest.mark.parametrize("creator", CREATORS)
def test_one_whose_base_is_gone_is_repaired_in_place(creator, machine, kit):
    path = furnished(machine, creator)
    before = kit.account(path / "lib")
    lose_base(path, machine.home / "removed")
    broken = kit.account(path)

    plan = machine.operations.plan_interpreter(machine.look(path), BASE)
    machine.done(plan)

    assert kit.source_only(kit.account(path / "lib")) == kit.source_only(before)
    runs(path)
    assert machine.look(path).status is Status.OK
    machine.done(machine.operations.plan_undo())
    assert kit.account(path) == broken


@pytest.mark.parametrize("creator", CREATORS)
def test_a_moved_one_is_made_anew_where_it_is(creator, machine, kit):
    path = furnished(machine, creator, at=machine.home / "old" / ".venv")
    rows = kit.records(path)
    moved = machine.home / "new" / ".venv"
    moved.parent.mkdir()
    shutil.move(path, moved)

    result = machine.done(machine.operations.plan_recreate(machine.look(moved)))

    assert "3 of 3 packages identical by RECORD" in result.verified
    assert kit.records(moved) == rows
    runs(moved)
    assert not path.exists()


def test_a_copied_one_is_made_anew_and_leaves_the_original_alone(machine, kit):
    path = furnished(machine, "uv")
    copied = machine.home / "elsewhere" / ".venv"
    shutil.copytree(path, copied, symlinks=True)
    original = kit.account(path)

    machine.done(machine.operations.plan_recreate(machine.look(copied)))

    runs(copied)
    told = subprocess.run(
        [copied / "bin" / "python", "-c", "import sys; print(sys.prefix)"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert told.stdout == f"{copied}\n"
    assert kit.account(path) == original


@pytest.mark.parametrize("cached", ["all", "some", "none"])
def test_without_the_network_the_cache_gives_it_or_its_own_files(cached, machine, kit):
    path = furnished(machine, "uv")
    rows = kit.records(path)
    settings = machine.home / ".config" / "pip" / "pip.conf"
    if cached != "none":
        # The cache remembers what an index has answered; there is one as long as this lasts.
        with kit.index(machine.wheels) as (url, _):
            settings.write_text(f"[global]\nindex-url = {url}\n")
            fresh = machine.make(machine.home / "other" / ".venv", "uv")
            command = [find_uv_bin(), "pip", "install", "-q", "--no-config"]
            names = NAMES if cached == "all" else NAMES[:1]
            command += ["--python", fresh, "--default-index", url, *names]
            machine.call(command)
    else:
        shutil.rmtree(machine.cache)
        settings.write_text("[global]\nindex-url = http://127.0.0.1:9/simple\n")
    shutil.rmtree(machine.wheels)
    door = machine.door(Policy(offline=True)) if cached == "some" else machine.operations
    machine.environ["UV_HTTP_RETRIES"] = "0"

    result = machine.done(door.plan_recreate(machine.look(path)), door)

    assert kit.records(path) == rows
    runs(path)
    rebuilt = [line for line in result.verified if line.startswith("rebuilt from installed files")]
    expected = {
        "all": [],
        "some": ["rebuilt from installed files: part-three, part-two"],
        "none": ["rebuilt from installed files: part-one, part-three, part-two"],
    }
    assert rebuilt == expected[cached]
    assert "offline, from the cache" in result.verified


def test_one_that_was_moved_and_lost_its_base_is_made_again(machine):
    """To put it on another base would leave its scripts where it was."""
    path = furnished(machine, "uv")
    lose_base(path, machine.home / "removed")
    moved = machine.home / "elsewhere" / ".venv"
    moved.parent.mkdir()
    path.rename(moved)
    environment = machine.look(moved)
    assert environment.status is Status.BROKEN
    machine.done(machine.operations.plan_interpreter(environment, BASE))
    runs(moved)
    assert machine.look(moved).status is Status.OK


def test_a_strict_editable_comes_back_strict(machine, kit):
    project = kit.make_project(machine.home / "work" / "placed")
    backend = project / "backend.py"
    text = backend.read_text().replace(
        "_build(folder, True)", "_build(folder, True, config_settings)"
    )
    text = text.replace("def _build(folder, editable):", "def _build(folder, editable, told=None):")
    text = text.replace(
        'os.getcwd() + "\\n"',
        'os.path.join(os.getcwd(), *(["build", "__editable__.placed-1.5-py3"]'
        ' if (told or {}).get("editable_mode") == "strict" else [])) + "\\n"',
    )  # as setuptools has it
    backend.write_text(text)
    path = machine.make(machine.home / "work" / ".venv", "uv")
    strict = "--config-settings=editable_mode=strict"
    machine.install(path, "uv", "-e", project, strict)
    pth = next(path.glob("lib/python*/site-packages/__editable__.placed.pth"))
    before = pth.read_text()
    assert "/build/__editable__." in before
    machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert pth.read_text() == before
    machine.install(path, "uv", "-e", project, "--reinstall")
    machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert pth.read_text() == f"{project}\n"


def test_a_version_that_nothing_tells_is_said_to_be_unknown(machine):
    path = machine.make(machine.home / "work" / ".venv", "venv")
    lose_base(path, "/nowhere")
    cfg = path / "pyvenv.cfg"
    kept = [line for line in cfg.read_text().splitlines() if not line.startswith("version")]
    cfg.write_text("\n".join(kept) + "\n")
    shutil.rmtree(path / "lib")
    environment = machine.look(path)
    assert environment.python.version is None
    plan = machine.operations.plan_recreate(environment, RecreateRequest(interpreter=BASE))
    assert any("Python unknown → " in one for one in plan.warnings)
    assert "None" not in str((plan.warnings, plan.targets[0].facts, plan.steps))
