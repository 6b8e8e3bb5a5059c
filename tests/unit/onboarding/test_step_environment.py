"""The environment of a project: which it is, whether it works, and how it comes to."""

import json
import os
import shutil
import sys

import pytest

from envdeck.core.catalog import Scope
from envdeck.core.model import NoPlan, Operation
from envdeck.core.onboarding.model import StepAnswers, StepState
from envdeck.core.onboarding.walkthrough import Walkthrough

MINOR = "{}.{}".format(*sys.version_info)
PYPROJECT = '[project]\nname = "api"\n[project.optional-dependencies]\ndocs = ["b"]\n'


def test_there_is_none_and_one_is_made(walk, write, project):
    write({"pyproject.toml": PYPROJECT})
    steps = walk()
    view = steps.step("environment")
    assert (view.state, view.safe) == (StepState.OPEN, True)
    assert view.commands == (("envdeck", "create", str(project)),)
    assert [(one.id, one.chosen) for one in view.options] == [("extra:docs", False)]
    plan = steps.plan(view, StepAnswers(("extra:docs",)))
    assert plan.operation is Operation.CREATE
    assert plan.targets[0].path == str(project / ".venv")
    assert plan.blueprint.source.extras == ("docs",)


def test_it_works(stands, environment):
    view = stands("environment")
    assert view.state is StepState.DONE
    assert view.message.startswith("api/.venv, Python ")
    assert view.message.endswith(", works")
    assert view.act is None


def test_of_a_python_that_the_project_does_not_accept(stands, write, environment, programs):
    write({"pyproject.toml": '[project]\nname = "api"\nrequires-python = "<3.9"\n'})
    assert stands("interpreter").state is StepState.CANNOT
    view = stands("environment")
    assert (view.state, view.act) == (StepState.WAITING, None)
    assert view.message == "requires: Python"


def test_a_broken_one_is_rested_on_what_is_here(walk, environment):
    for name in ("python", "python3", f"python{MINOR}"):
        (environment / "bin" / name).unlink()
        (environment / "bin" / name).symlink_to(f"/opt/gone/bin/python{MINOR}")
    steps = walk()
    view = steps.step("environment")
    assert view.state is StepState.OPEN
    assert view.message.startswith("api/.venv is broken: ")
    plan = steps.plan(view)
    assert not isinstance(plan, NoPlan), plan
    assert plan.operation in {Operation.UPGRADE, Operation.RECREATE}


def test_one_that_was_moved_is_made_anew(walk, make_venv, project, write):
    write({"pyproject.toml": PYPROJECT})
    elsewhere = make_venv(project / "old")
    (elsewhere / "bin" / "tool").write_text(f"#!{elsewhere}/bin/python\n")
    (elsewhere / "bin" / "tool").chmod(0o755)
    elsewhere.rename(project / ".venv")
    steps = walk()
    view = steps.step("environment")
    assert view.state is StepState.OPEN
    assert "is moved: " in view.message
    assert view.commands[0][:2] == ("envdeck", "recreate")
    assert view.commands[0][3:5] == ("--from", "declared")
    plan = steps.plan(view)
    assert not isinstance(plan, NoPlan), plan
    assert plan.operation is Operation.RECREATE


def test_what_is_there_and_is_none_is_left_alone(stands, project):
    (project / ".venv").mkdir()
    view = stands("environment")
    assert view.state is StepState.CANNOT
    assert view.message == ".venv exists but is not an environment"


def test_a_manifest_that_cannot_be_read_is_named_with_its_line(stands, write):
    write({"pyproject.toml": "[project]\nname = 'api'\nnot toml\n"})
    view = stands("environment")
    assert view.state is StepState.CANNOT
    assert view.message.endswith("cannot create an environment: pyproject.toml:3: is not TOML")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only(stands, project):
    project.chmod(0o500)
    try:
        view = stands("environment")
    finally:
        project.chmod(0o700)
    assert view.state is StepState.CANNOT
    assert "read-only" in view.message


def test_a_folder_that_may_not_be_written(stands, project, monkeypatch):
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not (mode & os.W_OK) and real(path, mode))
    assert stands("environment").message == (
        "cannot create an environment: the project folder is read-only"
    )


def test_the_one_that_works_goes_before_one_that_does_not(walk, make_venv, project):
    broken = make_venv(project / ".venv")
    shutil.rmtree(broken / "bin")
    working = make_venv(project / "env")
    steps = walk()
    steps.look()
    assert steps.environment.path == str(working)


def test_one_that_is_active_in_the_project(walk, make_venv, project, host, operations):
    path = make_venv(project / "sub" / "mine")
    host.environ["VIRTUAL_ENV"] = str(path)
    steps = walk()
    steps.look()
    assert steps.environment.path == str(path)
    host.environ["VIRTUAL_ENV"] = str(make_venv(project.parent / "other"))
    steps.look()
    assert steps.environment is None


def test_one_elsewhere_is_taken_from_what_is_remembered(
    walk, make_venv, project, home, host, operations
):
    host.environ["WORKON_HOME"] = str(home / "store")
    path = make_venv(home / "store" / "api-x")
    (path / ".project").write_text(f"{project}\n")
    list(operations.catalog.scan(Scope((str(home),), sizes=False)))
    steps = walk()
    steps.look()
    assert steps.environment.path == str(path)


def test_the_one_that_is_asked_for(walk, make_venv, project, environment):
    other = make_venv(project / "venv-py")
    steps = walk(environment=str(other))
    steps.look()
    assert steps.environment.path == str(other)


def test_a_base_that_no_source_knows_counts(stands, environment, programs):
    (programs / f"python{MINOR}").unlink()
    view = stands("interpreter")
    assert view.state is StepState.DONE
    assert os.path.realpath(sys.base_prefix) in os.path.realpath(view.message.split(" at ")[1])


WORKSPACE = '[project]\nname = "root"\nversion = "0"\n[tool.uv.workspace]\nmembers = ["libs/*"]\n'
WORKSPACE_LOCK = """version = 1
requires-python = ">=3.9"
[manifest]
members = ["root", "one", "two"]
[[package]]
name = "root"
version = "0"
source = { virtual = "." }
[[package]]
name = "one"
version = "0"
source = { editable = "libs/one" }
dependencies = [{ name = "app" }]
[[package]]
name = "two"
version = "0"
source = { editable = "libs/two" }
dependencies = [{ name = "base" }]
[[package]]
name = "app"
version = "1.0"
source = { registry = "https://packages.example/simple" }
[[package]]
name = "base"
version = "1.0"
source = { registry = "https://packages.example/simple" }
"""


@pytest.fixture
def members(write, project):
    """Write a workspace of uv with two members; return their folders."""
    write({"pyproject.toml": WORKSPACE, "uv.lock": WORKSPACE_LOCK})
    for name, needs in (("one", "app"), ("two", "base")):
        text = f'[project]\nname = "{name}"\nversion = "0"\ndependencies = ["{needs}"]\n'
        write({f"libs/{name}/pyproject.toml": text})
    return project / "libs/one", project / "libs/two"


def test_a_member_of_a_workspace_is_made_where_uv_keeps_it(operations, members, project):
    steps = Walkthrough(operations, str(members[0]))
    plan = steps.plan(steps.step("environment"))
    assert plan.targets[0].path == str(project / ".venv")
    assert ("workspace", str(project)) in [
        (fact.label, fact.text) for fact in plan.targets[0].facts
    ]
    assert plan.blueprint.creation.prompt == "api"
    assert [change.name for change in plan.package_changes] == ["app", "one"]
    own = operations.plan_create(str(members[0]), path="own")
    assert own.targets[0].path == str(members[0] / "own")
    assert own.blueprint.creation.prompt == "one"


def test_members_use_the_environment_of_the_workspace(
    operations, members, project, environment, make_venv, install
):
    install("app==1.0")
    (site,) = environment.glob("lib/python*/site-packages")
    info = site / "one-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: one\nVersion: 0\n"
                                   "Requires-Dist: app\n")  # fmt: skip
    place = {"url": f"file://{members[0]}", "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(place))
    first, second = (Walkthrough(operations, str(member)) for member in members)
    for steps in (first, second):
        view = steps.step("environment")
        assert (view.state, view.message.partition(",")[0]) == (StepState.DONE, "api/.venv")
    assert first.step("packages").state is StepState.DONE
    lacking = second.step("packages")
    assert lacking.state is StepState.CANNOT
    assert str(project) in lacking.message
    assert lacking.hint == f"uv sync --inexact --directory {members[1]}"
    comparison = operations.catalog.project(operations.catalog.lookup(str(environment)))
    assert comparison.drifts == (), "a member beside the root is not extraneous"
    compared = operations.catalog.project(
        operations.catalog.lookup(str(environment)), member=str(members[1])
    )
    assert [one.name for one in compared.drifts] == ["base", "two"]
    make_venv(members[1] / ".venv")
    assert Walkthrough(operations, str(members[1])).step("environment").message.startswith("api/")


def test_a_member_with_an_environment_of_its_own_alone(operations, members, make_venv):
    make_venv(members[1] / ".venv")
    steps = Walkthrough(operations, str(members[1]))
    assert steps.step("environment").message.startswith("two/.venv")


def test_a_folder_that_the_workspace_leaves_out_is_a_project_by_itself(
    operations, members, project
):
    text = WORKSPACE + 'exclude = ["libs/one"]\n'
    (project / "pyproject.toml").write_text(text)
    plan = operations.plan_create(str(members[0]))
    assert plan.targets[0].path == str(members[0] / ".venv")
