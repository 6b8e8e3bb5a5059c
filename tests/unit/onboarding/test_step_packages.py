"""What is declared or locked, beside what is installed."""

import json
import os

import pytest

from envdeck.core.model import NoPlan, Operation
from envdeck.core.onboarding.model import StepAnswers, StepState

HELD = ', "held @ https://ada:MARK-3f9c@example.org/held.zip"'
PYPROJECT = """[project]
name = "api"
dependencies = ["six>=1", "held @ https://ada:MARK-3f9c@example.org/held.zip"]
[dependency-groups]
dev = ["tool"]
[project.optional-dependencies]
docs = ["writer"]
"""


def test_nothing_is_declared(stands, environment):
    view = stands("packages")
    assert (view.state, view.message) == (StepState.SKIPPED, "the project declares no dependencies")


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.txt", "Pipfile", "uv.lock"])
def test_what_is_no_file_does_not_declare_nothing(stands, project, environment, name):
    os.mkfifo(project / name)
    view = stands("packages")
    assert view.state is StepState.CANNOT
    assert view.message == f"not checked: {name}: cannot be read: is not a regular file"


def test_it_waits_for_an_environment(stands, write):
    write({"pyproject.toml": PYPROJECT})
    view = stands("packages")
    assert view.state is StepState.WAITING
    assert view.message == "requires: Environment"
    assert view.act is None


def test_all_is_there(stands, write, environment, install):
    write({"pyproject.toml": PYPROJECT.replace(HELD, "")})
    install("six==1.2")
    view = stands("packages")
    assert view.state is StepState.DONE, view
    assert view.message == "all packages match the declared dependencies"


def test_what_is_missing_is_listed_without_credentials(walk, write, environment, install):
    write({"pyproject.toml": PYPROJECT})
    install("six==0.9")
    steps = walk()
    view = steps.step("packages")
    assert view.state is StepState.OPEN
    assert [line.split()[:2] for line in view.details[:2]] == [
        ["missing:", "held"],
        ["six", ">=1,"],
    ]
    assert "MARK-3f9c" not in repr(view)
    plan = steps.plan(view)
    assert not isinstance(plan, NoPlan), plan
    assert plan.operation is Operation.RECREATE
    assert plan.blueprint.source.name == "declared"
    assert "MARK-3f9c" not in repr(plan)


def test_what_is_chosen_beyond_the_defaults_must_be_there(walk, write, environment, install):
    write({"pyproject.toml": PYPROJECT.replace(HELD, "")})
    install("six==1.2")
    steps = walk()
    steps.choose("packages", StepAnswers(("extra:docs",)))
    view = walk().step("packages")
    assert view.state is StepState.OPEN
    assert view.message.endswith(" installed: extra docs: 0 of 1 installed")
    assert [one.id for one in view.options if one.chosen] == ["extra:docs"]
    assert view.commands[0][-4:-2] == ("--extra", "docs")
    install("writer")
    assert walk().step("packages").state is StepState.DONE


def test_versions_are_those_of_the_lock(walk, write, environment, install):
    lock = {"_meta": {"pipfile-spec": 6}, "default": {"six": {"version": "==1.3"}}, "develop": {}}
    write({"Pipfile": '[packages]\nsix = "*"\n', "Pipfile.lock": json.dumps(lock)})
    install("six==1.2")
    steps = walk()
    view = steps.step("packages")
    assert view.state is StepState.OPEN
    assert view.message == "1 package does not match Pipfile.lock"
    assert view.details[0] == "six 1.3, installed 1.2"
    assert steps.plan(view).blueprint.source.name == "lock"


def test_a_lock_that_is_too_new_is_no_agreement(stands, write, environment, install):
    write({"pyproject.toml": '[project]\nname = "api"\ndependencies = ["six"]\n'})
    write({"uv.lock": "version = 99\n"})
    install("six")
    view = stands("packages")
    assert view.state is StepState.CANNOT
    assert view.message.startswith("not checked: uv.lock")


def test_a_manifest_that_cannot_be_read(stands, write, environment):
    write({"pyproject.toml": "[project]\nname = 'api'\nnot toml\n"})
    view = stands("packages")
    assert view.state is StepState.CANNOT
    assert view.message == "not checked: pyproject.toml:3: is not TOML"


def test_extras_are_chosen_and_the_groups_stay_as_they_are(stands, write, environment, install):
    write({"pyproject.toml": PYPROJECT.replace(HELD, "")})
    install("six==1.2", "tool", "writer")
    chosen = [one.id for one in stands("packages").options if one.chosen]
    assert chosen == ["group:dev", "extra:docs"]  # since all of them is here
    view = stands("packages", chosen={"extra": ()})
    assert [one.id for one in view.options if one.chosen] == ["group:dev"]
    view = stands("packages", chosen={"group": ()})
    assert [one.id for one in view.options if one.chosen] == ["extra:docs"]


def test_an_environment_of_another_project_is_left_alone(
    walk, write, make_venv, home, host, operations
):
    other = home / "work" / "other"
    path = make_venv(other / ".venv")
    (other / "pyproject.toml").write_text('[project]\nname = "other"\n')
    write({"pyproject.toml": '[project]\nname = "api"\ndependencies = ["six"]\n'})
    view = walk(environment=str(path)).step("packages")
    assert (view.state, view.act) == (StepState.CANNOT, None)
    assert f"belongs to another project, {other}" in view.message
