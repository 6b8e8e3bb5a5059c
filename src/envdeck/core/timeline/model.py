"""Snapshots and events as values; events from snapshots, metadata folders and the journal, each
once, newest first."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Self

from envdeck.core.inspection.packages.provenance import spelt_url
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import Distribution, Notice


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
    def read(cls, one: Distribution) -> Self:
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


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is known of the past of one environment."""

    path: str
    snapshots: tuple[Snapshot, ...]
    """Newest first."""
    events: tuple[TimelineEvent, ...]
    """Newest first."""
    notices: tuple[Notice, ...] = ()
    """What could not be looked at."""


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


_AFTER_SECONDS = 300
"""How long after its end the snapshot of an operation may be taken."""
_SHORT = 10
"""Letters of a commit that are told."""
_ORDER = tuple(EventKind)
_FIRST = (EventKind.OPERATION, EventKind.INTERPRETER)
"""What comes before the packages that changed with it."""


@dataclass(frozen=True, slots=True)
class PastOperation:
    """What the journal tells of one operation that is done."""

    id: str
    name: str
    """`upgrade`"""
    began: float
    ended: float
    file: str = ""
    """A file that it wrote: the project's lock, or the file that it is about."""


def sort_events(events: Iterable[TimelineEvent]) -> tuple[TimelineEvent, ...]:
    """Return events newest first, each once; an operation stands before what it changed."""
    unique = dict.fromkeys(events)
    return tuple(
        sorted(
            unique,
            key=lambda one: (
                -one.at,
                one.kind not in _FIRST,
                _ORDER.index(one.kind) if one.kind in _FIRST else 0,
                one.subject,
                one.kind,
            ),
        )
    )


def operation_events(operations: Iterable[PastOperation]) -> Iterator[TimelineEvent]:
    """Yield an event for each operation."""
    for one in operations:
        yield TimelineEvent(
            one.ended, EventKind.OPERATION, one.name, source="journal", detail=one.id
        )


def snapshot_events(
    snapshots: Sequence[Snapshot], operations: Sequence[PastOperation]
) -> Iterator[TimelineEvent]:
    """Yield how successive snapshots differ; they are given newest first.

    What an operation left is from its time, and that it installed packages again is not said for
    each of them. Else a change is between two looks; the time of what was put there tells more
    exactly when, where it is between the two.
    """
    for after, before in pairwise(snapshots):
        operation = _find_cause(after, operations)
        earliest = None if operation else before.last_seen
        if earliest is not None and earliest > after.taken_at:  # a clock was set back
            earliest = None
        installed = dict(after.installed)
        at = min(operation.ended, after.taken_at) if operation else after.taken_at
        for event in _differences(before, after, by_operation=after.source != "scan"):
            event = replace(event, at=at, earliest=earliest, source="snapshots")
            name = BASE if event.kind is EventKind.INTERPRETER else event.subject
            time = installed.get(name)
            if time is not None and earliest is not None and earliest < time < at:
                event = replace(event, at=time)
            yield event


def _find_cause(snapshot: Snapshot, operations: Iterable[PastOperation]) -> PastOperation | None:
    """Return the operation after which a snapshot was taken."""
    found = [
        one
        for one in operations
        if one.name == snapshot.source and 0 <= snapshot.taken_at - one.ended <= _AFTER_SECONDS
    ]
    return max(found, key=lambda one: one.ended, default=None)


def _differences(
    before: Snapshot, after: Snapshot, *, by_operation: bool
) -> Iterator[TimelineEvent]:
    """Yield what differs, without its time."""
    if before.python and after.python and before.python != after.python:
        subject = after.base or before.base or "python"
        yield TimelineEvent(0, EventKind.INTERPRETER, subject, before.python, after.python)
    elif before.base and after.base and before.base != after.base:
        yield TimelineEvent(0, EventKind.INTERPRETER, after.base, before.base, after.base)
    old, new = _group_names(before.packages), _group_names(after.packages)
    for name in sorted(old.keys() | new.keys()):
        was, there = old.get(name, ()), new.get(name, ())
        if was == there:
            continue
        first, last = _versions(was), _versions(there)
        if not was:
            yield TimelineEvent(0, EventKind.ADDED, name, None, last, detail=_origins(there))
        elif not there:
            yield TimelineEvent(0, EventKind.REMOVED, name, first, None)
        elif first != last:
            yield TimelineEvent(0, EventKind.CHANGED, name, first, last, detail=_origins(there))
        elif _places(was) != _places(there):
            yield TimelineEvent(
                0, EventKind.CHANGED, name, first, last, detail=_origins(there) or "from the index"
            )
        elif detail := _replaced(was, there, by_operation=by_operation):
            yield TimelineEvent(0, EventKind.CHANGED, name, first, last, detail=detail)


def _replaced(
    was: Sequence[SnapshotPackage], there: Sequence[SnapshotPackage], *, by_operation: bool
) -> str:
    """Say in which way other files of the same version are there, as far as both looks tell."""
    commits = [[one.commit[:_SHORT] for one in each] for each in (was, there)]
    if all(map(all, commits)) and commits[0] != commits[1]:
        return f"{_origins(there)}, commit {' → '.join(map(', '.join, commits))}"
    records = [[one.record for one in each] for each in (was, there)]
    changed = all(map(all, records)) and records[0] != records[1]
    return "reinstalled" if changed and not by_operation else ""


def _group_names(packages: Iterable[SnapshotPackage]) -> dict[str, tuple[SnapshotPackage, ...]]:
    """Return the distributions of each name: one, unless an installer left two."""
    named: dict[str, tuple[SnapshotPackage, ...]] = {}
    for one in packages:
        named[one.name] = (*named.get(one.name, ()), one)
    return named


def _versions(packages: Iterable[SnapshotPackage]) -> str:
    return ", ".join(one.version for one in packages)


def _places(packages: Iterable[SnapshotPackage]) -> list[tuple[bool, str]]:
    """Return where packages came from, for comparison; older snapshots have other spellings."""
    return [(one.editable, spelt_url(one.origin)) for one in packages if one.origin]


def _origins(packages: Iterable[SnapshotPackage]) -> str:
    """Say where packages came from, where that is no index; credentials are masked already."""
    return ", ".join(
        f"editable, from {one.origin}" if one.editable else f"from {one.origin}"
        for one in packages
        if one.origin
    )


def metadata_events(oldest: Snapshot | None) -> Iterator[TimelineEvent]:
    """Yield when what the oldest snapshot saw was installed, as its metadata folders told: an
    inference, since nobody looked, and what was replaced then is not known."""
    if oldest is None or oldest.source != "scan":
        return
    installed = dict(oldest.installed)
    for one in oldest.packages:
        if one.name in installed:
            yield TimelineEvent(
                min(installed[one.name], oldest.taken_at),
                EventKind.ADDED,
                one.name,
                None,
                one.version,
                source="metadata",
                certain=False,
                detail=_origins((one,)),
            )
