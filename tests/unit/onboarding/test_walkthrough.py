"""The walkthrough as a whole: order, waiting, and what may be claimed."""

import shutil
from dataclasses import replace

import pytest

from envdeck.core.model import Ending, NoPlan, Policy, Result
from envdeck.core.onboarding.answers import memory_path
from envdeck.core.onboarding.model import StepAnswers, StepState
from envdeck.core.onboarding.steps import NAMES, STEPS
from envdeck.core.onboarding.walkthrough import Walkthrough

NONE_HERE = '[project]\nname = "api"\nrequires-python = ">=3.99"\ndependencies = ["six"]\n'


def test_every_step_tells_what_it_is_and_why():
    assert (
        *("interpreter", "environment", "packages", "dotenv", "secrets", "hooks", "needs"),
        *("command", "activate"),
    ) == NAMES
    for step in STEPS:
        assert step.title
        assert step.why.endswith(".")
        assert set(step.needs) | set(step.after) <= set(NAMES[: NAMES.index(step.name)])


def test_what_comes_first_holds_up_the_rest(walk, write):
    write({"pyproject.toml": NONE_HERE, "Makefile": "test:\n\ttrue\n", ".env.example": "A=1\n"})
    states = {view.name: view.state for view in walk().look()}
    assert states == {
        "interpreter": StepState.CANNOT,
        "environment": StepState.WAITING,
        "packages": StepState.WAITING,
        "dotenv": StepState.OPEN,
        "secrets": StepState.DONE,
        "hooks": StepState.SKIPPED,
        "command": StepState.WAITING,
        "activate": StepState.WAITING,
    }


def test_a_manifest_that_cannot_be_read_holds_up_nothing_else(walk, write, environment, install):
    write({"pyproject.toml": "not toml\n", "tests/test_it.py": "", ".env.example": "A=1\n"})
    states = {view.name: view.state for view in walk().look()}
    assert states["packages"] is StepState.CANNOT
    assert states["environment"] is StepState.DONE
    assert states["dotenv"] is StepState.OPEN
    assert states["activate"] is StepState.READY
    write({".env": "A=1\n"})
    assert walk().step("command").state is StepState.READY


def test_a_project_that_is_gone_is_said_to_be(walk, write, project):
    write({"pyproject.toml": NONE_HERE})
    steps = walk()
    steps.look()
    shutil.rmtree(project)
    views = steps.look()
    assert "not found" in views[0].message
    assert {view.state for view in views} <= {StepState.CANNOT, StepState.WAITING}
    assert not any(view.act for view in views)


def test_one_step_stands_as_it_does_among_all(walk, write, environment):
    write({"pyproject.toml": NONE_HERE, "Makefile": "test:\n\ttrue\n"})
    steps = walk()
    assert [steps.step(name) for name in NAMES if name != "needs"] == list(steps.look())


def test_a_look_is_broken_off(walk):
    asked = iter((False, False, True))
    assert [view.name for view in walk().look(lambda: next(asked))] == list(NAMES[:2])


def test_a_look_leaves_nothing_behind(walk, write, environment, home, project):
    write({"pyproject.toml": NONE_HERE})
    before = sorted(project.rglob("*"))
    walk().look()
    assert sorted(project.rglob("*")) == before
    assert not (home / ".local" / "state").exists()


def test_what_is_chosen_is_there_the_next_time(walk, write, host, project):
    write({"pyproject.toml": '[project]\nname = "api"\n[dependency-groups]\nextra = ["b"]\n'})
    walk().choose("environment", StepAnswers(("group:extra",)))
    for name in ("environment", "packages"):
        (option,) = walk().step(name).options
        assert (option.id, option.chosen) == ("group:extra", True)


def test_nothing_is_remembered_in_the_read_only_mode(walk, write, host, project, home):
    write({"pyproject.toml": '[project]\nname = "api"\n[dependency-groups]\nextra = ["b"]\n'})
    steps = walk(Policy(read_only=True))
    steps.choose("packages", StepAnswers(("group:extra",)))
    assert not (home / ".local" / "state").exists()


def test_what_was_refused_is_not_remembered(walk, write, host, project, home):
    write({"pyproject.toml": '[project]\nname = "api"\n[dependency-groups]\nextra = ["b"]\n'})
    steps = walk()
    view = steps.step("environment")
    plan = steps.plan(view, StepAnswers(("group:extra",)))
    steps.ended(view, plan, Result(Ending.REFUSED, "no"))
    assert not (home / ".local" / "state").exists()
    plan = steps.plan(view, StepAnswers(("group:extra",)))
    steps.ended(view, plan, Result(Ending.DONE, "yes"))
    assert memory_path(host, str(project)).startswith(str(home / ".local" / "state"))
    assert (home / ".local" / "state" / "envdeck" / "onboarding").exists()


def test_a_step_without_a_keystroke_plans_nothing(walk, environment):
    steps = walk()
    view = steps.step("environment")
    assert steps.plan(view) == NoPlan(view.message, view.hint)
    assert steps.plan(replace(view, message="x")) == NoPlan("x", "")


@pytest.mark.parametrize("name", ['it\'s "x" $HOME', "[p]*?", "a\nb"])
def test_projects_of_any_name(operations, home, name, make_venv):
    folder = home / name
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[project]\nname = "api"\ndependencies = ["six"]\n')
    make_venv(folder / ".venv")
    steps = Walkthrough(operations, str(folder), shell="sh")
    views = {view.name: view for view in steps.look()}
    assert views["environment"].state is StepState.DONE
    assert views["packages"].state is StepState.OPEN
    assert views["activate"].commands[0][1] == f"{folder}/.venv/bin/activate"


def test_a_name_that_is_not_utf_8(operations, home):
    folder = home / "\udcff\udcfe"
    folder.mkdir()
    (folder / "Makefile").write_bytes(b"test:\n\t\xff\n")
    steps = Walkthrough(operations, str(folder))
    view = steps.step("environment")
    assert view.state is StepState.OPEN
    assert steps.plan(view).targets[0].path == str(folder / ".venv")
    steps.choose("packages", StepAnswers(()))
