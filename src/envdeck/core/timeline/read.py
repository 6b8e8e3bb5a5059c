"""The timeline of an environment: its snapshots, operations and metadata, and its project's
manifests, locks and dotenv files, by git where that knows. Nothing is run but git."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from envdeck.core.dotenv.files import find_files, names_a_key, read_contents
from envdeck.core.dotenv.model import FileKind
from envdeck.core.dotenv.syntax import parse
from envdeck.core.git import Commit, FileHistory, Git
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Environment, Notice, Operation, ProjectState
from envdeck.core.operations.transaction.journal import Entry, Phase
from envdeck.core.operations.transaction.transaction import OperationStore
from envdeck.core.project.locks.find import find_locks
from envdeck.core.project.project import manifest_files
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode
from envdeck.core.system.host import Host
from envdeck.core.system.words import counted
from envdeck.core.timeline.model import (
    EventKind,
    PastOperation,
    Snapshot,
    Timeline,
    TimelineEvent,
    metadata_events,
    operation_events,
    snapshot_events,
    sort_events,
)
from envdeck.core.timeline.store import SnapshotStore

COMMITS = 200
"""So many commits are read, the newest."""
_NAMED = 12
"""So many names of keys are told; more are counted."""
_REVISIONS = 80
"""Of dotenv files, two for each commit; what they hold is read for the newest."""
_SAME_SECONDS = 2.0
"""How far the time of a file may be from that of the operation that wrote it."""
_ENVIRONMENTS = ("environment.yml", "environment.yaml")


@dataclass(slots=True)
class ProjectPast:
    """What the files of a project tell."""

    events: list[TimelineEvent] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def project_events(
    project: str,
    environment: str,
    host: Host,
    since: float,
    operations: Sequence[PastOperation],
) -> ProjectPast:
    """Return what happened to the manifests, locks and dotenv files of a project since a time.

    In a repository its commits tell; a file that is not in it, or not as it was committed, and
    any file without a repository, was changed when it says it was. Of a dotenv file only names
    of keys are read, and no name that looks like a secret.
    """
    files = _files(project, environment)
    past = ProjectPast()
    history = FileHistory(Git(host), project)
    commits = history.commits(files, since=since, most=COMMITS)
    past.events += _commit_events(project, files, commits, history)
    committed = history.unchanged(files)
    if history.problem:
        past.notices.append(Notice(f"commits of {project} were not read: {history.problem}"))
    for path, kind in files.items():
        if committed.get(path):
            continue
        own = [one for one in operations if one.file == path]
        at = _changed_at(path, follow=False)
        explained = at is not None and any(
            one.began - _SAME_SECONDS <= at <= one.ended + _SAME_SECONDS for one in own
        )
        if at is not None and since <= at <= host.now() and not explained:
            detail = "not committed" if path in committed else ""
            if kind is EventKind.DOTENV and path in committed:
                kept = history.contents([(path, "HEAD")]).get((path, "HEAD"))
                detail = _key_changes(kept, _content(path)) or detail
            past.events.append(
                TimelineEvent(
                    at, kind, os.path.relpath(path, project), source="files", detail=detail
                )
            )
    past.events += [
        TimelineEvent(
            one.ended,
            EventKind.DOTENV,
            os.path.relpath(one.file, project),
            source="journal",
            detail=f"{one.name} {one.id}",
        )
        for one in operations
        if files.get(one.file) is EventKind.DOTENV and one.ended >= since
    ]
    return past


def _files(project: str, environment: str) -> dict[str, EventKind]:
    """Return the files of a project that tell what an environment should hold, by their paths."""
    found = dict.fromkeys(manifest_files(project), EventKind.MANIFEST)
    for name in _ENVIRONMENTS:
        path = os.path.join(project, name)
        if reach.isfile(path):
            found[path] = EventKind.MANIFEST
    found |= dict.fromkeys(find_locks(project), EventKind.LOCK)
    found |= {
        one.path: EventKind.DOTENV
        for one in find_files(project, environment)
        if one.kind is not FileKind.STRAY
    }
    return found


def _commit_events(
    project: str, files: Mapping[str, EventKind], commits: Sequence[Commit], history: FileHistory
) -> Iterator[TimelineEvent]:
    """Yield an event for each file of each commit."""
    wanted = [
        (path, revision)
        for commit in commits
        for path in commit.files
        if files[path] is EventKind.DOTENV
        for revision in (commit.id, f"{commit.id}^")
    ]
    contents = history.contents(wanted[:_REVISIONS])
    for commit in commits:
        for path in commit.files:
            kind, detail = files[path], mask_text(commit.subject)
            if kind is EventKind.DOTENV and (path, commit.id) in wanted[:_REVISIONS]:
                then, before = (
                    contents.get((path, revision)) for revision in (commit.id, f"{commit.id}^")
                )
                names = _key_changes(before, "" if then is None else decode(then))
                detail = f"{detail} ({names})" if names else detail
            yield TimelineEvent(
                commit.at,
                kind,
                os.path.relpath(path, project),
                after=commit.id[:8],
                source="git",
                detail=detail,
            )


def _content(path: str) -> str:
    found = read_contents(path)
    return "" if isinstance(found, Unread | str) else found[0]


def _key_changes(before: bytes | None, after: str) -> str:
    """Say which names of keys came or went: `+NEW -OLD`. Values are never looked at."""
    old, new = _key_names("" if before is None else decode(before)), _key_names(after)
    said = [f"+{name}" for name in new if name not in old]
    said += [f"-{name}" for name in old if name not in new]
    more = f" and {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    return " ".join(said[:_NAMED]) + more


def _key_names(text: str) -> dict[str, None]:
    statements = parse(text)
    if isinstance(statements, str):
        return {}
    return {one.name: None for one in statements if one.name and names_a_key(one)}


_NOT_TOLD = frozenset({Operation.PURGE, Operation.RUN})
"""What changes nothing in an environment."""


def read_timeline(environment: Environment, host: Host) -> Timeline:
    """Look at an environment once more, and return its past, as far as anything tells of it."""
    store = SnapshotStore(host)
    if environment.site_packages:
        store.keep(environment, read_distributions(environment), source="scan")
    snapshots = store.snapshots(environment.path)
    now = host.now()
    entries, unreadable = OperationStore.open(host).journal.read_all()
    done = [one for one in entries if one.phase is Phase.DONE]
    own = [
        _past_operation(one)
        for one in done
        if one.path == environment.path and one.operation not in _NOT_TOLD
    ]
    oldest = snapshots[-1] if snapshots else None
    events = [
        *operation_events(own),
        *snapshot_events(snapshots, own),
        *(one for one in metadata_events(oldest) if not _explained(one.at, own)),
    ]
    began = _find_beginning(environment, snapshots, events)
    events += _base_events(environment, began, now, events)
    notices = [] if store.notice is None else [store.notice]
    if unread := store.count_unread(environment.path):
        told = f"{counted(unread, 'snapshot')} cannot be read: damaged, or of a later version"
        notices.append(Notice(told, "what changed then is not in the timeline"))
    if unreadable:
        notices.append(Notice(f"{len(unreadable)} files of the journal cannot be read"))
    project = environment.project
    if project.path is not None and project.state is ProjectState.FOUND:
        files = [_past_operation(one) for one in done if one.is_file]
        found = project_events(project.path, environment.path, host, began, [*own, *files])
        events += found.events
        notices += found.notices
    return Timeline(environment.path, snapshots, sort_events(events), tuple(notices))


def _past_operation(entry: Entry) -> PastOperation:
    ended = entry.created_at if entry.ended_at is None else entry.ended_at
    file = entry.path if entry.is_file else entry.file
    return PastOperation(entry.id, entry.operation.value, entry.created_at, ended, file)


def _explained(at: float, operations: Iterable[PastOperation]) -> bool:
    """Tell whether an operation ran at a time: then it says what was installed."""
    return any(one.began - 1 <= at <= one.ended + 1 for one in operations)


def _changed_at(path: str, *, follow: bool = True) -> float | None:
    try:
        return (reach.stat if follow else reach.lstat)(path).st_mtime
    except (OSError, ValueError):
        return None


def _find_beginning(
    environment: Environment, snapshots: Iterable[Snapshot], events: Iterable[TimelineEvent]
) -> float:
    """Return the earliest time that anything tells of the environment."""
    times = [*(one.taken_at for one in snapshots), *(one.at for one in events)]
    made = _changed_at(os.path.join(environment.path, "pyvenv.cfg"))
    return min([*times, *([made] if made is not None and made > 0 else [])], default=0.0)


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
