"""What lies between what a project declares or locks and what its environment holds. Values only;
:func:`envdeck.core.project.comparing.compare` finds them."""

from dataclasses import dataclass, field
from enum import StrEnum

from envdeck.core.project.deployed.model import NamedPython
from envdeck.core.project.model import Lock, Manifest, Problem, WantedPython


class DriftKind(StrEnum):
    """In which way a package is not as the project says."""

    MISSING = "missing"
    """Declared or locked, and not installed."""
    NOT_AS_LOCKED = "not-as-locked"
    """Installed at another version than the lock file has."""
    OUTSIDE = "outside"
    """Installed at a version that what is declared does not allow."""
    UNREACHABLE = "unreachable"
    """Installed, and neither declared, nor locked, nor needed by anything that is."""


class Mend(StrEnum):
    """The operation that mends a drift."""

    FROM_LOCK = "from-lock"
    """Recreate from the lock file."""
    FROM_DECLARED = "from-declared"
    """Recreate from what is declared."""
    INTERPRETER = "interpreter"
    """Recreate on the Python that the project asks for."""
    NONE = ""
    """None of ours: the message says why."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One package that is not as the project says."""

    kind: DriftKind
    name: str
    """Normalised (PEP 503)."""
    wanted: str
    """The locked version, or the specifier that is declared (`>=2,<3`); empty where any will do."""
    installed: str | None
    """The version that is there; behind it, in brackets, where it is from when from no index:
    `1.0 (editable)`. None where it is not installed."""
    file: str = ""
    """What says so: the lock file or the manifest."""
    line: int | None = None
    under: tuple[str, ...] = ()
    """The groups and extras that alone ask for it (`group:dev`, `extra:docs`); empty: the
    project's own dependencies, or, of what is unreachable, nothing at all."""
    mend: Mend = Mend.NONE


@dataclass(frozen=True, slots=True)
class Part:
    """The project's own dependencies, one of its groups, or one of its extras."""

    id: str
    """Empty for the project's own; `group:dev`, `extra:docs`."""
    declared: int
    """So many requirements hold for this interpreter."""
    installed: int
    """So many of them are installed, at whatever version."""
    default: bool = False
    """Whether its tool installs it without being asked."""
    counts: bool = False
    """Whether it is taken for wanted here: by default, or since all of it is installed. Only what
    such parts ask for is drift."""


@dataclass(frozen=True, slots=True)
class PythonDrift:
    """One Python that the project names, beside the environment's own."""

    message: str
    """`requires-python asks for >=3.12, and this is 3.11.4`; without a full stop."""
    file: str
    line: int | None = None
    error: bool = False
    """Whether it breaks what the project asks for; else it is worth knowing."""
    wanted: str = ""
    """A version that mends it, for an interpreter to be picked by: `3.12`; empty: none does."""


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that the files of a project say, read once. Nothing of it was run."""

    folder: str
    manifests: tuple[Manifest, ...] = ()
    locks: tuple[Lock, ...] = ()
    wanted: WantedPython = field(default_factory=WantedPython)
    named: tuple[NamedPython, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Of all of its files, each once."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A project beside one environment."""

    project: Project
    parts: tuple[Part, ...] = ()
    drifts: tuple[Drift, ...] = ()
    """Missing ones first, then those at other versions, then the unreachable; each by name."""
    pythons: tuple[PythonDrift, ...] = ()
    against: str = ""
    """The lock file that versions were compared with; empty where none can be used."""
    unchecked: tuple[str, ...] = ()
    """What could not be compared, and why: one sentence each, without a full stop."""
    agreed: int = 0
    """So many installed packages are as the project says."""
