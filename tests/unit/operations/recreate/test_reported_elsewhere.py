"""What has gone wrong in other tools that remove, upgrade or recreate, tried here; each test names
the report."""

import hashlib
import os
import shutil
import subprocess
import sys

import pytest

from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.model import Ending, NoPlan, RecreateRequest
from envdeck.core.project.drift.compare import compare
from envdeck.core.project.project import read_project

BASE = os.path.realpath(sys.executable)


@pytest.fixture
def path(machine):
    return machine.make(machine.home / "work" / ".venv", "uv")


def site(path):
    return next(path.glob("lib/python*/site-packages"))


def imports(path, name) -> bool:
    command = [path / "bin" / "python", "-I", "-B", "-c", f"import {name}"]
    return subprocess.run(command, capture_output=True, timeout=60).returncode == 0


def content(file):
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def test_a_script_called_python_does_not_reach_the_base(machine, kit, path):
    """astral-sh/uv#5152: it was written through the link to the interpreter."""
    before, own = content(BASE), kit.account(path)
    machine.wheel("snake", "1.0", scripts=["python"])
    plan = machine.operations.plan_install(machine.look(path), ("snake",))
    result, _ = machine.run(plan)
    assert content(BASE) == before
    assert result.status is Ending.ROLLED_BACK
    assert kit.account(path) == own


@pytest.mark.parametrize("name", ["lib", "bin"])
def test_a_folder_of_it_that_is_a_link_is_told_before_anything_is_built(name, machine, kit, path):
    """astral-sh/uv#21255: programs were written beside what the link leads to."""
    machine.wheel("tool", "1.0", scripts=["tool"])
    machine.install(path, "uv", "tool")
    (path / "usr").mkdir()
    (path / name).rename(path / "usr" / name)
    (path / name).symlink_to(f"usr/{name}")
    before = kit.account(path)
    plan = machine.operations.plan_recreate(machine.look(path))
    assert isinstance(plan, NoPlan)
    assert f"{name} is a symlink to {path}/usr/{name}" in plan.message
    assert plan.hint
    assert kit.account(path) == before


def test_an_empty_line_in_a_record(machine, path):
    """python-poetry/poetry#5799: uninstalling failed half way."""
    machine.wheel("tool", "1.0", scripts=["tool"])
    machine.install(path, "uv", "tool")
    record = site(path) / "tool-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text().replace("\n", "\n\n"))
    machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert machine.call([path / "bin" / "tool"]) == "tool 1.0\n"
    record.write_text(record.read_text().replace("\n", "\n\n"))
    machine.done(machine.operations.plan_uninstall(machine.look(path), ("tool",)))
    assert not list(site(path).glob("tool*"))
    assert not (path / "bin" / "tool").exists()


@pytest.mark.parametrize("stray", ["__pycache__/old.cpython-37.pyc", "deep/__pycache__/x.pyc"])
def test_compiled_files_keep_no_package_alive(stray, machine, path):
    """pypa/pip#11835: a folder of nothing but them is imported as a namespace."""
    machine.wheel("tool", "1.0", [("tool/deep/__init__.py", b"")])
    machine.install(path, "uv", "tool")
    place = site(path) / "tool" / stray
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(b"compiled")
    machine.done(machine.operations.plan_uninstall(machine.look(path), ("tool",)))
    assert not imports(path, "tool")


def test_a_package_behind_a_link_keeps_what_the_link_leads_to(machine, path):
    """pypa/pip#40: the folder that the link led to was removed."""
    machine.wheel("tool", "1.0")
    machine.install(path, "uv", "tool")
    elsewhere = machine.home / "elsewhere"
    (site(path) / "tool").rename(elsewhere)
    (site(path) / "tool").symlink_to(elsewhere)
    plan = machine.operations.plan_uninstall(machine.look(path), ("tool",))
    if not isinstance(plan, NoPlan):
        machine.run(plan)
    assert (elsewhere / "__init__.py").read_text()
    assert imports(path, "tool")


OWNED = {
    "pipx": ((".local", "share", "pipx", "venvs"), "pipx_metadata.json",
             '{"main_package": {"package": "tool"}, "injected_packages": {}}'),
    "uv": ((".local", "share", "uv", "tools"), "uv-receipt.toml",
           '[tool]\nrequirements = [{ name = "tool", extras = ["full"] }]\n'),
}  # fmt: skip


@pytest.mark.parametrize("owner", OWNED)
def test_the_environment_of_a_tool_is_left_to_that_tool(owner, machine, kit):
    """pypa/pipx#835, #1110, astral-sh/uv#8028: after an upgrade of Python they were deleted, or
    made again without what had been told of them."""
    folder, receipt, told = OWNED[owner]
    path = machine.make(machine.home.joinpath(*folder, "tool"), "uv")
    machine.wheel("tool", "1.0", scripts=["tool"])
    machine.install(path, "uv", "tool")
    (path / receipt).write_text(told)
    gone = machine.home / "gone" / "bin" / "python3"
    for link in (path / "bin").iterdir():
        if link.is_symlink() and os.path.isabs(os.readlink(link)):
            link.unlink()
            link.symlink_to(gone)
    before = kit.account(path)
    environment = machine.look(path)
    for plan in (
        machine.operations.plan_recreate(environment, RecreateRequest(interpreter=BASE)),
        machine.operations.plan_interpreter(environment, BASE),
    ):
        refusal = next(one for one in plan.refusals if one.guard == "owned-by-tool")
        assert refusal.hint.startswith(owner)
        assert machine.run(plan)[0].status is Ending.REFUSED
    assert kit.account(path) == before


@pytest.mark.parametrize("name", ["c#", "a%23b", "50% [x]", "q?d", "e@f+g"])
def test_a_project_in_a_folder_of_any_name(name, machine, kit):
    """tox-dev/tox#763, pypa/pipenv#4173: what stands behind a `#` was taken for a comment, or for
    the fragment of a URL."""
    more = '[project]\nname = "placed"\nversion = "1.5"\ndependencies = ["tool"]\n'
    project = kit.make_project(machine.home / name, more=more, requires="Requires-Dist: tool\n")
    machine.wheel("tool", "1.0")
    path = project / ".venv"
    machine.done(machine.operations.plan_create(str(project)))
    machine.done(machine.operations.plan_recreate(machine.look(path)))
    request = RecreateRequest(source="declared")
    machine.done(machine.operations.plan_recreate(machine.look(path), request))
    assert imports(path, "placed, tool")
    environment = machine.look(path)
    rows = read_distributions(environment)
    assert {row.name: row.editable for row in rows} == {"placed": True, "tool": False}
    found = compare(read_project(str(project)), environment, rows)
    assert (found.drifts, found.unchecked) == ((), ())


@pytest.mark.parametrize("name", ["types", "random", "email"])
def test_a_module_of_the_project_that_is_called_like_a_standard_one(name, machine, kit):
    """pdm-project/pdm#2143, #2478: no interpreter worked any more in such a folder."""
    project = machine.home / "work"
    project.mkdir()
    (project / f"{name}.py").write_text("raise SystemExit('not this one')\n")
    (project / "requirements.txt").write_text("tool\n")
    machine.wheel("tool", "1.0", scripts=["tool"])
    machine.done(machine.operations.plan_create(str(project)))
    path = project / ".venv"
    before = kit.records(path)
    machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert kit.records(path) == before
    request = RecreateRequest(source="declared")
    machine.done(machine.operations.plan_recreate(machine.look(path), request))
    assert machine.call([path / "bin" / "tool"]) == "tool 1.0\n"


def test_an_environment_that_a_link_leads_to(machine, kit, path):
    """astral-sh/uv#1472, pypa/pip#3784: the link was replaced, or one path not taken for the
    other."""
    machine.wheel("tool", "1.0", scripts=["tool"])
    machine.wheel("tool", "2.0", scripts=["tool"])
    machine.install(path, "uv", "tool==1.0")
    link = machine.home / "project" / ".venv"
    link.parent.mkdir()
    link.symlink_to(path)
    machine.done(machine.operations.plan_recreate(machine.look(link)))
    assert link.is_symlink()
    assert machine.call([link / "bin" / "tool"]) == "tool 1.0\n"
    machine.done(machine.operations.plan_upgrade(machine.look(link), {"tool": None}))
    assert link.is_symlink()
    assert machine.call([path / "bin" / "tool"]) == "tool 2.0\n"
    assert kit.unlike_record(path) == []


def test_a_lib64_by_its_whole_path(machine, kit, path):
    """pypa/virtualenv#78, #1248: what is done in a copy was done in the original."""
    machine.wheel("tool", "1.0", scripts=["tool"])
    machine.wheel("tool", "2.0", scripts=["tool"])
    machine.install(path, "uv", "tool==1.0")
    (path / "lib64").unlink(missing_ok=True)
    (path / "lib64").symlink_to(path / "lib")
    plan = machine.operations.plan_upgrade(machine.look(path), {"tool": None})
    if isinstance(plan, NoPlan):
        assert "lib64" in plan.message
        assert plan.hint
    else:
        machine.done(plan)
        assert (path / "lib64").resolve() == path / "lib"
    machine.done(machine.operations.plan_recreate(machine.look(path)))
    assert (path / "lib64").resolve() == path / "lib"
    assert machine.call([path / "bin" / "tool"]).startswith("tool ")


@pytest.mark.parametrize("act", ["uninstall", "reinstall"])
def test_a_namespace_is_left_to_the_others_in_it(act, machine, path):
    """pypa/pip#89, #4689: its `__init__.py`, which both bring, was removed with one of them."""
    shared = ("space/__init__.py", b"__path__ = __import__('pkgutil').extend_path(__path__, 'x')\n")
    for name in ("one", "two"):
        machine.wheel(name, "1.0", [shared, (f"space/{name}.py", b"")])
    machine.install(path, "uv", "one", "two")
    operations = machine.operations
    if act == "uninstall":
        machine.done(operations.plan_uninstall(machine.look(path), ("one",)))
        assert not imports(path, "space.one")
    else:
        machine.done(operations.plan_install(machine.look(path), ("one",), again=True))
        assert imports(path, "space.one")
    assert imports(path, "space.two")
    assert (site(path) / "space" / "__init__.py").read_bytes() == shared[1]


def test_what_lies_beside_an_environment_stays(machine, path):
    """A copy of an environment within itself, as a backup is made: it is the person's."""
    machine.wheel("tool", "1.0", scripts=["tool"])
    machine.install(path, "uv", "tool")
    shutil.copytree(path, path / "backup", symlinks=True)
    plan = machine.operations.plan_recreate(machine.look(path))
    assert not isinstance(plan, NoPlan)
    result, _ = machine.run(plan)
    assert (path / "backup" / "bin" / "tool").exists()
    assert result.status in {Ending.DONE, Ending.REFUSED, Ending.ROLLED_BACK}
