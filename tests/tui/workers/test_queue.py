"""The queue of operations, without a screen."""

import threading
import time

import pytest

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import (
    CACHES,
    TRASH_EMPTIED,
    Claims,
    CommandEnded,
    CommandStarted,
    Ending,
    Operation,
    OutputLine,
    Plan,
    Result,
    StepProgress,
    StepStarted,
)
from envdeck.tui.base.job import LOG_LINES, Job, JobState, LogLine
from envdeck.tui.workers import operation_queue
from envdeck.tui.workers.operation_queue import OperationQueue


def wait(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.001)


class Gate:
    """Holds operations until it is opened."""

    def __init__(self):
        self.shut = True

    def __call__(self):
        return self.shut


@pytest.fixture
def gate():
    """Shut at first; opened at the end, so that no thread is left behind."""
    held = Gate()
    yield held
    held.shut = False


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    """Two at a time, however many cores there are."""
    monkeypatch.setattr(operation_queue, "PARALLEL", 2)


@pytest.fixture
def queue_of(made_up):
    """A queue over made-up operations."""

    def make(*, held=False, **operations):
        return OperationQueue(
            made_up.MadeUpOperations(**operations), lambda: made_up.NOW, held=held
        )

    return make


def settle(queue):
    ended = []
    wait(lambda: ended.extend(queue.drain()) or not queue.busy)
    return ended


def states(*jobs):
    return [job.state for job in jobs]


def test_an_operation_runs_and_ends_and_is_heard_of_once(queue_of, made_up):
    queue = queue_of()
    job = queue.submit(made_up.plan("/a"))
    assert job.state is JobState.RUNNING
    assert settle(queue) == [job]
    assert job.state is JobState.DONE
    assert job.result.status is Ending.DONE
    assert job.fraction == 1.0
    assert queue.drain() == []


def test_two_at_a_time_and_the_rest_waits_in_its_order(queue_of, made_up, gate):
    queue = queue_of(hold=gate)
    jobs = [queue.submit(made_up.plan(f"/{n}", name=n)) for n in "abc"]
    assert states(*jobs) == [JobState.RUNNING] * 2 + [JobState.WAITING]
    assert jobs[2].waits_for is None
    gate.shut = False
    assert len(settle(queue)) == 3
    assert states(*jobs) == [JobState.DONE] * 3


@pytest.mark.parametrize("second", ["/work/.venv", "/work/.venv/nested", "/work"])
def test_never_two_on_the_same_folder_or_inside_each_other(queue_of, made_up, gate, second):
    queue = queue_of(hold=gate)
    first = queue.submit(made_up.plan("/work/.venv", "/other", name="1"))
    waits = queue.submit(made_up.plan(second, name="2"))
    elsewhere = queue.submit(made_up.plan("/work/.venv2", name="3"))
    assert states(first, waits) == [JobState.RUNNING, JobState.WAITING]
    # One that lies beside them overtakes, one on the same folder never does.
    assert (elsewhere.state is JobState.RUNNING) == (second != "/work")
    later = queue.submit(made_up.plan(second, name="4"))
    assert later.state is JobState.WAITING
    gate.shut = False
    ended = settle(queue)
    assert ended.index(first) < ended.index(waits) < ended.index(later)


def test_as_many_run_as_there_are_cores(queue_of, made_up, gate, monkeypatch):
    monkeypatch.setattr(operation_queue, "PARALLEL", 4)
    queue = queue_of(hold=gate)
    jobs = [queue.submit(made_up.plan(f"/{n}", name=n)) for n in "abcde"]
    assert states(*jobs) == [JobState.RUNNING] * 4 + [JobState.WAITING]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimingPlan(Plan):
    """A plan with claims of its own."""

    needs: Claims

    @property
    def claims(self):
        return self.needs


def claims(changes="", alone="", reads=""):
    sets = (frozenset(each.split("; ") if each else ()) for each in (changes, alone, reads))
    return Claims(**dict(zip(("changes", "alone", "reads"), sets, strict=True)))


PYTHON = "/opt/base/bin/python"
PAIRS = [
    # two environments of one base, and what becomes of the base
    (claims("/a", reads=PYTHON), claims("/opt/base"), PYTHON),
    (claims("/opt/base"), claims("/a", reads=PYTHON), PYTHON),
    (claims("/a", reads=PYTHON), claims("/b", reads=PYTHON), ""),
    # one project, two of its environments
    (claims("/p/.venv", alone="/p"), claims("/c/x", alone="/p"), "/p"),
    (claims("/p/.venv", alone="/p"), claims("/q/.venv", alone="/q"), ""),
    (claims("/p", alone="/p"), claims("/p/.venv"), "/p/.venv"),
    # caches and the trash
    (claims("/a", reads=CACHES), claims("/b", reads=CACHES), ""),
    (claims("/a", reads=CACHES), claims(f"/cache; {CACHES}"), CACHES),
    (claims("/t/1", alone=TRASH_EMPTIED), claims("/t/2", alone=TRASH_EMPTIED), TRASH_EMPTIED),
]


@pytest.mark.parametrize(("one", "other", "shared"), PAIRS)
def test_those_that_need_the_same_wait_and_say_for_what(queue_of, gate, one, other, shared):
    queue = queue_of(hold=gate)
    first, second = (
        queue.submit(ClaimingPlan(id=name, operation=Operation.DELETE, targets=(), needs=needs))
        for name, needs in (("1", one), ("2", other))
    )
    assert first.state is JobState.RUNNING
    assert (second.state is JobState.WAITING) == bool(shared)
    assert second.waits_for == ((first, shared) if shared else None)


def test_what_waits_is_given_up_before_it_begins_and_what_runs_is_rolled_back(
    queue_of, made_up, gate
):
    queue = queue_of(hold=gate)
    first = queue.submit(made_up.plan("/a", name="1"))
    second = queue.submit(made_up.plan("/a", name="2"))
    queue.cancel(second)
    assert second.state is JobState.CANCELLED
    queue.cancel(first)
    assert first.stopping
    settle(queue)
    assert first.state is JobState.ROLLED_BACK
    assert first.result.stopped
    queue.cancel(first)  # over: nothing happens
    assert first.state is JobState.ROLLED_BACK


def test_all_is_given_up_at_once_and_nothing_that_waits_slips_in(queue_of, made_up, gate):
    queue = queue_of(hold=gate)
    jobs = [queue.submit(made_up.plan(f"/{n}", name=n)) for n in "abcd"]
    queue.cancel_all()
    settle(queue)
    assert states(*jobs) == [JobState.ROLLED_BACK] * 2 + [JobState.CANCELLED] * 2
    assert queue.wait(60)


def test_nothing_starts_before_what_was_interrupted_is_cleared_up(queue_of, made_up):
    queue = queue_of(held=True)
    job = queue.submit(made_up.plan("/a"))
    assert job.state is JobState.WAITING
    queue.release()
    settle(queue)
    assert job.state is JobState.DONE


def test_ending_the_program_stops_what_runs_and_starts_nothing_more(queue_of, made_up, gate):
    queue = queue_of(hold=gate)
    jobs = [queue.submit(made_up.plan(f"/{n}", name=n)) for n in "abc"]
    queue.stop_all()
    assert queue.wait(60)
    queue.drain()
    assert states(*jobs) == [JobState.ROLLED_BACK, JobState.ROLLED_BACK, JobState.WAITING]


def test_what_does_not_end_is_not_waited_for_for_ever(queue_of, made_up):
    end = threading.Event()

    class Deaf(made_up.MadeUpOperations):
        def run(self, plan, tell, stopped=lambda: False):
            end.wait(60)
            return Result(Ending.DONE, "done")

    queue = OperationQueue(Deaf(), lambda: 0.0, held=False)
    queue.submit(made_up.plan("/a"))
    queue.stop_all()
    assert not queue.wait(0.01)
    end.set()
    assert queue.wait(60)


def test_a_fault_of_the_program_ends_it_and_is_told(queue_of, made_up):
    queue = queue_of(failure=RuntimeError("[/] broke"))
    job = queue.submit(made_up.plan("/a"))
    settle(queue)
    assert (job.state, job.fault) == (JobState.FAILED, "RuntimeError: [/] broke")


@pytest.mark.parametrize(
    ("ending", "state"),
    [(Ending.REFUSED, JobState.REFUSED), (Ending.ROLLED_BACK, JobState.ROLLED_BACK)],
)
def test_each_ending_has_a_state(queue_of, made_up, ending, state):
    queue = queue_of(result=Result(ending, "so it is"))
    job = queue.submit(made_up.plan("/a"))
    settle(queue)
    assert job.state is state


def test_what_is_acted_on_is_known_by_path(queue_of, made_up, gate):
    queue = queue_of(hold=gate)
    first = queue.submit(made_up.plan("/a", "/b", name="1"))
    queue.submit(made_up.plan("/b", name="2"))
    assert queue.active_paths() == {"/a": first, "/b": first}
    gate.shut = False
    settle(queue)
    assert queue.active_paths() == {}


# one operation


def test_steps_progress_and_commands_are_followed(made_up):
    job = Job(made_up.plan("/a"))
    job.state = JobState.RUNNING
    assert job.fraction == 0.0
    job.tell(StepStarted(1, "move"))
    job.tell(StepProgress(10, 100, "files"))
    job.tell(StepProgress(50, 100, "files"))
    job.tell(CommandStarted(("uv", "pip", "install", "a b"), "/work"))
    job.tell(OutputLine("Resolved 3"))
    assert not job.drain(5.0)
    assert (job.step, job.progress.done, job.fraction) == (1, 50, 0.75)
    assert [*job.log] == [LogLine("uv pip install 'a b'", command=True), LogLine("Resolved 3")]
    assert job.commands[0].code is None
    job.tell(CommandEnded(("uv", "pip", "install", "a b"), 2, 0.5))
    job.tell(StepStarted(0, "again"))
    job.end(Result(Ending.DONE, "done"))
    assert job.drain(6.0)
    assert (job.commands[0].code, job.commands[0].seconds) == (2, 0.5)
    assert (job.state, job.ended_at, job.progress) == (JobState.DONE, 6.0, None)


def test_output_without_end_is_bounded_and_counted(made_up):
    job = Job(made_up.plan("/a"))
    for number in range(4 * LOG_LINES):
        job.tell(OutputLine(f"{number} " + "x" * 10_000))
    job.end(Result(Ending.DONE, "done"))
    while not job.state.over:
        job.drain(1.0)
    assert len(job.log) == LOG_LINES
    assert job.written == 4 * LOG_LINES
    assert job.log[-1].text.startswith(f"{4 * LOG_LINES - 1} ")
    assert max(len(line.text) for line in job.log) == 2_000


def test_a_drain_takes_no_more_lines_than_fit_in_a_frame(made_up):
    job = Job(made_up.plan("/a"))
    job.state = JobState.RUNNING
    for number in range(LOG_LINES):
        job.tell(OutputLine(str(number)))
    job.drain(1.0)
    assert 0 < len(job.log) < LOG_LINES
