"""`UpgradeCandidate`, `Resolution`, levels, and the `Resolver` protocol."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from packaging.version import InvalidVersion, Version

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import PackageChange
from envdeck.core.operations.engine.command import Command
from envdeck.core.operations.engine.failure import Failure


class Level(StrEnum):
    """How far the newest release is from what is installed, by its version number alone."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"
    OTHER = "other"
    """It cannot be told: a version that PEP 440 does not read, or another epoch."""


@dataclass(frozen=True, slots=True)
class UpgradeCandidate:
    """An installed distribution for which the index has something newer."""

    name: str
    """Normalised (PEP 503)."""
    installed: str
    target: str
    """The newest that the resolver takes when everything here may move; :attr:`installed` where
    that is what is here (then :attr:`held_back_by` says why)."""
    latest: str
    """The newest on the index that this interpreter takes; at least :attr:`target`."""
    level: Level
    """From installed to target; to latest where the target is what is installed."""
    held_back_by: tuple[str, ...] = ()
    """Why the target is below the latest, one phrase each: `requests requires urllib3<2`. Empty
    where it is not held back."""
    released: str | None = None
    """The day the target was released (`2026-09-30`), where the index tells; None: not told."""
    seed: bool = False
    """pip, setuptools or wheel, which the creator put there."""

    @property
    def held_back(self) -> bool:
        """Whether the newest cannot be had."""
        return self.target != self.latest

    @property
    def upgradable(self) -> bool:
        """Whether there is anything to move to."""
        return self.target != self.installed


@dataclass(frozen=True, slots=True)
class Fixed:
    """An installed distribution that is not upgraded from an index, and why."""

    name: str
    installed: str
    reason: str
    """`is installed in place (editable)`."""


@dataclass(frozen=True, slots=True)
class UpgradeCandidates:
    """What could be upgraded in one environment."""

    rows: tuple[UpgradeCandidate, ...]
    """By name; every installed name that has something newer, once."""
    fixed: tuple[Fixed, ...] = ()
    """By name; what is left where it is."""
    current: int = 0
    """How many are the newest already."""


@dataclass(frozen=True, slots=True)
class HeldPackage:
    """A chosen name that does not get as far as was asked, and why."""

    name: str
    wanted: str
    gets: str
    because: tuple[str, ...] = ()
    """`requests requires urllib3<2`; empty where nothing installed says so."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an upgrade of the chosen names comes to, over everything installed."""

    changes: tuple[PackageChange, ...]
    """Everything that would change, by name; empty where nothing would."""
    moves_along: tuple[str, ...] = ()
    """Names in :attr:`changes` that were not chosen."""
    held: tuple[HeldPackage, ...] = ()
    requirements: tuple[str, ...] = ()
    """Lines for an installer that bring exactly this about: one `name==version` for everything
    that is to be installed. Install them without resolving again (`--no-deps`)."""


@dataclass(frozen=True, slots=True)
class LockChange:
    """What upgrades the lock file of a project."""

    file: str
    """Its path."""
    project: str
    tool: str
    """The manager whose lock it is."""
    command: Command


@dataclass(frozen=True, slots=True)
class InstallChange:
    """Packages that are added, installed again, or removed."""

    changes: tuple[PackageChange, ...]
    """Everything that changes, by name."""
    requirements: tuple[str, ...] = ()
    """`name==version` of everything that is installed, without resolving again."""
    lines: Mapping[str, str] = field(default_factory=dict)
    """By name the line that brings back each distribution that an index has, as it will be: for
    what shares files with one that is removed."""
    again: tuple[str, ...] = ()
    """Names that are installed again at the version they have."""
    halves: tuple[str, ...] = ()
    """Metadata folders without RECORD, relative to the environment: no installer can remove what
    they are of, so they go first, and the rest is overwritten."""
    broken: frozenset[str] = frozenset()
    """Names that stay and that a person lets lose what they require."""

    @property
    def removed(self) -> tuple[str, ...]:
        """The names that go."""
        return tuple(each.name for each in self.changes if each.after is None)


@dataclass(frozen=True, slots=True)
class Cleanup:
    """What an interrupted installer left is removed."""

    paths: tuple[str, ...]
    """Relative to the environment."""


class Resolver(Protocol):
    """What planning asks of an installer; nothing of it changes an environment."""

    def plan(
        self,
        names: Sequence[str],
        constraints: Sequence[str],
        upgrade: Sequence[str],
        overrides: Sequence[str] = (),
    ) -> tuple[PackageChange, ...] | Failure:
        """Return what installing all those names would change. Those to upgrade go as far as
        the constraints let them; the others stay where the constraints and the rest let them.
        `overrides` stand in place of whatever anything requires of those names."""
        ...

    def unanswered(self, names: Sequence[str]) -> dict[str, Failure]:
        """Return by name why the index has nothing to say of it; what it has a release of is
        left out."""
        ...

    def latest(self) -> dict[str, str] | Failure:
        """Return the newest release by name, of what is installed and not the newest already."""
        ...

    def released(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return the days of those releases by name (`2026-09-30`), where the index tells."""
        ...


def level(installed: str, target: str) -> Level:
    """Return how far `target` is from `installed`, by their numbers alone (PEP 440).

    The first number that differs decides: the first one is major, the second minor, and all
    behind it patch, as are a post-release, a local label, and the step from a pre-release to
    its release. While the first number is 0, a change of the second is major too, which is how
    npm-check-updates and the caret of semantic versioning have it. A calendar version is taken
    by its numbers like any other: from 2025.1 to 2026.1 is major. It promises nothing: authors
    number as they like. Across epochs numbers do not compare.
    """
    try:
        before, after = Version(installed), Version(target)
    except (InvalidVersion, ValueError):  # no version, or of more digits than Python reads
        return Level.OTHER
    if before.epoch != after.epoch:
        return Level.OTHER
    if before.major != after.major:
        return Level.MAJOR
    if before.minor != after.minor:
        return Level.MINOR if before.major else Level.MAJOR
    return Level.PATCH
