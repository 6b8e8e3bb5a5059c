"""A command of a project: run in its environment, masked, stoppable, and never rolled back."""

import os
import sys
from dataclasses import replace

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.model import CommandStarted, Ending, NoPlan, Operation, OutputLine, Policy
from envdeck.core.operations.api import Operations
from envdeck.core.operations.run_command import RunResult, Task

SECRET = "MARK-3f9c"


@pytest.fixture
def operations(host) -> Operations:
    environ = {"PATH": "/usr/bin:/bin", "KEPT": "yes"}
    return Operations(Catalog(replace(host, environ=environ)))


@pytest.fixture
def run(operations, home):
    def run(*argv: str, stopped=lambda _events: False, **more):
        events = []
        plan = operations.plan_run(Task("try it", argv, str(home), **more))
        assert not isinstance(plan, NoPlan), plan
        result = operations.run(plan, events.append, lambda: stopped(events))
        lines = [event.text for event in events if isinstance(event, OutputLine)]
        return result, lines, events

    return run


def test_the_environment_is_active_and_the_rest_is_kept(run, make_venv, home, operations):
    operations.catalog.host.environ["PYTHONHOME"] = "/nowhere"
    path = make_venv(home / "api" / ".venv")
    code = "import os, sys; print(sys.prefix); print(os.environ['VIRTUAL_ENV']); "
    code += "print(os.environ['PATH'].split(':')[0]); print(os.environ['KEPT'], os.getcwd())"
    result, lines, _ = run(str(path / "bin" / "python"), "-c", code, environment=str(path))
    assert lines == [str(path), str(path), str(path / "bin"), f"yes {home}"]
    assert result.status is Ending.DONE
    assert result.message.startswith("passed after ")
    assert result.code == 0


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("raise SystemExit(3)", 3, "failed with exit code 3 after "),
        ("import os; os.kill(os.getpid(), 9)", -9, "failed with signal 9 after "),
    ],
)
def test_what_fails_is_not_said_to_be_taken_back(run, code, status, message):
    result, _, _ = run(sys.executable, "-c", code)
    assert isinstance(result, RunResult)
    assert (result.status, result.code) == (Ending.FAILED, status)
    assert result.message.startswith(message)
    assert result.message.endswith("; its effects remain")


def test_it_has_no_input_and_is_stopped(run):
    code = "import sys, time; print(sys.stdin.read() == ''); time.sleep(60)"
    result, lines, _ = run(
        *(sys.executable, "-c", code),
        stopped=lambda events: any(isinstance(event, OutputLine) for event in events),
    )
    assert lines == ["True"]
    assert (result.status, result.stopped) == (Ending.FAILED, True)
    assert result.message.startswith("cancelled after ")


def test_values_are_masked_wherever_they_are_told(run, operations, home):
    code = f"import sys; print('a', {SECRET!r}); print('key {SECRET}', file=sys.stderr)"
    code += "; print('first line\\nand second'); sys.exit(1)"
    hides = (SECRET, "first line\nand second", "ab")
    result, lines, events = run(sys.executable, "-c", code, SECRET, hides=hides)
    assert SECRET not in "\n".join(lines)
    assert {"a ****", "key ****"} < set(lines)
    assert lines.count("****") == 2
    (started,) = [event for event in events if isinstance(event, CommandStarted)]
    assert SECRET not in " ".join(started.command)
    assert SECRET not in repr((result, events))
    plan = operations.plan_run(Task("it", (sys.executable, SECRET), str(home), hides=hides))
    assert SECRET not in repr(plan.steps)
    for folder, _, files in os.walk(home):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                assert SECRET.encode() not in file.read()


def test_the_plan_says_that_there_is_no_way_back(operations, home):
    plan = operations.plan_run(Task("run the tests", (sys.executable, "-V"), str(home)))
    assert (plan.operation, plan.undo) == (Operation.RUN, None)
    assert plan.warnings == ("runs a command of the project; its effects cannot be undone",)
    assert plan.steps[0].command == (os.path.basename(sys.executable), "-V")
    assert operations.history() == ()


@pytest.mark.parametrize("program", ["gone", "file"])
def test_what_is_no_program(operations, home, program):
    (home / "file").touch()
    found = operations.plan_run(Task("it", (str(home / program),), str(home)))
    assert isinstance(found, NoPlan)
    assert str(home / program) in found.message


def test_a_folder_that_is_gone(operations, home):
    found = operations.plan_run(Task("it", (sys.executable,), str(home / "gone")))
    assert isinstance(found, NoPlan)


def test_read_only(operations, home):
    operations.policy = Policy(read_only=True)
    plan = operations.plan_run(Task("it", (sys.executable, "-V"), str(home)))
    assert [refusal.guard for refusal in plan.refusals] == ["read-only"]
    assert operations.run(plan, lambda _: None).status is Ending.REFUSED
