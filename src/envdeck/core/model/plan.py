"""What will be done, before it is done: one value for dialog, text, JSON and run."""

from dataclasses import dataclass, field
from enum import StrEnum

from envdeck.core.model.doubt import Choices, Doubt
from envdeck.core.model.edits import Edits
from envdeck.core.model.environment import Identity


class Operation(StrEnum):
    """What is done, by its name in the contract."""

    DELETE = "delete"
    RECREATE = "recreate"
    UPGRADE = "upgrade"
    CREATE = "create"
    UNDO = "undo"
    PURGE = "purge"
    EDIT = "edit"
    """One file of a project is written anew: a `.env`, a `.gitignore`."""
    RUN = "run"
    """A command of the project is run: its hooks are installed, its tests are started."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done, in order."""

    title: str
    """A few words, without a full stop: `move it to the trash`."""
    command: tuple[str, ...] = ()
    """What is run for it, credentials masked; empty where nothing is run."""


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
    """What its `pyvenv.cfg` was then: an inode's number is given anew at once where a folder was
    removed, so the identity alone does not tell a replaced one."""
    edits: Edits = field(default_factory=Edits)
    """Installed files in it that were changed since, as far as the operation touches them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An operation that can be shown, and run once.

    Each kind of operation derives from it and adds what its own run needs, so that what is run
    is what was shown.
    """

    id: str
    """`20261120-101502-4f2a`: when it was planned (UTC), and four random digits."""
    operation: Operation
    targets: tuple[Target, ...]
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()
    """Why it may be a bad idea, one sentence each."""
    refusals: tuple[Refusal, ...] = ()
    """What stands in the way now; while there is any, a run is refused."""
    allowed: frozenset[str] = frozenset()
    """Guards that the person has overruled by name."""
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
    replaced_edits: int = 0
    """How many edited files it replaces where they are not kept."""


@dataclass(frozen=True, slots=True)
class NoPlan:
    """Why an operation cannot even be planned, and a way out."""

    message: str
    """One sentence without a full stop; it may carry hostile text."""
    hint: str = ""
    missing: bool = False
    """Whether what was asked for is not there (exit 2), rather than something having failed."""
