"""Which packages are to be upgraded, and to what: the picker, without a screen."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.operations.upgrade.model import level

if TYPE_CHECKING:
    from envdeck.core.operations.upgrade.model import Fixed, UpgradeCandidate, UpgradeCandidates

GROUPS = ("patch", "minor", "major", "other")
"""The groups of the picker in their order, by the names of `Level`."""
PRESELECTED = frozenset({"patch", "minor"})
"""What is chosen from the start: a major release may break what uses it."""
HELD = "held"
"""The group of those for which the resolver takes nothing newer than what is here."""


@dataclass(frozen=True, slots=True)
class UpgradeChoice:
    """What a person wants to have upgraded."""

    wanted: dict[str, str | None]
    """Each name with a version, or None for the newest that the others permit."""
    lock: bool = False
    """Whether the project's own tool is to upgrade its lock file, and the environment with it."""


@dataclass(slots=True)
class UpgradePicker:
    """What could be upgraded in groups, and what of it is chosen.

    Everything goes by name, never by place.
    """

    candidates: "UpgradeCandidates"
    lock: bool = False
    _chosen: set[str] = field(default_factory=set)
    _versions: dict[str, str] = field(default_factory=dict)
    _groups: dict[str, list["UpgradeCandidate"]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.candidates.rows:
            self._groups.setdefault(_group(row), []).append(row)
        self._chosen = {row.name for name in PRESELECTED for row in self._groups.get(name, ())}

    # what there is

    @property
    def groups(self) -> Mapping[str, list["UpgradeCandidate"]]:
        """The groups that are not empty, in order; those held back wholly come last."""
        return {
            name: sorted(self._groups[name], key=lambda row: row.name)
            for name in (*GROUPS, HELD)
            if name in self._groups
        }

    @property
    def fixed(self) -> tuple["Fixed", ...]:
        """What is not upgraded from an index, each with its reason."""
        return self.candidates.fixed

    @property
    def empty(self) -> bool:
        """Whether there is nothing that could be chosen."""
        return not self.candidates.rows

    def candidate(self, name: str) -> "UpgradeCandidate | None":
        """Return the row of a name."""
        return next((row for row in self.candidates.rows if row.name == name), None)

    # what is chosen

    @property
    def chosen(self) -> frozenset[str]:
        """The names that are chosen."""
        return frozenset(self._chosen)

    def is_chosen(self, name: str) -> bool:
        """Whether a name is chosen."""
        return name in self._chosen

    def count(self, group: str) -> int:
        """Return how many of a group are chosen."""
        return sum(row.name in self._chosen for row in self._groups.get(group, ()))

    def toggle(self, name: str) -> str:
        """Choose a name, or leave it; return why that cannot be, or nothing.

        One that is held back wholly can be chosen for a version of the person's own alone.
        """
        row = self.candidate(name)
        if row is None:
            return ""
        if name in self._chosen:
            self._chosen.discard(name)
        elif self.version_of(row) == row.installed:
            return "no newer compatible version; enter a version instead"
        else:
            self._chosen.add(name)
        return ""

    def toggle_group(self, group: str) -> None:
        """Choose a whole group, or none of it where all of it was chosen."""
        rows = self._groups.get(group, ())
        names = {row.name for row in rows if self.version_of(row) != row.installed}
        if names <= self._chosen:
            self._chosen -= names
        else:
            self._chosen |= names

    # versions

    def version_of(self, row: "UpgradeCandidate") -> str:
        """Return the version that a row would move to, as far as is known before resolving."""
        return self._versions.get(row.name, row.target)

    def level_of(self, row: "UpgradeCandidate") -> str:
        """Return how far a row would move, by the name of the level: as far as it was asked to,
        and not as was proposed."""
        version = self.version_of(row)
        if version in {row.target, row.installed}:
            return row.level.value
        return level(row.installed, version).value

    def is_changed(self, name: str) -> bool:
        """Whether the person asked for another version than the one proposed."""
        return name in self._versions

    def step(self, name: str, by: int) -> str:
        """Go to the next newer (1) or older (-1) version that is known of a name, and choose it;
        return why there is none, or nothing."""
        row = self.candidate(name)
        if row is None:
            return ""
        known = _known_versions(row, self._versions.get(name))
        place = known.index(self.version_of(row)) + by
        if not 0 <= place < len(known):
            which = "newer" if by > 0 else "older"
            return f"no known {which} version; enter a version instead"
        self._take(row, known[place])
        return ""

    def set_version(self, name: str, text: str) -> str:
        """Ask for a version, and choose the name; return why it cannot be, or nothing. No text
        takes back what was asked for."""
        row = self.candidate(name)
        text = text.strip().removeprefix("==").strip()
        if row is None:
            return ""
        if not text:
            self._take(row, row.target)
            return ""
        try:
            version = str(Version(text))
        except (InvalidVersion, ValueError):  # no version, or of more digits than Python reads
            return "invalid version"
        self._take(row, version)
        return ""

    def _take(self, row: "UpgradeCandidate", version: str) -> None:
        if version == row.target:
            self._versions.pop(row.name, None)
        else:
            self._versions[row.name] = version
        if version == row.installed:
            self._chosen.discard(row.name)
        else:
            self._chosen.add(row.name)

    def answer(self) -> UpgradeChoice:
        """Return what was chosen."""
        return UpgradeChoice(
            {name: self._versions.get(name) for name in sorted(self._chosen)}, self.lock
        )


def _group(row: "UpgradeCandidate") -> str:
    if not row.upgradable:
        return HELD
    return row.level.value


def _known_versions(row: "UpgradeCandidate", asked: str | None) -> list[str]:
    """Return the versions known of a row, the oldest first: proposed, newest, asked for."""
    versions = dict.fromkeys((row.target, row.latest))
    if asked is not None:
        versions[asked] = None
    return sorted(versions, key=lambda text: _order(text, versions))


def _order(text: str, versions: Iterable[str]) -> tuple[object, ...]:
    try:
        return (0, Version(text))
    except (InvalidVersion, ValueError):  # an old spelling stays where it was
        return (1, list(versions).index(text))
