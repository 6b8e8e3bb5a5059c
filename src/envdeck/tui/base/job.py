"""One operation of the queue: what it is to do, how far it is, and what it said."""

import shlex
from collections import deque
from enum import StrEnum
from typing import TypeAlias

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import (
    BisectRun,
    BisectRunStarted,
    CellEnd,
    CellStarted,
    CommandEnded,
    CommandStarted,
    Ending,
    Operation,
    OperationEvent,
    OutputLine,
    Plan,
    Result,
    StepProgress,
    StepStarted,
)

LOG_LINES = 5_000
"""Lines of output kept of an operation; the whole of it is in the log file of the journal."""
_LINE = 2_000
"""Characters kept of a line."""
_DRAIN = 2_000
"""Lines taken over at a time, so that no drain takes longer than a frame."""


class JobState(StrEnum):
    """Where an operation is, by the word that is shown for it."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    ROLLED_BACK = "rolled back"
    ENDED_BADLY = "failed"
    """A command that is not ours did, and what it did stays."""
    REFUSED = "blocked"
    CANCELLED = "cancelled"
    """It was given up before it began, or where there was nothing to roll back."""
    FAILED = "crashed"
    """A fault of the program ended it; the next start finishes it or rolls it back."""

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self not in {JobState.WAITING, JobState.RUNNING}


_ENDINGS = {
    Ending.DONE: JobState.DONE,
    Ending.ROLLED_BACK: JobState.ROLLED_BACK,
    Ending.FAILED: JobState.ENDED_BADLY,
    Ending.REFUSED: JobState.REFUSED,
}


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the log. Its text is hostile."""

    text: str
    command: bool = False
    """Whether it is a command that was run, and not what one wrote."""


@dataclass(slots=True)
class JobCommand:
    """A command that was really run."""

    words: tuple[str, ...]
    folder: str
    code: int | None = None
    """None while it runs."""
    seconds: float = 0.0


_Event: TypeAlias = (
    StepStarted
    | CommandStarted
    | CommandEnded
    | BisectRunStarted
    | BisectRun
    | CellStarted
    | CellEnd
)


class Job:
    """An operation in the queue.

    A thread says what happens by :meth:`tell` and :meth:`end`; everything that is read of it
    changes in :meth:`drain` alone, which the screen calls from its timer.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.claims = plan.claims
        self.waits_for: tuple[Job, str] | None = None
        """Which one before it has to be over first, and what both need; None where it waits for a
        free place alone."""
        self.state = JobState.WAITING
        self.stopping = False
        """Whether a person has cancelled it."""
        self.step: int | None = None
        """The step that runs, or that ran last."""
        self.progress: StepProgress | None = None
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)
        self.written = 0
        """Lines that were written up to the last one in the log, kept or not."""
        self.commands: list[JobCommand] = []
        self.runs: dict[int, BisectRunStarted | BisectRun] = {}
        """Of a bisect: what is tried and what was judged, by its number."""
        self.cells: dict[int, CellStarted | CellEnd] = {}
        """Of a matrix: what was begun and what is over, by its number."""
        self.result: Result | None = None
        self.fault = ""
        self.started_at: float | None = None
        self.ended_at: float | None = None
        self._progress: StepProgress | None = None
        self._events: deque[_Event] = deque()
        self._lines: deque[tuple[int, LogLine]] = deque(maxlen=LOG_LINES)
        self._said = 0
        self._outcome: Result | str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """What it acts on."""
        return tuple(target.path for target in self.plan.targets)

    @property
    def fraction(self) -> float:
        """How far it is, from 0 to 1, each step counting the same."""
        if self.state is JobState.DONE:
            return 1.0
        if self.step is None:
            return 0.0
        part, now = 0.0, self.progress
        if now is not None and now.total:
            part = min(now.done / now.total, 1.0)
        return min((self.step + part) / max(len(self.plan.steps), self.step + 1), 1.0)

    # from the thread

    def tell(self, event: OperationEvent) -> None:
        """Take what the operation says; bounded, however much and fast that is."""
        match event:
            case StepProgress():
                self._progress = event
                return
            case OutputLine(text):
                self._write(LogLine(text[:_LINE]))
                return
            case CommandStarted(command):
                self._write(LogLine(shlex.join(command)[:_LINE], command=True))
            case StepStarted():
                self._progress = None
        self._events.append(event)

    def _write(self, line: LogLine) -> None:
        self._said += 1
        self._lines.append((self._said, line))

    def end(self, outcome: Result | str) -> None:
        """Take how it ended: a result, or what fault of the program ended it."""
        self._outcome = outcome

    def stopped(self) -> bool:
        """Tell the operation whether it is to give up."""
        return self.stopping

    # on the screen's side

    def drain(self, now: float) -> bool:
        """Take over what was said since the last time; return whether it is over by this."""
        outcome = self._outcome  # first: what is said before the end is drained with it
        while self._events:
            self._take(self._events.popleft())
        self.progress = self._progress
        for _ in range(_DRAIN if outcome is None else LOG_LINES):
            if not self._lines:
                break
            self.written, line = self._lines.popleft()
            self.log.append(line)
        if outcome is None or self.state.over:
            return False
        self.ended_at = now
        if isinstance(outcome, str):
            self.state, self.fault = JobState.FAILED, outcome
        else:
            self.state, self.result = _ENDINGS[outcome.status], outcome
            if outcome.stopped and self.plan.operation in {Operation.BISECT, Operation.MATRIX}:
                self.state = JobState.CANCELLED
        return True

    def _take(self, event: _Event) -> None:
        match event:
            case StepStarted(index):
                self.step, self.progress = index, None
            case CommandStarted(command, folder):
                self.commands.append(JobCommand(command, folder))
            case BisectRunStarted() | BisectRun():
                self.runs[event.number] = event
            case CellStarted() | CellEnd():
                self.cells[event.number] = event
            case CommandEnded(command, code, seconds):
                for each in reversed(self.commands):
                    if each.code is None and each.words == command:
                        each.code, each.seconds = code, seconds
                        return
