"""Upgrades come out as they were planned, and back as they were; new ones are what was asked."""

import os
import shutil
import sys
from dataclasses import replace

import pytest

from envdeck.core.model import Ending, NoPlan, PackageChange, RecreateRequest

BASE = os.path.realpath(sys.executable)


def furnished(machine, creator="uv", *flags):
    for version in ("1.0", "1.1", "2.0"):
        machine.wheel("base", version)
        machine.wheel("free", version, scripts=["free"])
    machine.wheel("user", "1.0", requires=["base<2"])
    path = machine.make(machine.home / "work" / ".venv", creator, *flags)
    machine.install(path, creator, "base==1.0", "free==1.0", "user")
    return path


def versions(kit, path):
    pairs = (name.removesuffix(".dist-info").split("-") for name in kit.records(path))
    return dict(pairs)


@pytest.mark.parametrize("creator", ["venv", "uv"])
def test_what_the_picker_says_is_what_comes(creator, machine, kit):
    path = furnished(machine, creator)
    (path / ".lock").touch()  # uv's own, which it makes even when it only plans
    before = kit.account(path)
    found = machine.operations.candidates(machine.look(path))
    assert {row.name: (row.installed, row.target, row.latest) for row in found.rows} == {
        "base": ("1.0", "1.1", "2.0"),
        "free": ("1.0", "2.0", "2.0"),
    }
    (held,) = [row for row in found.rows if row.name == "base"]
    assert "user" in held.held_back_by[0]

    plan = machine.operations.plan_upgrade(machine.look(path))
    result = machine.done(plan)

    assert plan.package_changes == (
        PackageChange("base", "1.0", "1.1"),
        PackageChange("free", "1.0", "2.0"),
    )
    assert result.package_changes == plan.package_changes
    assert versions(kit, path) == {"base": "1.1", "free": "2.0", "user": "1.0"}
    assert kit.unlike_record(path) == []
    assert machine.call([path / "bin" / "free"]) == "free 2.0\n"
    machine.done(machine.operations.plan_undo())
    assert kit.account(path) == before


def test_what_shares_its_files_is_left_as_it_is(machine, kit):
    path = furnished(machine)
    other = machine.make(machine.home / "other" / ".venv", "uv")
    machine.install(other, "uv", "base==1.0", "free==1.0", "user")
    shared = next(path.glob("lib/python*/site-packages/free/__init__.py"))
    assert shared.stat().st_nlink > 2  # the cache, and both environments
    neighbour, cache = kit.account(other), packages_in(kit.account(machine.cache))

    machine.done(machine.operations.plan_upgrade(machine.look(path)))

    assert kit.account(other) == neighbour
    now = kit.account(machine.cache)
    assert {key for key, value in cache.items() if now.get(key) != value} == set()


def packages_in(cache):
    """Leave out what uv notes of interpreters, which it writes anew as it likes."""
    return {key: value for key, value in cache.items() if not key.startswith("interpreter-")}


def test_a_version_that_others_do_not_let_be(machine, kit):
    path = furnished(machine)
    before = kit.account(path)
    refused = machine.operations.plan_upgrade(machine.look(path), {"base": "2.0"})
    assert isinstance(refused, NoPlan)
    assert "user" in refused.message
    assert kit.account(path) == before
    assert machine.left() == []


def test_one_that_fails_on_the_way_changes_nothing(machine, kit):
    path = furnished(machine)
    before = kit.source_only(kit.account(path))
    plan = machine.operations.plan_upgrade(machine.look(path), {"free": None})
    shutil.rmtree(machine.wheels)
    machine.wheels.mkdir()
    shutil.rmtree(machine.cache)
    result, _ = machine.run(plan)
    assert result.status is Ending.ROLLED_BACK
    assert result.hint
    assert kit.source_only(kit.account(path)) == before
    assert machine.left() == []


def test_a_project_with_a_lock_is_told_of_it(machine):
    path = furnished(machine)
    (path.parent / "pyproject.toml").write_text(
        '[project]\nname = "work"\nversion = "0"\ndependencies = ["free"]\n'
    )
    (path.parent / "uv.lock").write_text('version = 1\nrequires-python = ">=3.11"\n')
    plan = machine.operations.plan_upgrade(machine.look(path), {"free": None})
    assert any("uv.lock" in warning for warning in plan.warnings)


def test_seeds_are_upgraded_too(machine, kit):
    for version in ("70.0", "80.0"):
        machine.wheel("setuptools", version)
    path = machine.make(machine.home / "work" / ".venv", "uv")
    machine.install(path, "uv", "setuptools==70.0")
    machine.done(machine.operations.plan_upgrade(machine.look(path), {"setuptools": None}))
    assert versions(kit, path) == {"setuptools": "80.0"}


# made


def project(machine, text=""):
    folder = machine.home / "new project"
    folder.mkdir()
    machine.wheel("part-one", "1.0", scripts=["part-one"])
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "new"\nversion = "0"\ndependencies = ["part-one"]\n' + text
    )
    return folder


def made(machine, folder, **named):
    return machine.operations.plan_create(str(folder), interpreter=BASE, **named)


def test_a_new_one_and_its_undo(machine, kit):
    folder = project(machine)
    before = kit.account(folder)
    machine.done(made(machine, folder))
    path = folder / ".venv"
    assert machine.call([path / "bin" / "part-one"]) == "part-one 1.0\n"
    assert kit.unlike_record(path) == []
    machine.done(machine.operations.plan_undo())
    assert kit.account(folder) == before


def test_a_place_that_is_taken(machine, kit):
    folder = project(machine)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "mine").write_text("mine")
    before = kit.account(folder)
    plan = made(machine, folder)
    assert [one.guard for one in plan.refusals] == ["place-taken"]
    assert machine.run(plan)[0].status is Ending.REFUSED
    late = made(machine, folder, path="other")
    (folder / "other").symlink_to("nowhere")
    assert machine.run(late)[0].status is Ending.REFUSED
    (folder / "other").unlink()
    assert kit.account(folder) == before
    assert machine.left() == []


BROKEN = """[build-system]
requires = []
build-backend = "broken"
backend-path = ["."]
"""


@pytest.mark.parametrize("locked", [False, True])
def test_a_project_that_does_not_build_can_be_left_out(machine, locked):
    folder = project(machine, BROKEN)
    (folder / "broken.py").write_text("raise SystemExit('broken on purpose')")
    if locked:
        (folder / "uv.lock").write_text(
            'version = 1\nrequires-python = ">=3.9"\n'
            '[[package]]\nname = "new"\nversion = "0"\nsource = { editable = "." }\n'
            'dependencies = [{ name = "part-one" }]\n'
            '[[package]]\nname = "part-one"\nversion = "1.0"\nsource = { registry = "x" }\n'
        )
    else:
        result = machine.run(made(machine, folder))[0]
        assert result.status is Ending.ROLLED_BACK
        assert result.hint == f"leave it out: `envdeck create '{folder}' --no-project`"
    plan = made(machine, folder, itself=False)
    assert [name for name, _ in plan.blueprint.source.expected] == ["part-one"]
    assert "The project itself is left out: only its dependencies are installed" in plan.warnings
    assert plan.blueprint.source.install_project is False
    if not locked:
        machine.done(plan)
        assert machine.call([folder / ".venv/bin/part-one"]) == "part-one 1.0\n"


@pytest.mark.parametrize("source", ["exact", "declared"])
def test_a_project_that_stopped_building_is_left_out_when_recreated(machine, kit, source):
    machine.wheel("part-one", "1.0")
    more = '[project]\nname = "placed"\nversion = "1.5"\ndependencies = ["part-one"]\n'
    folder = kit.make_project(machine.home / "work", more=more)
    path = machine.make(folder / ".venv", "uv")
    machine.install(path, "uv", "part-one", "-e", folder)
    (folder / "backend.py").write_text("raise SystemExit('broken on purpose')")
    shutil.rmtree(machine.cache)  # where its build of before is
    environment = machine.look(path)
    before = kit.account(path)
    offered = {one.name: one for one in machine.operations.recreate_choices(environment).sources}
    assert offered[source].installs_project
    request = RecreateRequest(source=source)
    if source == "declared":  # exactly as it is, its files are taken where it does not build
        result = machine.run(machine.operations.plan_recreate(environment, request))[0]
        assert result.status is Ending.ROLLED_BACK
        told = f"leave it out: `envdeck recreate {path} --no-project --from declared`"
        assert result.hint == told
        assert kit.account(path) == before
    plan = machine.operations.plan_recreate(environment, replace(request, itself=False))
    if source == "exact":
        assert plan.package_changes == (PackageChange("placed", "1.5", None),)
    machine.done(plan)
    assert versions(kit, path) == {"part_one": "1.0"}
    exact = machine.operations.recreate_choices(machine.look(path)).sources[0]
    assert (exact.name, exact.installs_project) == ("exact", False)  # nothing of it is there


@pytest.mark.parametrize(
    ("line", "said"),
    [("-e .", "requirements.txt:2 is left out: it installs the project itself"),
     ("-e .[net]", "requirements.txt:2 is left out"),
     ("placed @ file://{folder}", "requirements.txt:2 is left out")],
)  # fmt: skip
def test_a_line_that_installs_the_project_is_left_out_with_it(machine, kit, line, said):
    machine.wheel("part-one", "1.0")
    folder = kit.make_project(machine.home / "work", before="raise SystemExit('broken')")
    listed = f"part-one\n{line.format(folder=folder)}\n"
    (folder / "requirements.txt").write_text(listed)
    (folder / "pyproject.toml").write_text("[build-system]\nrequires = []\n")
    offered = {one.name: one for one in machine.operations.create_choices(str(folder)).sources}
    assert offered["declared"].installs_project
    plan = made(machine, folder, itself=False)
    assert any(note.startswith(said) for note in plan.warnings), plan.warnings
    machine.done(plan)
    assert versions(kit, folder / ".venv") == {"part_one": "1.0"}


def test_without_the_project_nothing_is_known_where_its_build_alone_tells_what_it_needs(machine):
    folder = machine.home / "work"
    folder.mkdir()
    (folder / "setup.py").write_text("from setuptools import setup\nsetup(name='work')\n")
    found = made(machine, folder, itself=False)
    assert isinstance(found, NoPlan)
    assert "only a build of the project tells what setup.py requires" in found.message


@pytest.mark.parametrize("taken_by", ["link", "file", "link to a folder"])
def test_a_taken_place_is_named_with_a_way_out_that_works(machine, taken_by):
    folder = project(machine)
    path = folder / ".venv"
    if taken_by == "file":
        path.write_text("elsewhere")
    else:
        (folder / "envs").mkdir()
        path.symlink_to(folder / ("gone" if taken_by == "link" else "envs"))
    (refusal,) = made(machine, folder).refusals
    if taken_by == "link to a folder":
        assert f"`envdeck recreate '{path}'`" in refusal.hint
        return
    kind = "symlink" if taken_by == "link" else "not a folder"
    assert refusal.message == f"path already exists: {path} ({kind})"
    assert f"`rm '{path}'`" in refusal.hint
    path.unlink()
    machine.done(made(machine, folder))


def test_a_lock_that_cannot_be_used_is_not_passed_over(machine, kit):
    folder = machine.home / "bare"
    folder.mkdir()
    (folder / "pylock.toml").write_text("nonsense [")
    plan = made(machine, folder)
    assert isinstance(plan, NoPlan)
    assert "pylock.toml" in plan.message
    plan = made(machine, folder, source="declared")
    assert (plan.message, plan.missing) == (
        "the project has no readable declared dependencies", True
    )  # fmt: skip


def test_a_project_that_declares_nothing(machine, kit):
    folder = machine.home / "bare"
    folder.mkdir()
    machine.done(made(machine, folder))
    assert kit.records(folder / ".venv") == {}
    assert machine.call([folder / ".venv" / "bin" / "python", "-c", "print(1)"]) == "1\n"


def test_one_whose_build_fails(machine, kit):
    folder = project(machine)
    kit.make_project(folder, "new", before="raise RuntimeError('no compiler')", more=(
        '[project]\nname = "new"\nversion = "1.5"\n'
    ))  # fmt: skip
    before = kit.account(folder)
    plan = made(machine, folder)
    result, _ = machine.run(plan)
    assert result.status is Ending.ROLLED_BACK
    assert "its build failed" in result.message
    assert result.hint
    assert kit.source_only(kit.account(folder)) == before
    assert machine.left() == []
    assert machine.operations.history()[0].entry.phase == "rolled-back"


def test_a_python_that_is_not_here(machine, kit):
    folder = project(machine, 'requires-python = ">=9.1"\n')
    plan = machine.operations.plan_create(str(folder))
    assert isinstance(plan, NoPlan)
    assert plan.hint
    (folder / ".python-version").write_text("9.8\n")
    assert isinstance(machine.operations.plan_create(str(folder)), NoPlan)
