"""One scan: survey the disk, read what changed, link to projects, measure, remember."""

import os
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from envdeck.core.discovery.find import FoundEnvironment, FoundLink, Survey
from envdeck.core.discovery.managers.base import Manager
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.discovery.project_links import ProjectRoots, link, owner, project_mark
from envdeck.core.discovery.prune import Prune, barred_mounts
from envdeck.core.discovery.readers import Readers
from envdeck.core.discovery.walk import ProjectRoot
from envdeck.core.health import FILE_CHECKS
from envdeck.core.health.status import examine, renewed, replace_findings
from envdeck.core.index import Index, ProjectMark, StoredEnvironment
from envdeck.core.inspection.environment import Inspector
from envdeck.core.inspection.stamps import access_times, fingerprint, recall_known, remember
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    Environment,
    Event,
    Examined,
    Finished,
    Found,
    FoundInterpreter,
    Interpreter,
    Notice,
    NotLookedAt,
    Progress,
    ProjectState,
    Seen,
    Size,
    Sized,
    Status,
    Unreadable,
)
from envdeck.core.system.host import Host, lies_under
from envdeck.core.system.mounts import Mount, is_pseudo, is_remote, read_mounts
from envdeck.core.system.reach import Scope, untouched

if TYPE_CHECKING:
    from envdeck.core.health.examine import Examiner
    from envdeck.core.inspection.size_pool import Measured
    from envdeck.core.timeline.store import SnapshotStore

PROGRESS_SECONDS = 0.05
"""The shortest time between two signs of progress."""
SIZE_KEEPS_SECONDS = 86400
"""How long a size is believed while nothing that is cheap to see has changed. Hard links made
and removed elsewhere are not seen, and they move what is reclaimable."""
SAVE_SIZES, SAVE_SECONDS = 32, 0.2
"""So many sizes, or those of so long, are kept at a time. The files behind a size, which a joint
count needs, are in the index only: for a thousand environments they take hundreds of MB."""


def prepare_scan(host: Host, scope: Scope, index: Index, stopped: Callable[[], bool]) -> "Scan":
    """Return the scan of a scope, ready to run."""
    roots, mounts = scope.walked(host), read_mounts(host)
    barred = barred_mounts(roots, mounts, cross_devices=scope.cross_devices)
    remembered = {one.environment.path: one for one in index.environments(scope.limits(host))}
    if scope.fresh:
        remembered = {path: replace(one, fingerprint="") for path, one in remembered.items()}
    survey = Survey(
        host,
        roots,
        only_roots=bool(scope.roots),
        prune=Prune.for_host(host, scope.exclude, barred),
        memory=partial(index.folders, believed=not scope.fresh),
        stopped=stopped,
        one_device=not (mounts or scope.cross_devices),
        readers=Readers(scope.threads),
        recognise=recall_known(remembered),
    )
    return Scan(
        host,
        survey,
        Inspector(host, mounts),
        mounts,
        index,
        remembered,
        replace(scope, roots=()).walked(host),
        scope.sizes,
        scope.interpreters,
        scope.health,
        stopped,
        scope.fresh,
        _left_out=[
            NotLookedAt(mount.point, "other disks are not searched", _listing(mount.point))
            for mount in mounts
            if mount.point in barred
            and not (is_pseudo(mount) or is_remote(mount))
            and any(lies_under(mount.point, root) for root in roots)
            and os.path.isdir(mount.point)
        ],
    )


@dataclass(slots=True)
class _Read:
    """What a scan knows of one environment so far."""

    candidate: EnvironmentCandidate
    manager: Manager
    mark: str
    environment: Environment
    atimes: tuple[float, ...]
    """As our look left them; taken at once, since what comes later is somebody's use."""
    usual: bool
    """Whether a look without PATHs meets it, as far as is known."""
    project_mark: ProjectMark = ProjectMark()
    """Of what lies around it, with which its contents were examined."""
    seen: Seen = Seen()

    def stored(self) -> StoredEnvironment:
        """Return what is to be remembered."""
        told = self.environment, self.mark, self.atimes, self.usual, False, self.project_mark
        return StoredEnvironment(*told, self.seen)


@dataclass
class Scan:
    """The work of one scan; iterate over :meth:`events` once."""

    host: Host
    survey: Survey
    inspector: Inspector
    mounts: Sequence[Mount]
    index: Index
    remembered: dict[str, StoredEnvironment]
    usual: tuple[str, ...]
    """What is walked when no PATHs are given."""
    sizes: bool
    interpreters: bool
    health: bool
    stopped: Callable[[], bool]
    fresh: bool = False
    """Whether nothing that is remembered counts, the last use neither."""
    _digests: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of the RECORDs that were read, by environment and metadata folder, until it is measured."""
    _read: dict[str, _Read] = field(default_factory=dict)
    _held: dict[str, list[str]] = field(default_factory=dict)
    """Name and version of what those hold that were examined, until that is kept."""
    _sized: list[StoredEnvironment] = field(default_factory=list)
    """Those that were measured, until that is kept; last `_kept`, by `time.perf_counter`."""
    _kept: float = field(default_factory=time.perf_counter)
    _unreadable: int = 0
    _left_out: list[NotLookedAt] = field(default_factory=list)
    _began: float = field(default_factory=time.perf_counter)
    _reported: float = 0.0

    def events(self) -> Iterator[Event]:
        """Yield what is found as it is found, and :class:`Finished` at the end in any case."""
        yield from self._scan_environments()
        yield from self._link_waiting()
        if self.interpreters and not self.stopped():
            yield from self._scan_interpreters()
        looked_whole = not self.stopped()
        self._remember()
        yield from self._read_contents()
        remote = [NotLookedAt(path, why, _listing(path)) for path, why in untouched()]
        for place in remote:
            yield Unreadable(place.path, place.reason)
        gone = self._missing() if looked_whole else ()
        self.index.forget(gone)
        yield Finished(
            roots=self.survey.roots,
            visited=self.survey.visited,
            unreadable=self._unreadable,
            elapsed=self._elapsed(),
            complete=looked_whole,
            gone=gone,
            not_looked_at=(*remote, *self._left_out),
        )

    def _missing(self) -> tuple[str, ...]:
        """Return what this look should have met and has not."""
        expected = (
            path for path, one in self.remembered.items() if self.survey.only_roots or one.usual
        )
        return tuple(sorted(path for path in expected if path not in self._read))

    def _scan_environments(self) -> Iterator[Event]:
        projects = self._known_projects
        for sign in self.survey:
            match sign:
                case FoundEnvironment(candidate, manager):
                    yield Found(self._sighted(candidate, manager).environment)
                case FoundLink(path, link_path):
                    yield Found(self._linked(path, link_path).environment)
                case ProjectRoot(path):
                    projects.add(path)
                case Unreadable():
                    self._unreadable += 1
                    yield sign
                case Notice():
                    yield sign
                case NotLookedAt():
                    self._left_out.append(sign)
            yield from self._progress("looking")

    @cached_property
    def _known_projects(self) -> ProjectRoots:
        projects = ProjectRoots(self.host, self.survey.managers)
        for root in self.index.project_roots():
            projects.add(root)
        return projects

    def _sighted(self, candidate: EnvironmentCandidate, manager: Manager) -> _Read:
        mark = fingerprint(candidate)
        manager = owner(candidate, manager, self._known_projects)
        project = link(candidate, manager, self.host, self._known_projects)
        known = self.remembered.get(candidate.path)
        if known is None or self.fresh or known.environment.identity != candidate.identity:
            environment = self.inspector.inspect(candidate, manager, project)
        elif _still_holds(known, mark, manager) and self.inspector.has_base(known.environment):
            environment = self.inspector.renew(
                known.environment, candidate, manager, project, known.atimes
            )
            environment = _drop_doubtful_size(environment)
        else:
            environment = self.inspector.inspect(
                candidate, manager, project, known.environment.last_used, known.atimes
            )
            environment = replace(environment, size=_kept_size(known, mark, environment))
        if known is not None and known.fingerprint == mark:
            environment = renewed(environment, known.environment)
        else:
            environment = replace(environment, findings=examine(environment), examined=False)
        atimes = access_times(candidate.path, environment.site_packages)
        usual = not self.survey.only_roots or (
            known.usual if known else any(lies_under(candidate.path, root) for root in self.usual)
        )
        around = known.project_mark if known else ProjectMark()
        began = self.host.now() - self._elapsed()
        seen = known.seen if known and candidate.mark else remember(candidate, mark, began)
        read = _Read(candidate, manager, mark, environment, atimes, usual, around, seen)
        self._read[candidate.path] = read
        return read

    def _linked(self, path: str, link_path: str) -> _Read:
        read = self._read[path]
        if link_path not in read.candidate.links:
            links = tuple(sorted((*read.candidate.links, link_path)))
            read.candidate = replace(read.candidate, links=links)
            self._link_again(read)
        return read

    def _link_again(self, read: _Read) -> bool:
        """Ask for the project again, and tell whether that changed what is known."""
        projects = self._known_projects
        read.manager = owner(read.candidate, read.manager, projects)
        project = link(read.candidate, read.manager, self.host, projects)
        before = replace(read.environment, manager=read.manager.name)
        environment = self.inspector.relate(before, read.candidate, read.manager, project)
        read.environment = renewed(environment, before)
        return project != before.project

    def _link_waiting(self) -> Iterator[Event]:
        """Link environments named after a project that was met only after them."""
        projects = self._known_projects
        for read in self._read.values():
            waits = read.environment.project.state is ProjectState.NONE
            if waits and projects.awaits(read.manager, read.candidate) and self._link_again(read):
                yield Found(read.environment)

    def _scan_interpreters(self) -> Iterator[Event]:
        # start-up: most commands list none
        from envdeck.core.inspection import interpreters

        found: list[Interpreter] = []
        environments = [read.environment for read in self._read.values()]
        for item in interpreters.find_interpreters(self.host, self.inspector.bases):
            if isinstance(item, Unreadable):
                self._unreadable += 1
                yield item
            else:
                found.append(item)
        found += interpreters.further_interpreters(
            environments, self.survey.installations, found, self.host, self.inspector.bases
        )
        if self.survey.only_roots:  # those under the roots, and those that environments use
            found = [
                one
                for one in found
                if any(lies_under(one.prefix, root) for root in self.survey.roots)
                or interpreters.dependants(one, environments)
            ]
        else:
            self.index.save_interpreters(found)
        yield from map(FoundInterpreter, found)

    def _read_contents(self) -> Iterator[Event]:
        """Examine what changed since it was examined last, or whose project did. Measure, in
        processes beside that, what has no size or is to be compared with its RECORDs."""
        stale = self._stale() if self.health else {}
        unknown: dict[str, Sequence[str]] = {}
        for path, read in self._read.items():
            size = read.environment.size if self.sizes else None
            if size is not None:
                yield Sized(path, size)
            elif self.sizes or (path in stale and not read.environment.examined):
                unknown[path] = read.environment.site_packages if self.health else ()
        if not (stale or unknown):
            return
        # start-up: not when nothing changed
        from envdeck.core.inspection.size_pool import SizeQueue, Sizer

        sizer = Sizer(self.host, self.mounts, self.stopped, self._digests)
        with SizeQueue(sizer, len(unknown)) as queue:
            for path in sorted(self._read, key=stale.__contains__):
                if self.stopped():
                    break
                if path in stale:
                    yield self._examine(self._read[path], stale[path])
                    yield from self._progress("examining")
                if path in unknown:
                    queue.add(path, unknown[path])
                yield from self._take_sizes(queue.ready())
            yield from self._take_sizes(queue.rest())
        yield from self._keep_contents()
        if stale and self._snapshots.notice is not None:
            yield self._snapshots.notice

    def _stale(self) -> dict[str, str]:
        """Return what is to be examined, with the mark of its project's files: what changed, and,
        where anything did, what there is no snapshot of."""
        stamps: dict[str, str] = {}
        every = {
            path: project_mark(one.environment.project, one.project_mark.elsewhere, stamps)
            for path, one in self._read.items()
        }
        changed = {
            path
            for path, one in self._read.items()
            if not one.environment.examined or one.project_mark.text != every[path]
        }
        unseen = (path for path in every if changed and not self._snapshots.knows(path))
        return {path: every[path] for path in {*changed, *unseen}}

    def _examine(self, read: _Read, mark: str) -> Event:
        """Examine the contents of one, and keep what is installed as a snapshot."""
        path = read.environment.path
        look = self._examiner.read(read.environment)
        read.environment = self._examiner.examine(look)
        elsewhere = tuple(sorted(look.elsewhere))
        if elsewhere != read.project_mark.elsewhere:
            mark = project_mark(read.environment.project, elsewhere)
        read.project_mark = ProjectMark(mark, elsewhere)
        self._digests[path] = {one.path: one.record for one in look.distributions if one.record}
        self._snapshots.keep(read.environment, look.distributions, source="scan")
        self._held[path] = [f"{one.name}=={one.version}" for one in look.distributions]
        return Examined(path, read.environment.findings)

    @cached_property
    def _snapshots(self) -> "SnapshotStore":
        from envdeck.core.timeline.store import SnapshotStore  # start-up: not without a change

        return SnapshotStore(self.host)

    @cached_property
    def _examiner(self) -> "Examiner":
        from envdeck.core.health.examine import Examiner  # start-up: not when nothing changed

        return Examiner(self.host)

    def _take_sizes(self, measured: "Iterable[Measured]") -> Iterator[Event]:
        for path, size, whole in measured:
            self._digests.pop(path, None)  # of ten thousand environments they take 150 MB
            if size is not None:
                read = self._read[path]
                if self.health:
                    yield from self._compare_files(read, whole=whole)
                known = replace(read.environment, size=size)
                self._sized.append(replace(read.stored(), environment=known))
                read.environment = replace(known, size=replace(size, shared=None))
            if len(self._sized) >= SAVE_SIZES or time.perf_counter() - self._kept > SAVE_SECONDS:
                yield from self._keep_contents()
            yield from self._progress("measuring")

    def _compare_files(self, read: _Read, *, whole: bool) -> Iterator[Event]:
        """Say which files lack or have another length, where the walk told that not all are as
        their RECORDs say, and that is news."""
        before = read.environment.findings
        if not whole:
            read.environment = self._examiner.compare_files(read.environment)
        elif any(one.check in FILE_CHECKS for one in before):
            others = {one.check for one in before} - FILE_CHECKS
            read.environment = replace_findings(read.environment, (), others)
        if read.environment.findings != before:
            yield Examined(read.environment.path, read.environment.findings)

    def _keep_contents(self) -> Iterator[Event]:
        """Keep what was found, then tell the sizes: whoever is told may at once ask for a joint
        count."""
        sized = {stored.environment.path for stored in self._sized}
        others = [self._read[path].stored() for path in self._held if path not in sized]
        self.index.save_environments([*others, *self._sized], self._held)
        for stored in self._sized:
            if self.sizes and (size := stored.environment.size) is not None:
                yield Sized(stored.environment.path, replace(size, shared=None))
        self._sized, self._held, self._kept = [], {}, time.perf_counter()

    def _remember(self) -> None:
        self.index.save_environments(read.stored() for read in self._read.values())
        self.index.save_project_roots(self._known_projects)

    def _progress(self, phase: str) -> Iterator[Event]:
        if (elapsed := self._elapsed()) - self._reported >= PROGRESS_SECONDS:
            self._reported = elapsed
            yield Progress(self.survey.visited, len(self._read), elapsed, phase)

    def _elapsed(self) -> float:
        return time.perf_counter() - self._began


def _still_holds(known: StoredEnvironment, mark: str, manager: Manager) -> bool:
    """Tell whether what is remembered is what reading would say. The cause of a fault is
    elsewhere as often as not, where no fingerprint reaches: the original of a copy."""
    environment = known.environment
    unchanged = known.fingerprint == mark and environment.manager == manager.name
    return unchanged and not known.earlier and environment.status in {Status.OK, Status.SUSPECT}


def _kept_size(known: StoredEnvironment, mark: str, environment: Environment) -> Size | None:
    """Return the size of what did not change itself, though it was read again."""
    kept = _drop_doubtful_size(replace(environment, size=known.environment.size)).size
    return kept if known.fingerprint == mark else None


def _listing(path: str) -> str:
    """Return the command that looks at a place after all."""
    folder, name = os.path.split(path)
    marks = name in {"pyvenv.cfg", "conda-meta", ".project"}
    return f"envdeck list {shlex.quote(folder if marks else path)}"


def _drop_doubtful_size(environment: Environment) -> Environment:
    """Drop a size that was measured too long ago, or before the environment was last used:
    the first run after an install writes the byte code, a third of the size again."""
    size, used = environment.size, environment.last_used.when
    if size is None:
        return environment
    too_old = environment.seen_at - size.measured_at > SIZE_KEEPS_SECONDS
    if too_old or (used is not None and used > size.measured_at):
        return replace(environment, size=None)
    return environment
