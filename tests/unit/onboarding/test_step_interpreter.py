"""The Python that a project accepts."""

import sys

import pytest

from envdeck.core.model import Operation, Policy
from envdeck.core.onboarding.model import StepState
from envdeck.core.onboarding.project_state import accepts_python, version_to_get
from envdeck.core.project import WantedPython

VERSION = "{}.{}.{}".format(*sys.version_info)
MINOR = "{}.{}".format(*sys.version_info)
NOW = 1_795_000_000.0


def test_one_is_here(stands, write):
    write({"pyproject.toml": f'[project]\nname = "api"\nrequires-python = ">={MINOR}"\n'})
    view = stands("interpreter")
    assert view.state is StepState.DONE
    assert f"Python {VERSION} at " in view.message
    assert view.message.endswith(f"project requires >={MINOR}")


def test_a_version_file_is_obeyed_too(stands, write):
    write({"pyproject.toml": '[project]\nname = "api"\nrequires-python = ">=3.5"\n'})
    write({".python-version": "3.5.1\n"})
    view = stands("interpreter")
    assert view.state is StepState.CANNOT
    assert view.message == "no Python found that the project accepts (>=3.5 and 3.5.1)"
    assert view.commands == (("uv", "python", "install", "3.5.1"),)
    assert view.hint.startswith("run `uv python install 3.5.1`, or set `downloads = true`")
    assert view.act is None


def test_a_version_outside_of_the_range_can_never_be_had(stands, write):
    write({"pyproject.toml": '[project]\nname = "api"\nrequires-python = "<3.12"\n'})
    write({".python-version": "3.12\n"})
    view = stands("interpreter", Policy(downloads=True))
    assert (view.state, view.commands, view.act) == (StepState.CANNOT, (), None)
    assert view.message.endswith(".python-version pins 3.12, and pyproject.toml asks for <3.12")
    assert "uv python install" not in view.hint


def test_where_downloads_are_allowed_a_keystroke_gets_one(walk, write):
    write({".python-version": "3.5.1\n"})
    steps = walk(Policy(downloads=True))
    view = steps.step("interpreter")
    assert (view.state, view.safe) == (StepState.OPEN, True)
    plan = steps.plan(view)
    assert plan.operation is Operation.RUN
    assert plan.task.argv[1:] == view.commands[0][1:] == ("python", "install", "3.5.1")
    assert stays_open(walk(Policy(downloads=True, offline=True)))


def stays_open(steps) -> bool:
    return steps.step("interpreter").state is StepState.CANNOT


def test_what_cannot_be_read_is_not_claimed(stands, write):
    write({"pyproject.toml": "[project]\nname = 'api'\nnot toml\n"})
    view = stands("interpreter")
    assert view.state is StepState.DONE
    assert view.message.endswith("required version not checked")
    assert view.details == ("pyproject.toml:3: is not TOML",)


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        (WantedPython(), ""),
        (WantedPython(">=3.9"), "3.15"),
        (WantedPython(">=3.9,<3.13"), "3.12"),
        (WantedPython(">=3.12.4,<3.13"), "3.12"),
        (WantedPython("<3.9"), "3.8"),
        (WantedPython(">=3.99"), ">=3.99"),
        (WantedPython(">=3.9", "3.11.2"), "3.11.2"),
        (WantedPython("", "3.10", "pypy"), "pypy@3.10"),
    ],
)
def test_which_version_is_got(wanted, version):
    assert version_to_get(wanted, NOW) == version


@pytest.mark.parametrize(
    ("wanted", "version", "implementation", "accepted"),
    [
        (WantedPython(), "3.8.1", "pypy", True),
        (WantedPython(), None, None, True),
        (WantedPython(">=3.8"), None, None, False),
        (WantedPython(">=3.8"), "3.14.0rc1", "cpython", True),
        (WantedPython("", "3.1"), "3.12.0", "cpython", False),
        (WantedPython("", "3.12"), "3.12.0", "cpython", True),
        (WantedPython("", "3.12"), "3.12.0", "pypy", False),
        (WantedPython("", "3.12", "pypy"), "3.12.0", "cpython", False),
        (WantedPython("no range"), "3.12.0", "cpython", True),
    ],
)
def test_what_is_accepted(wanted, version, implementation, accepted):
    assert accepts_python(wanted, version, implementation) is accepted
