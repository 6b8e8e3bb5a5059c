"""What a scan says while it runs, and what an operation does. A reader takes what it needs and
leaves the rest."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model.environment import Environment, Interpreter, Size
from envdeck.core.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Found:
    """An environment was found and read; a second one of the same path replaces the first."""

    environment: Environment


@dataclass(frozen=True, slots=True)
class FoundInterpreter:
    """A base interpreter was found and read."""

    interpreter: Interpreter


@dataclass(frozen=True, slots=True)
class Sized:
    """An environment was measured."""

    path: str
    size: Size


@dataclass(frozen=True, slots=True)
class Examined:
    """The contents of an environment were examined; these are all its findings."""

    path: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the scan is; only the newest counts."""

    visited: int
    """Folders looked into."""
    environments: int
    elapsed: float
    """Seconds."""
    phase: str = "looking"
    """`looking`, `examining` or `measuring`."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place that could not be looked into, and why: a counted value, never a lost row."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotLookedAt:
    """A place that was left out on purpose, or that a link or file leads to in vain."""

    path: str
    reason: str
    hint: str = ""
    """The command that includes it, or fixes it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should know once: the memory could not be used, say."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The scan ended. `complete` is False when it was stopped: then nothing that was not met
    is taken for gone."""

    roots: tuple[str, ...]
    visited: int
    unreadable: int
    elapsed: float
    """Seconds."""
    complete: bool
    gone: tuple[str, ...] = ()
    """Environments remembered under these roots that are no longer there."""
    not_looked_at: tuple[NotLookedAt, ...] = ()
    """What was left out: network disks that a file or a link named, other disks, links that lead
    out of the roots or nowhere, folders of caches and of other programs."""


Event: TypeAlias = (
    Found | FoundInterpreter | Examined | Sized | Progress | Unreadable | Notice | Finished
)


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


class BisectVerdict(StrEnum):
    """What a run of a bisect says of a set of packages, as in the JSON contract."""

    GOOD = "good"
    BAD = "bad"
    SKIP = "skip"
    """It cannot be told: the set is not permitted, could not be built, or the command said so."""


@dataclass(frozen=True, slots=True)
class BisectRunStarted:
    """A set of packages is being built, and then tried."""

    number: int
    """From 1, in the order of their beginning."""
    packages: Mapping[str, str | None]
    """The versions of the suspects, by name; None: not installed."""
    applied: tuple[str, ...]
    """The suspects that are as in the bad state."""


@dataclass(frozen=True, slots=True)
class BisectRun:
    """One set that was judged."""

    packages: Mapping[str, str | None]
    """The versions of the suspects, by name; None: not installed."""
    applied: tuple[str, ...]
    """The suspects that are as in the bad state."""
    verdict: BisectVerdict
    exit: int | None = None
    """None where the command was not run."""
    seconds: float = 0.0
    reason: str = ""
    """Why it was passed over."""
    tail: tuple[str, ...] = field(default=(), repr=False)
    """The last lines of what the command wrote to standard error, secrets masked."""
    output: tuple[str, ...] = field(default=(), repr=False)
    """The last lines of all that the command wrote, secrets masked; hostile text."""
    number: int = 0
    """That of its :class:`BisectRunStarted`."""


class CellStatus(StrEnum):
    """How a cell of a matrix ended, as in the JSON contract."""

    PASSED = "passed"
    FAILED = "failed"
    """The command ended with another exit code than 0, or could not be started."""
    NOT_BUILT = "not-built"
    """Its environment could not be made, so that nothing is known of the command."""
    TIMED_OUT = "timed-out"
    NOT_RUN = "not-run"
    """It was cancelled before it was over."""


@dataclass(frozen=True, slots=True)
class CellStarted:
    """A cell of a matrix is being built, or its command runs."""

    number: int
    """That of its cell in the plan, from 1."""
    runs: bool = False
    """Whether its environment is ready, and the command runs."""


@dataclass(frozen=True, slots=True)
class CellEnd:
    """A cell of a matrix that is over."""

    number: int
    status: CellStatus
    exit: int | None = None
    """None where the command was not run to its end."""
    seconds: float = 0.0
    """Of the command."""
    build_seconds: float = 0.0
    reason: str = ""
    """Why it did not pass, where that is known; hostile text."""
    hint: str = ""
    packages: tuple[tuple[str, str], ...] = ()
    """Of what `--with` names: the versions that were installed."""
    output: tuple[str, ...] = field(default=(), repr=False)
    """The last lines of what the command wrote, or what its building did where that failed,
    secrets masked; hostile text."""


OperationEvent: TypeAlias = (
    StepStarted
    | StepProgress
    | CommandStarted
    | CommandEnded
    | OutputLine
    | BisectRunStarted
    | BisectRun
    | CellStarted
    | CellEnd
)
