"""Public interface for reading: list, look up one, read details, measure; used by both front
ends.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from envdeck.core.index import Index, index_path
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    Distribution,
    Environment,
    Event,
    Examination,
    Interpreter,
    JointSize,
    ProjectState,
    Size,
)
from envdeck.core.query import DRIFT, PACKAGES, Contents
from envdeck.core.system import reach
from envdeck.core.system.host import Host, outermost
from envdeck.core.system.mounts import read_mounts
from envdeck.core.system.reach import Scope, bar_network

if TYPE_CHECKING:
    from envdeck.core.dotenv import DotenvReport
    from envdeck.core.inspection.packages.copies import PackageTable
    from envdeck.core.project.model import Comparison
    from envdeck.core.timeline.model import Snapshot, Timeline
    from envdeck.core.timeline.store import SnapshotStore

__all__ = ["Catalog", "Scope"]

# What looks at the disk is imported by the methods that look: a first frame comes from the
# index alone, and the other modules would take longer than it does.


def _never() -> bool:
    return False


def _tell_nobody(_done: int, _total: int) -> None:
    """Nobody waits for it."""


@dataclass(slots=True)
class Catalog:
    """Everything known about the environments of one host.

    Each method opens the index for itself, so that any of them may be called from any thread.
    """

    host: Host = field(default_factory=Host.current)
    index_file: str | None = None
    """Where the memory is kept; None is the user's cache folder."""
    past: "Callable[[Environment, Host], Timeline] | None" = None
    """What reads the whole timeline, which is above: the journal of operations is part of it."""

    def __post_init__(self) -> None:
        bar_network(self.host)

    def remembered(self, scope: Scope) -> tuple[Environment, ...]:
        """Return what the last look saw, from the index alone; fast enough for a first frame."""
        with self._index() as index:
            stored = index.environments(scope.limits(self.host))
            return tuple(one.environment for one in stored if scope.roots or one.usual)

    def remembered_interpreters(self) -> tuple[Interpreter, ...]:
        """Return the interpreters that the last look saw."""
        with self._index() as index:
            return index.interpreters()

    def scan(self, scope: Scope, stopped: Callable[[], bool] = _never) -> Iterator[Event]:
        """Look, and say what is found as it is found; `stopped` is polled to end it early."""
        # start-up: each reads what few commands ask for
        from envdeck.core.scan import prepare_scan

        bar_network(self.host, map(self.host.expand, (*scope.roots, *scope.usual_roots)))
        with self._index() as index:
            said = index.notice
            if said:
                yield said
            yield from prepare_scan(self.host, scope, index, stopped).events()
            index.save_folders()
            if index.notice and index.notice is not said:
                yield index.notice

    def lookup(self, path: str) -> Environment | None:
        """Read the environment at `path`, or that a link there leads to; None if none is."""
        # start-up: a first frame comes from the index alone
        from envdeck.core.lookup import lookup

        with self._index() as index:
            return lookup(path, self.host, index)

    def refresh(self, environment: Environment) -> Environment | None:
        """Read one environment again, past the index; None when it is no longer there."""
        fresh = self.lookup(environment.path)
        return fresh and replace(fresh, links=environment.links)

    def changed(self, path: str) -> Environment | None:
        """Have the memory follow what was done to the environment at `path`, and return it: read
        again, or gone."""
        found = self.lookup(path)
        if found is None:
            with self._index() as index:
                index.forget((path,))
        return found

    def forget_sizes(self, device: int) -> None:
        """Have environments of a disk that share files measured again: others let go of those."""
        with self._index() as index:
            stored = [
                replace(one, environment=replace(one.environment, size=None))
                for one in index.environments()
                if (size := one.environment.size) is not None
                and size.reclaimable_bytes < size.disk_bytes
                and one.environment.identity.device == device
            ]
            index.save_environments(stored)

    def distributions(self, environment: Environment) -> tuple[Distribution, ...]:
        """Read what is installed in an environment, sorted by name."""
        # start-up: each reads what few commands ask for
        from envdeck.core.inspection.packages.distributions import read_distributions

        return read_distributions(environment, host=self.host)

    def contents(self, environment: Environment, needs: Collection[str]) -> Contents:
        """Read what a query needs of an environment: its packages by the names of files, and
        whether they drifted from the project."""
        # start-up: each reads what few commands ask for
        from envdeck.core.inspection.packages.distributions import read_versions

        packages = read_versions(environment.site_packages) if PACKAGES in needs else None
        found = self.project(environment) if DRIFT in needs else None
        drift = found is not None and bool(found.drifts or any(one.error for one in found.pythons))
        return Contents(packages, drift if DRIFT in needs else None)

    def snapshots(self, environment: Environment) -> "tuple[Snapshot, ...]":
        """Return what looks saw of an environment, newest first."""
        return _snapshot_store(self.host).snapshots(environment.path)

    def timeline(self, environment: Environment) -> "Timeline":
        """Return what happened to an environment, newest first; without :attr:`past`, what
        changed between two looks."""
        if self.past is not None:
            return self.past(environment, self.host)
        # start-up: each reads what few commands ask for
        from envdeck.core.timeline.model import Timeline, changes

        every = self.snapshots(environment)
        events = tuple(one for new, old in pairwise(every) for one in changes(old, new))
        return Timeline(environment.path, every, events)

    def mark_good(self, environment: Environment, identity: str, *, good: bool = True) -> None:
        """Note whether a snapshot is known to have worked."""
        _snapshot_store(self.host).mark_good(environment.path, identity, good=good)

    def packages(
        self,
        environments: Iterable[Environment],
        stopped: Callable[[], bool] = _never,
        *,
        remembered: bool = False,
    ) -> "PackageTable":
        """Read what environments hold and what each copy takes on disk, and remember it; what is
        not read when `stopped` is left out. What is `remembered` comes from the index alone,
        without sizes, and fast enough for the first frame of a view."""
        # start-up: each reads what few commands ask for
        from envdeck.core.inspection.packages.copies import (
            CopyReader,
            count_packages,
            measure_packages,
        )

        with self._index() as index:
            if remembered:
                every, paths = index.packages(), [one.path for one in environments]
                return count_packages({path: every[path] for path in paths if path in every})
            table = measure_packages(dict(CopyReader().read_all(environments, stopped)))
            index.save_environments((), table.held)
            return table

    def examine(
        self,
        environment: Environment,
        names: Collection[str] = (),
        *,
        deep: bool = False,
        online: bool = False,
        scanned: bool = False,
        tell: Callable[[int, int], object] = _tell_nobody,
        stopped: Callable[[], bool] = _never,
    ) -> Examination:
        """Run the checks named (all, when none is) over an environment as it is now: with `scanned`
        only what a scan has the time for. `tell` gets how far what takes long is, `stopped` is
        polled to end that."""
        # start-up: a first frame needs none of what reads packages
        from envdeck.core.health import context, examine

        contents = context.HealthContext(
            environment, self.host, kept=scanned, tell=tell, stopped=stopped
        )
        return examine.examine_whole(contents, names=names, deep=deep, online=online)

    def project(
        self,
        environment: Environment,
        distributions: "Sequence[Distribution] | None" = None,
        *,
        member: str = "",
    ) -> "Comparison | None":
        """Compare an environment with what its project declares and locks; None without one, and
        where that is no longer there. `member` is a folder that may be a member of the project's
        workspace: then it is compared with that."""
        # start-up: each reads what few commands ask for
        from envdeck.core.project.drift.compare import compare
        from envdeck.core.project.project import read_project, workspace_of

        link = environment.project
        if link.path is None or link.state is not ProjectState.FOUND:
            return None
        if not reach.isdir(link.path):
            return None  # it was when the environment was seen
        if distributions is None:
            distributions = self.distributions(environment)
        folder = member if member and workspace_of(member) == link.path else link.path
        return compare(read_project(folder), environment, distributions, host=self.host)

    def dotenv(self, project: str, environment: str | None = None) -> "DotenvReport":
        """Read the dotenv files of a project, and one that strayed into its environment."""
        # start-up: each reads what few commands ask for
        from envdeck.core.dotenv.report import read_dotenv

        return read_dotenv(project, self.host, environment=environment)

    def measure(self, environment: Environment) -> Size | None:
        """Measure one environment now; None when it is no longer there."""
        # start-up: each reads what few commands ask for
        from envdeck.core.inspection.size_pool import Sizer

        return Sizer(self.host, read_mounts(self.host), _never).measure(environment.path)[1]

    def together(self, environments: Iterable[Environment]) -> JointSize:
        """Count environments together, by the sizes they carry; slow where they share much.

        The shared files themselves are in the index. Where it does not have them, an
        environment that shares anything is measured again. One that is inside another of
        them is counted with that one.
        """
        # start-up: each reads what few commands ask for
        from envdeck.core.inspection.size import joint_size

        by_path = {one.path: one for one in environments}
        with self._index() as index:
            return joint_size(
                _whole_size(by_path[path], index, self) for path in outermost(tuple(by_path))
            )

    def _index(self) -> Index:
        return Index.open(self.index_file or index_path(self.host), host=self.host)


def _whole_size(environment: Environment, index: Index, catalog: Catalog) -> Size | None:
    size = environment.size
    if size is None or size.shared or size.reclaimable_bytes >= size.disk_bytes:
        return size
    shared = index.shared(environment.path)
    if shared is None:
        return catalog.measure(environment)
    return replace(size, shared=shared)


def _snapshot_store(host: Host) -> "SnapshotStore":
    # start-up: each reads what few commands ask for
    from envdeck.core.timeline.store import SnapshotStore

    return SnapshotStore(host)
