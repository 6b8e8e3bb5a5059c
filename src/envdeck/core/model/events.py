"""What a scan says while it runs. A reader takes what it needs and leaves the rest."""

from typing import TypeAlias

from envdeck.core.lazy_dataclasses import dataclass
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
    """The command that includes it, or mends it."""


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
