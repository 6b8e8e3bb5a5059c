"""The recipe of an environment: every distribution in it, as one line that installs it again."""

from dataclasses import dataclass, field
from enum import StrEnum

from envdeck.core.inspection.credentials import mask_text
from envdeck.core.model import Creation

SEEDS = frozenset({"pip", "setuptools", "wheel"})
"""What creators put into a new environment by themselves."""


class PinKind(StrEnum):
    """Where a distribution came from, by which it can be had again."""

    INDEX = "index"
    EDITABLE = "editable"
    DIRECTORY = "directory"
    ARCHIVE = "archive"
    """A wheel or source archive by its URL, a local file among them."""
    VCS = "vcs"


@dataclass(frozen=True, slots=True)
class Pin:
    """One distribution, exactly as it is installed.

    Extras that a person asked for are not among it: no installer records them. What they
    brought is pinned by itself, so nothing is lost.
    """

    name: str
    """Normalised (PEP 503)."""
    display_name: str
    version: str
    kind: PinKind
    requirement: str = field(repr=False)
    """One line of a requirements file; it may hold credentials, so it is never shown, logged or
    written anywhere but into a file of mode 0600. Empty where none can be made."""
    path: str
    """Its metadata folder, or file."""
    requested: bool = False
    """Whether it bears the REQUESTED mark (uv marks every package)."""
    installer: str | None = None
    seed: bool = False
    """Whether it is pip, setuptools or wheel, which the creator may have put there."""
    direct_url: bytes | None = field(default=None, repr=False)
    """The raw `direct_url.json`; it may hold credentials."""
    source: str | None = None
    """The path on this machine that it is installed from: a project, a wheel, a repository."""
    anchored: bool = False
    """Whether its origin settles its content: a commit, a hash, or a folder of this machine."""
    rows: str = ""
    """A digest of its RECORD rows, as :func:`rows_digest` has it; empty without a RECORD."""
    hashed: bool = False
    """Whether every row that counts for that has a hash."""
    problem: str = ""
    """What a person should know of it, or empty."""
    obstacle: str = ""
    """Why its requirement cannot bring it back (its wheel is gone), or empty. Salvage may."""
    superseded: bool = False
    """Whether another distribution of that name is the one whose files are there."""

    @property
    def local(self) -> bool:
        """Whether it has a local version (`1.0+cpu`), which the usual index seldom has."""
        return "+" in self.version

    @property
    def shown(self) -> str:
        """Its line with credentials masked."""
        return mask_text(self.requirement)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that makes an environment what it is, but for the files that no package owns."""

    path: str
    """Of the environment."""
    python: str | None
    """The version of its interpreter, as exact as its files tell."""
    creation: Creation
    pins: tuple[Pin, ...] = ()
    """Every distribution, doubles included, by name."""
    leftovers: tuple[str, ...] = ()
    """Paths of what a pip that was killed left aside (`~umpy`); not carried over."""
    problems: tuple[str, ...] = ()
    """What is amiss with the package folders themselves, one sentence each."""

    @property
    def installed(self) -> tuple[Pin, ...]:
        """Each name once: what has to be there in a new environment."""
        return tuple(pin for pin in self.pins if not pin.superseded)

    def freeze_lines(self) -> tuple[str, ...]:
        """Return the public text, for the manifest and the journal: credentials masked."""
        return tuple(
            pin.shown or " ".join(f"# {pin.name}: {pin.problem or pin.obstacle}".split())
            for pin in self.installed
        )

    def requirements(self) -> str:
        """Return the content of a requirements file of all that its lines bring back.

        It may hold credentials. It pins everything, so it is installed without dependencies.
        """
        lines = [pin.requirement for pin in self.installed if pin.requirement and not pin.obstacle]
        return "".join(f"{line}\n" for line in lines)
