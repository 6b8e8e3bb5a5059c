"""What an operation says while it runs, and how it ended."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Ending(StrEnum):
    """How an operation ended."""

    DONE = "done"
    ROLLED_BACK = "rolled-back"
    """It failed or was stopped, and everything is as it was."""
    FAILED = "failed"
    """It failed or was stopped, and what it did stays: a command that is not ours
    (:attr:`Operation.RUN`), and a removal that could not be ended."""
    REFUSED = "refused"
    """A guard stood in the way, and nothing was touched."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """How it ended for one of several things that a plan acts on, each for itself."""

    id: str
    path: str
    """Where it was, or where it lies where that is not known."""
    name: str
    status: Ending
    message: str
    """One sentence without a full stop; it may carry hostile text."""
    hint: str = ""
    guard: str | None = None
    freed_bytes: int | None = None
    """What is free now that was not; None where nothing was removed."""


@dataclass(frozen=True, slots=True)
class Result:
    """How an operation ended, and what of it was checked."""

    status: Ending
    message: str
    """One sentence without a full stop; it may carry hostile text."""
    hint: str = ""
    guard: str | None = None
    verified: tuple[str, ...] = ()
    """What was checked and holds, one sentence each."""
    freed_bytes: int | None = None
    """What is free now that was not, as the file system counts it."""
    stopped: bool = False
    """Whether a person stopped it."""
    items: tuple[ItemResult, ...] = ()
    """How it ended for each, where one that fails does not keep the others."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step of the plan begins; those before it are done."""

    index: int
    title: str


@dataclass(frozen=True, slots=True)
class StepProgress:
    """How far a step is; only the newest counts."""

    done: int
    total: int | None
    unit: str
    """`files`, `bytes` or `packages`."""


@dataclass(frozen=True, slots=True)
class CommandStarted:
    """A command is run, as the command log shows it: credentials masked."""

    command: tuple[str, ...]
    folder: str


@dataclass(frozen=True, slots=True)
class CommandEnded:
    """It ended."""

    command: tuple[str, ...]
    code: int
    seconds: float


@dataclass(frozen=True, slots=True)
class OutputLine:
    """A line that a command wrote, credentials masked; it is hostile text."""

    text: str


OperationEvent: TypeAlias = StepStarted | StepProgress | CommandStarted | CommandEnded | OutputLine
