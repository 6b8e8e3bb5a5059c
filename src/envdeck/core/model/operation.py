"""`Plan`, `Step`, `Refusal` and `Result` of an operation."""

import os
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import ClassVar, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model.environment import Distribution, Environment, Identity
from envdeck.core.model.events import Notice

UNPROVED = "unproved"
"""The name of the guard that stands in the way while a doubt has no choice."""

STILL_REQUIRED = "still-required"
"""The name of the guard that stands in the way while what stays requires what goes."""


class PackageChoice(StrEnum):
    """What becomes of a package that cannot be recreated exactly."""

    KEEP = "keep"
    """Its installed files, as they are now."""
    RELEASE = "release"
    """What the index has under its name and version, whatever that is."""
    OMIT = "omit"
    """It is left out."""


Choices: TypeAlias = Mapping[str, PackageChoice]
"""By the normalised name of the package."""


DAY = 86_400.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules that hold for every operation."""

    read_only: bool = False
    """Whether nothing may be changed at all."""
    keep_days: int | None = 30
    """How many days the trash keeps what was deleted; None is for ever."""
    downloads: bool = False
    """Whether uv may download an interpreter that is not here."""
    offline: bool = False
    """Whether the package index is left alone, and only caches are used."""

    def kept_until(self, now: float) -> float | None:
        """Return until when the trash keeps what is put there now (seconds since the epoch)."""
        return None if self.keep_days is None else now + self.keep_days * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class RecreateRequest:
    """From what an environment is to be recreated, and on which interpreter."""

    source: str = "exact"
    """`exact`, `lock`, `declared`, `file` or `snapshot`."""
    file: str | None = None
    """The file, where that is the source."""
    snapshot: str | None = None
    """The snapshot, where that is the source: an id, the start of one, or a day."""
    interpreter: str | None = None
    """An executable or a version (`3.13`); None: the one that it has."""
    jump: str | None = None
    """For another minor version: of a package that has no wheel for it at its version, the
    `smallest` version up that has one, or the `newest`."""
    groups: Sequence[str] | None = None
    """Of a lock or a declaration; None: those that the project's own tool installs."""
    extras: Sequence[str] | None = None
    itself: bool = True
    """Whether the project itself may be installed; else only what it needs."""
    keep_edits: bool = False
    """Whether installed files that were edited are put over the new ones."""
    choices: Choices = field(default_factory=dict)
    """What becomes of packages that cannot be recreated exactly."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One package that is neither proved by its files nor by its origin."""

    name: str
    """Normalised (PEP 503)."""
    display_name: str
    version: str
    reason: str
    """Why, in a sentence without a full stop; it may carry hostile text."""
    options: tuple[PackageChoice, ...]
    """What can be chosen for it."""

    @property
    def title(self) -> str:
        """Its name and version, as a person knows it."""
        return f"{self.display_name or self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class EditedFile:
    """One file whose content is not the one that RECORD gives it."""

    path: str
    """Relative to the environment, with the system's separators; hostile text."""
    name: str
    """Of its distribution, normalised."""
    bytes: int = 0
    """Its length now."""
    original: str = ""
    """The hash that RECORD gives it: `sha256=` and the digest."""


@dataclass(frozen=True, slots=True)
class Edits:
    """The edited files of one environment, and the missing ones."""

    files: tuple[EditedFile, ...] = ()
    """By path; the first of them where there are many."""
    count: int = 0
    """How many there are, listed or not."""
    bytes: int = 0
    """The lengths of all of them together."""
    missing: int = 0
    """Files that RECORD lists and that are not there; none of them is among the others."""
    unchecked: tuple[str, ...] = ()
    """What could not be compared, and why, one sentence each: there may be more."""

    @property
    def complete(self) -> bool:
        """Whether every edited file is in :attr:`files`."""
        return not self.unchecked and self.count == len(self.files)


class Operation(StrEnum):
    """What is done, by its name in the contract."""

    DELETE = "delete"
    RECREATE = "recreate"
    UPGRADE = "upgrade"
    INSTALL = "install"
    """Packages are added, or installed again at the version that they have."""
    UNINSTALL = "uninstall"
    CREATE = "create"
    UNDO = "undo"
    PURGE = "purge"
    EDIT = "edit"
    """One file of a project is rewritten: a `.env`, a `.gitignore`."""
    RUN = "run"
    """A command of the project is run: its hooks are installed, its tests are started."""
    BISECT = "bisect"
    """Sets of packages are tried in copies; the environment stays as it is."""
    MATRIX = "matrix"
    """A command of a project is run in throw-away environments."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done, in order."""

    title: str
    """A few words, without a full stop: `move it to the trash`."""
    command: tuple[str, ...] = ()
    """What is run for it, credentials masked; empty where nothing is run."""
    staging: str = ""
    """The folder in which something new is made; what is shown of the command calls it
    `$STAGING`."""


IMPORT_CHECK = "import-check"
"""What a person accepts by this name: that packages which could be imported cannot be any more."""


@dataclass(frozen=True, slots=True)
class PackageChange:
    """A package that comes, goes, moves to another version, or is installed again."""

    name: str
    """Normalised (PEP 503)."""
    before: str | None
    """The version that is there; None where there is none yet."""
    after: str | None
    """The version that will be there; None where it is removed, empty where it is not known. The
    same as :attr:`before` where it is installed again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A guard that stands in the way."""

    guard: str
    """Its name in the contract: `unowned-files`."""
    message: str
    """The reason, in one sentence without a full stop."""
    hint: str = ""
    """A way out, best with a command that works; or empty."""
    path: str = ""
    """Which target it is about."""
    overrulable: bool = False
    """Whether a person may overrule it, by its name."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line that a person should know of a target before saying yes."""

    label: str
    """One or two words: `rebuild from`."""
    text: str
    """It may carry hostile text: shown as plain text alone."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is acted on, frozen at the moment it was shown."""

    path: str
    identity: Identity | None = None
    """What the folder was when it was shown; None where there is none yet."""
    name: str = ""
    facts: tuple[Fact, ...] = ()
    mark: str = ""
    """What its `pyvenv.cfg` was then: an inode's number is reused at once where a folder was
    removed, so the identity alone does not tell a replaced one."""
    edits: Edits = field(default_factory=Edits)
    """Installed files in it that were changed since, as far as the operation touches them."""


CACHES = "the package caches"
"""What installers share, and what clears them has for itself."""
TRASH_EMPTIED = "the trash"
"""What one operation at a time removes something from for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What an operation needs while it runs: those that do not meet may run side by side."""

    changes: frozenset[str] = frozenset()
    """Paths that are its own meanwhile, with all that is below them and the folders above."""
    alone: frozenset[str] = frozenset()
    """What one operation has at a time: a project that is built or run, a tool that keeps an index
    of its environments, the trash that is emptied."""
    reads: frozenset[str] = frozenset()
    """Paths that must stay as they are: base interpreters, what a command runs with."""

    def meets(self, other: "Claims") -> str:
        """Return what both need and cannot have at once; empty where there is no such thing."""
        mine, theirs = self.changes | self.reads, other.changes | other.reads
        return (
            _inside(self.changes, theirs)
            or _inside(theirs, self.changes)
            or _inside(other.changes, mine)
            or _inside(mine, other.changes)
            or min(self.alone & other.alone, default="")
        )


def _inside(paths: frozenset[str], others: frozenset[str]) -> str:
    """Return the first of some paths that is one of the others, or lies in one."""
    return min((path for path in paths if not others.isdisjoint(_upwards(path))), default="")


def _upwards(path: str) -> Iterator[str]:
    """Yield a path and the folders above it."""
    while True:
        yield path
        above = os.path.dirname(path)
        if above == path:
            return
        path = above


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An operation that can be shown, and run once.

    Each kind of operation derives from it and adds what its own run needs, so that what is run
    is what was shown.
    """

    runner: ClassVar[str]
    """The module whose `run(plan, context, tell, stopped)` carries it out, loaded only then."""
    id: str
    """`20261120-101502-4f2a`: when it was planned (UTC), and four random digits."""
    operation: Operation
    targets: tuple[Target, ...]
    steps: tuple[Step, ...] = ()
    package_changes: tuple[PackageChange, ...] | None = None
    """What becomes of packages, by name; None where only an installer can tell, and where none
    are installed or removed one by one."""
    warnings: tuple[str, ...] = ()
    """Why it may be a bad idea, one sentence each."""
    refusals: tuple[Refusal, ...] = ()
    """What stands in the way now; while there is any, a run is refused."""
    allowed: frozenset[str] = frozenset()
    """Guards that the person has overruled by name."""
    offers: tuple[Refusal, ...] = ()
    """What does not stand in the way now, and did at the last attempt: may be overruled too."""
    doubts: tuple[Doubt, ...] = ()
    """The packages that cannot be recreated exactly."""
    choices: Choices = field(default_factory=dict, hash=False)
    """What a person chose for those."""
    needs_bytes: int | None = None
    """Disk it takes while it runs, as far as that can be told."""
    frees_now_bytes: int | None = None
    """What is free as soon as it is done: 0 for the trash. None where it is not known."""
    reclaims_bytes: int | None = None
    """What is free after a purge. None where it is not known."""
    undo: str | None = None
    """The command that takes it back; None where nothing does."""
    kept_until: float | None = None
    """Until when it can be taken back (seconds since the epoch); None where that has no end."""
    keep_edits: bool = False
    """Whether edited files of packages are put over the new ones."""
    unneeded: tuple[str, ...] = ()
    """What only the packages that go need, gone with them or not."""
    replaced_edits: int = 0
    """How many edited files it replaces where they are not kept."""
    batch: str = ""
    """What ties it to others that were answered by one yes; empty where it stands alone."""

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs: by default, all that it acts on."""
        return Claims(changes=frozenset(target.path for target in self.targets))

    def read_result(self) -> tuple[Environment, tuple[Distribution, ...]] | None:
        """Return what was read for the plan of its environment, as long as the same is installed
        there; None where that is not known."""
        return None


@dataclass(frozen=True, slots=True)
class NoPlan:
    """Why an operation cannot even be planned, and a way out."""

    message: str
    """One sentence without a full stop; it may carry hostile text."""
    hint: str = ""
    missing: bool = False
    """Whether what was asked for is not there (exit 2), rather than something having failed."""
    nothing: bool = False
    """Whether everything is as it was asked for: there is nothing to do (exit 0)."""


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
    NOTHING = "nothing-to-do"
    """Everything was as it was asked for, and nothing was planned."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """How it ended for one of several things that a plan acts on, each for itself."""

    id: str
    path: str
    """Where it was, or where it is where that is not known."""
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
    free_bytes: int | None = None
    """What a person may still write on the disk of what was deleted; None for other operations."""
    stopped: bool = False
    """Whether a person stopped it."""
    items: tuple[ItemResult, ...] = ()
    """How it ended for each, where one that fails does not keep the others."""
    package_changes: tuple[PackageChange, ...] | None = None
    """What became of packages, by name; None where none were installed or removed one by one."""
    notice: Notice | None = None
    """What the person should know besides: that no snapshot could be kept."""


def refused(refusal: Refusal) -> Result:
    """Return the result of a plan that a guard refuses."""
    return Result(Ending.REFUSED, refusal.message, hint=refusal.hint, guard=refusal.guard)
