"""Snapshots and events, as values."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Self

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Distribution


@dataclass(frozen=True, slots=True)
class SnapshotPackage:
    """One distribution, as it was."""

    name: str
    """Normalised (PEP 503)."""
    version: str
    origin: str | None = None
    """The `direct_url.json` URL (PEP 610) with credentials masked; None for an index."""
    record: str = ""
    """A digest of its RECORD: the same version installed from another build has another."""
    editable: bool = False
    vcs: str = ""
    """The version control system it came from, and what was checked out; empty where that was not
    told, or not kept."""
    commit: str = ""

    @classmethod
    def of(cls, one: Distribution) -> Self:
        """Return what is kept of a distribution."""
        told = one.name, one.version, one.origin, one.record, one.editable
        return cls(*told, one.vcs, one.commit)

    @property
    def row(self) -> list[str | bool | None]:
        """The same as JSON has it; one without a commit is written as before those were kept, so
        that its set has the same name."""
        more = [self.vcs, self.commit] if self.commit else []
        return [self.name, self.version, self.origin, self.record, self.editable, *more]

    @property
    def texts(self) -> tuple[str, ...]:
        """All that must be texts."""
        return self.name, self.version, self.record, self.vcs, self.commit


BASE = ""
"""Stands for the base interpreter among the names of packages."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The packages of an environment, as one look or several in a row saw them."""

    id: str
    """From the content: the same packages on the same interpreter have the same."""
    path: str
    """Of the environment."""
    taken_at: float
    """Seconds since the epoch: the first look that saw this."""
    last_seen: float
    """The last look that saw this."""
    python: str | None
    base: str | None
    packages: tuple[SnapshotPackage, ...]
    """By name."""
    good: bool = False
    """Whether it is known to have worked: a person said so, or a command passed on it."""
    source: str = "scan"
    """Who looked: `scan`, or the name of the operation that left this."""
    installed: tuple[tuple[str, float], ...] = ()
    """Name and time of each package that the look before did not see so, as its metadata folder
    told then; under :data:`BASE`, that of the base interpreter's program."""

    @property
    def versions(self) -> dict[str, str]:
        """Versions by name."""
        return {one.name: one.version for one in self.packages}


@dataclass(frozen=True, slots=True)
class NoSnapshot:
    """Why a reference names no snapshot."""

    reason: str
    hint: str = ""


class EventKind(StrEnum):
    """What happened, as in the JSON contract."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    OPERATION = "operation"
    INTERPRETER = "interpreter"
    MANIFEST = "manifest"
    LOCK = "lock"
    DOTENV = "dotenv"


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One thing that happened to an environment, its project, or its base interpreter."""

    at: float
    """Seconds since the epoch; the latest time that it can have happened at."""
    kind: EventKind
    subject: str
    """The distribution, operation, interpreter or file."""
    before: str | None = None
    after: str | None = None
    earliest: float | None = None
    """The look before, where it happened between two looks."""
    source: str = ""
    """Where this is known from: `snapshots`, `metadata`, `journal`, `git`, `files`."""
    certain: bool = True
    """Whether it was observed, and not inferred."""
    detail: str = ""
    """One line more: the subject of a commit, the names of keys."""


def changes(old: Snapshot, new: Snapshot) -> Iterator[TimelineEvent]:
    """Yield what came, went and changed between two snapshots, by name."""
    before, after = old.versions, new.versions
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was != now:
            kind = EventKind.ADDED if was is None else EventKind.CHANGED
            kind = EventKind.REMOVED if now is None else kind
            yield TimelineEvent(
                new.taken_at, kind, name, was, now, earliest=old.last_seen, source="snapshots"
            )
    if old.python != new.python:
        yield TimelineEvent(
            new.taken_at,
            EventKind.INTERPRETER,
            new.base or old.base or "",
            old.python,
            new.python,
            earliest=old.last_seen,
            source="snapshots",
        )


@dataclass(frozen=True, slots=True)
class StateDifference:
    """One package that differs between the good state and the bad one."""

    name: str
    """Normalised (PEP 503)."""
    before: str | None
    """Its version in the good state; None: it was not installed."""
    after: str | None
    """Its version in the bad state; None: it is not installed."""
    obstacle: str = ""
    """Why one of the two cannot be installed again, so that it stays as it is now."""

    @property
    def words(self) -> str:
        """The change in words: `urllib3 1.26.20 → 2.5.0`."""
        return f"{self.name} {self.before or 'not installed'} → {self.after or 'not installed'}"


def suspects(good: Snapshot, bad: Snapshot) -> tuple[StateDifference, ...]:
    """Return what differs between two snapshots, by name."""
    before = {one.name: one for one in good.packages}
    after = {one.name: one for one in bad.packages}
    found = []
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        found.append(
            StateDifference(
                name,
                one.version if one else None,
                other.version if other else None,
                _obstacle(one) or _obstacle(other),
            )
        )
    return tuple(found)


def _obstacle(package: SnapshotPackage | None) -> str:
    if package is None or not (package.editable or package.origin):
        return ""
    kind = "editable" if package.editable else f"installed from {package.origin}"
    return f"{package.name} {package.version} is {kind}"
