"""Two real operations on two environments run side by side: one ends, is cancelled or waits while
the other goes on, both are given up at once, both are killed at once."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from envdeck.tui.base.job import JobState
from envdeck.tui.workers.operation_queue import OperationQueue

PROGRAM = Path(__file__).with_name("side.py")


def wait_for(condition):
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


class Pair:
    """Two environments of one home; `one` has a package whose build waits for a file."""

    def __init__(self, real, make_venv):
        self.real = real
        self.one, self.other = real.path, real.home / "work" / "other" / ".venv"
        make_venv(self.other, creator="uv")
        (self.other.parent / "requirements.txt").write_text("lamp\nshade\n")
        real.path = self.other
        real.install("lamp==1.0", "shade")
        real.path = self.one
        self.gate, self.started = real.add_slow()
        self.gate.touch()
        self.old = self.state()
        self.queue = OperationQueue(real.operations, time.monotonic, held=False)

    def state(self):
        """Return digests of both."""
        paths, found = (self.one, self.other), []
        for self.real.path in paths:
            found.append(self.real.here())
        self.real.path = self.one
        return found

    def submit(self, action, path):
        """Plan it, as the program does, and put it into the queue."""
        self.real.path = path
        plan = self.real.plan(action)
        self.real.path = self.one
        return self.queue.submit(plan)

    def until(self, *jobs):
        """Drain the queue until these are over."""

        def over():
            self.queue.drain()
            return all(job.state.over for job in jobs)

        wait_for(over)

    def builds(self):
        """Wait until the build of the first one waits."""
        wait_for(self.started.exists)


@pytest.fixture
def pair(real, make_venv):
    made = Pair(real, make_venv)
    yield made
    made.gate.unlink(missing_ok=True)
    made.queue.stop_all()
    assert made.queue.wait(60)


@pytest.mark.parametrize("action", ["recreate", "upgrade", "delete"])
def test_one_is_done_while_the_other_goes_on(pair, action):
    first = pair.submit("recreate", pair.one)
    pair.builds()
    second = pair.submit(action, pair.other)
    pair.until(second)
    assert second.state is JobState.DONE, second.result
    assert first.state is JobState.RUNNING
    pair.gate.unlink()
    pair.until(first)
    assert first.state is JobState.DONE, first.result
    assert pair.real.strays() == []
    done = [each.entry.operation for each in pair.real.operations.history()]
    assert sorted(done[:2]) == sorted(["recreate", action])
    for _ in range(2):
        undone = pair.submit("undo", pair.one)
        pair.until(undone)
        assert undone.state is JobState.DONE, undone.result
    assert pair.state() == pair.old


def test_one_is_cancelled_while_the_other_goes_on(pair):
    first = pair.submit("recreate", pair.one)
    pair.builds()
    second = pair.submit("recreate", pair.other)
    pair.queue.cancel(first)
    pair.until(first, second)
    assert (first.state, second.state) == (JobState.ROLLED_BACK, JobState.DONE)
    assert pair.state()[0] == pair.old[0]
    assert pair.real.strays() == []


def test_both_are_rolled_back_when_the_program_ends(pair):
    first = pair.submit("recreate", pair.one)
    pair.builds()
    second = pair.submit("recreate", pair.other)
    third = pair.submit("delete", pair.other)
    assert third.waits_for == (second, str(pair.other))
    pair.queue.stop_all()
    assert pair.queue.wait(60)
    pair.queue.drain()
    ends = {first.state, second.state}
    assert JobState.ROLLED_BACK in ends
    assert ends <= {JobState.ROLLED_BACK, JobState.DONE}  # the second may have been quicker
    assert third.state is JobState.WAITING
    assert pair.state()[0] == pair.old[0]
    assert pair.real.operations.pending() == ()


def test_both_are_old_or_new_after_a_kill_in_the_middle_of_both(pair):
    command = [sys.executable, PROGRAM, pair.real.home, pair.one, pair.other]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == "running\n"
        pair.builds()
        wait_for(lambda: len(pair.real.operations.history()) > 1)  # the second one has begun too
        program.kill()
    pair.gate.unlink()
    pair.real.recover()
    assert pair.state()[0] == pair.old[0]
    assert pair.real.strays() == []
    ended = {each.entry.phase.value for each in pair.real.operations.history()}
    assert "rolled-back" in ended
    assert ended <= {"rolled-back", "done"}


def test_what_needs_the_same_does_not_run_side_by_side(pair):
    def claims(action, path):
        pair.real.path = path
        plan = pair.real.plan(action)
        pair.real.path = pair.one
        return plan.claims

    recreate = claims("recreate", pair.one)
    assert not recreate.meets(claims("recreate", pair.other))
    assert not recreate.meets(claims("delete", pair.other))
    assert recreate.meets(claims("upgrade", pair.one)) == str(pair.one)
    project = str(pair.one.parent)
    second = pair.real.operations.plan_create(project, path=f"{project}/second")
    assert recreate.meets(second.claims) == project
    deleted = pair.submit("delete", pair.other)
    pair.until(deleted)
    purge, undo = claims("purge", pair.other), claims("undo", pair.other)
    assert not recreate.meets(purge)
    assert purge.meets(undo)
    assert purge.meets(claims("create", pair.other)) == str(pair.other)
    assert undo.meets(claims("create", pair.other)) == str(pair.other)
