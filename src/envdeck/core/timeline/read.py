"""The timeline of one environment, from all that tells of its past. Nothing of it is run."""

import os
from collections.abc import Iterable, Iterator

from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment, Notice, Operation, ProjectState
from envdeck.core.operations.transaction.journal import Entry, Phase
from envdeck.core.operations.transaction.transaction import OperationStore
from envdeck.core.system import reach
from envdeck.core.system.host import Host
from envdeck.core.timeline.events import (
    PastOperation,
    in_order,
    metadata_events,
    operation_events,
    snapshot_events,
)
from envdeck.core.timeline.model import EventKind, Snapshot, TimelineEvent
from envdeck.core.timeline.project import project_events
from envdeck.core.timeline.store import SnapshotStore

_NOT_TOLD = frozenset({Operation.PURGE, Operation.RUN})
"""What changes nothing in an environment."""


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


def read_timeline(environment: Environment, host: Host) -> Timeline:
    """Look at an environment once more, and return its past, as far as anything tells of it."""
    store = SnapshotStore(host)
    if environment.site_packages:
        store.keep(environment, read_distributions(environment), source="scan")
    snapshots = store.snapshots(environment.path)
    now = host.now()
    entries, unreadable = OperationStore.of(host).journal.read_all()
    done = [one for one in entries if one.phase is Phase.DONE]
    own = [
        _past(one)
        for one in done
        if one.path == environment.path and one.operation not in _NOT_TOLD
    ]
    oldest = snapshots[-1] if snapshots else None
    events = [
        *operation_events(own),
        *snapshot_events(snapshots, own),
        *(one for one in metadata_events(oldest) if not _explained(one.at, own)),
    ]
    began = _beginning(environment, snapshots, events)
    events += _base_events(environment, began, now, events)
    notices = [] if store.notice is None else [store.notice]
    if unreadable:
        notices.append(Notice(f"{len(unreadable)} files of the journal cannot be read"))
    project = environment.project
    if project.path is not None and project.state is ProjectState.FOUND:
        files = [_past(one) for one in done if one.is_file]
        found = project_events(project.path, environment.path, host, began, [*own, *files])
        events += found.events
        notices += found.notices
    return Timeline(environment.path, snapshots, in_order(events), tuple(notices))


def _past(entry: Entry) -> PastOperation:
    ended = entry.created_at if entry.ended_at is None else entry.ended_at
    file = entry.path if entry.is_file else entry.file
    return PastOperation(entry.id, entry.operation.value, entry.created_at, ended, file)


def _explained(at: float, operations: Iterable[PastOperation]) -> bool:
    """Tell whether an operation ran at a time: then it says what was installed."""
    return any(one.began - 1 <= at <= one.ended + 1 for one in operations)


def _changed_at(path: str) -> float | None:
    try:
        time = reach.stat(path).st_mtime
    except (OSError, ValueError):
        return None
    return time if time > 0 else None


def _beginning(
    environment: Environment, snapshots: Iterable[Snapshot], events: Iterable[TimelineEvent]
) -> float:
    """Return the earliest time that anything tells of the environment."""
    times = [*(one.taken_at for one in snapshots), *(one.at for one in events)]
    made = _changed_at(os.path.join(environment.path, "pyvenv.cfg"))
    return min([*times, *([] if made is None else [made])], default=0.0)


def _base_events(
    environment: Environment, began: float, now: float, known: Iterable[TimelineEvent]
) -> Iterator[TimelineEvent]:
    """Yield that the base interpreter was replaced, as the times of its program tell, where no
    two snapshots tell it."""
    program = environment.python.base_executable
    if program is None or environment.python.base is None:
        return
    try:
        status = reach.stat(program)
    except (OSError, ValueError):
        return
    # A package keeps the time at which it was built; the change of the inode is when it came.
    at = status.st_ctime if status.st_mtime <= status.st_ctime <= now else status.st_mtime
    if not began < status.st_mtime <= now:
        return
    for one in known:
        low = one.at if one.earliest is None else one.earliest
        if one.kind is EventKind.INTERPRETER and low - 1 <= status.st_mtime <= one.at + 1:
            return
    yield TimelineEvent(
        at,
        EventKind.INTERPRETER,
        environment.python.base,
        None,
        environment.python.version,
        source="files",
        certain=False,
        detail="replaced",
    )
