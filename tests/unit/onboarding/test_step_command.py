"""The commands of a project: found by reading, run by a keystroke, and remembered."""

import os

import pytest

from envdeck.core.model import Ending, OutputLine
from envdeck.core.onboarding.commands import session_names
from envdeck.core.onboarding.model import StepAnswers, StepState
from envdeck.core.timeline.store import SnapshotStore


@pytest.fixture
def tools(programs):
    """`make`, `just`, `nox` and `tox`, as far as a look can tell."""
    for name in ("make", "just", "nox", "tox"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)


def offered(view) -> list[str]:
    return [one.title for one in view.options]


def test_nothing_is_found(stands, environment):
    assert stands("command").state is StepState.SKIPPED


def test_it_waits_for_the_environment(stands, write):
    write({"Makefile": "test:\n\ttrue\n"})
    view = stands("command")
    assert (view.state, view.act) == (StepState.WAITING, None)


def test_pytest_that_is_not_installed(stands, write, environment):
    write({"pyproject.toml": "[tool.pytest.ini_options]\n"})
    view = stands("command")
    assert view.state is StepState.CANNOT
    assert view.message == "commands need missing tools: pytest"


def test_everything_that_can_be_run_the_tests_first(stands, write, environment, install, tools):
    write(
        {
            "pyproject.toml": '[project]\nname = "api"\n[project.scripts]\nserve = "api:main"\n'
            '"bad name" = "x:y"\n[tool.tox]\n',
            "pytest.ini": "[pytest]\n",
            "manage.py": "import django\n",
            "Makefile": "run: x\n\ttrue\ntest check::\n\ttrue\nrun := 1\n.PHONY: test\n",
            "justfile": "test:\n  true\ncheck target:\n  true\nrun := 'x'\n",
            "noxfile.py": "import nox\n@nox.session(python=['3.12'])\ndef tests(s): ...\n"
            "@nox.session(name='lint-it')\ndef lint(s): ...\n",
        }
    )
    (environment / "bin" / "serve").touch()
    install("pytest")
    view = stands("command")
    assert view.state is StepState.READY
    assert offered(view) == [
        "pytest",
        "python manage.py test",
        "nox -s tests",
        "make test",
        "just test",
        "tox",
        "python manage.py check",
        "nox -s lint-it",
        "make check",
        "make run",
        "serve --help",
    ]
    assert [one.id for one in view.options if one.chosen] == ["command:pytest"]
    assert view.commands == ((str(environment / "bin" / "python"), "-m", "pytest"),)


def test_the_commands_of_setup_cfg(stands, write, environment):
    listed = "\n  serve = api:main\n  serve = api:again\n  no command\n  bad name = x:y\n"
    write(
        {"setup.cfg": f"[metadata]\nname = api\n[options.entry_points]\nconsole_scripts ={listed}"}
    )
    (environment / "bin" / "serve").touch()
    assert offered(stands("command")) == ["serve --help"]
    write({"setup.cfg": "[options.entry_points"})
    assert stands("command").state is StepState.SKIPPED


@pytest.mark.parametrize(
    "source",
    [b"def (", b"\0", b"(" * 5000, b"# coding: klingon\n"],
    ids=["no syntax", "nul", "deep", "coding"],
)
def test_a_noxfile_that_is_no_python(source):
    assert session_names(source) == ()


def run_tests(steps, operations, option=None):
    view = steps.step("command")
    plan = steps.plan(view, StepAnswers((option,) if option else None))
    said = []
    result = operations.run(plan, said.append)
    steps.ended(view, plan, result)
    return result, [event.text for event in said if isinstance(event, OutputLine)]


def test_the_tests_are_run_in_the_environment_and_remembered(
    walk, write, environment, operations, project, make_venv
):
    write(
        {
            "tests/test_it.py": "import os, sys, unittest\n"
            "class It(unittest.TestCase):\n"
            "    def test(self):\n"
            "        print('active', os.environ['VIRTUAL_ENV'] == sys.prefix)\n"
            "        print(open('.env').read())\n"
            "        assert not os.path.exists('broken')\n",
            ".env": "SECRET_KEY=MARK-3f9c\n",
        }
    )
    steps = walk()
    assert steps.step("command").state is StepState.READY
    result, lines = run_tests(steps, operations)
    assert result.status is Ending.DONE, lines
    assert "active True" in lines
    assert not any("MARK-3f9c" in line for line in lines)
    assert any("SECRET_KEY=" in line for line in lines)
    view = walk().step("command")
    assert view.state is StepState.DONE
    assert view.message == "`python -m unittest discover -s tests` passed just now"
    store = SnapshotStore(operations.catalog.host)
    assert [one.good for one in store.snapshots(str(environment))] == [True]

    (project / "broken").touch()
    result, _ = run_tests(steps, operations)
    assert (result.status, result.code) == (Ending.FAILED, 1)
    assert result.message.endswith("; its effects remain")
    view = walk().step("command")
    assert view.state is StepState.OPEN
    assert view.message.endswith("failed with exit code 1 just now")

    os.utime(environment / "pyvenv.cfg", (1, 1))  # it is another environment now
    assert walk().step("command").state is StepState.READY


def test_what_is_chosen_is_run_and_kept(walk, write, environment, operations, tools):
    write({"Makefile": "test:\n\ttrue\ncheck:\n\ttrue\n"})
    steps = walk()
    result, _ = run_tests(steps, operations, "command:make check")
    assert result.status is Ending.DONE
    view = walk().step("command")
    assert view.message.startswith("`make check` passed")
    assert [one.id for one in view.options if one.chosen] == ["command:make check"]
    store = SnapshotStore(operations.catalog.host)
    assert store.snapshots(str(environment)) == (), "a check is no test"


def test_one_that_is_not_offered(walk, write, environment, tools):
    write({"Makefile": "test:\n\ttrue\n"})
    steps = walk()
    plan = steps.plan(steps.step("command"), StepAnswers(("command:rm -rf /",)))
    assert plan.message == "command not found: `rm -rf /`"


@pytest.mark.parametrize("name", ["Makefile", "justfile"])
def test_long_line_of_blanks_takes_no_time(stands, write, environment, name):
    write({name: "a" + " " * 500_000 + "\ntest:\n\ttrue\n"})
    assert stands("command").state is not StepState.SKIPPED
