"""Known places first, then the walk: every environment once, with its manager."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.managers.base import KnownFolder, Manager
from envdeck.core.discovery.prefix import EnvironmentCandidate, recognise
from envdeck.core.discovery.prune import Prune
from envdeck.core.discovery.walk import Pointer, ProjectRoot, Tick, Walk, WalkMemory
from envdeck.core.model import Identity, Notice, Unreadable
from envdeck.core.system import reach
from envdeck.core.system.host import Host
from envdeck.core.system.paths import lies_under


@dataclass(frozen=True, slots=True)
class FoundEnvironment:
    """An environment is at `candidate.path`, and `manager` looks after it."""

    candidate: EnvironmentCandidate
    manager: Manager


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A further link to an environment that was sighted before."""

    path: str
    link: str


Sign: TypeAlias = FoundEnvironment | FoundLink | ProjectRoot | Unreadable | Notice | Tick


@dataclass(slots=True)
class Survey:
    """One look over the disk; iterate over it once."""

    host: Host
    roots: tuple[str, ...]
    """Real paths of the folders to walk."""
    only_roots: bool
    """Whether nothing outside the roots is to be listed, known place or not."""
    prune: Prune
    memory: Callable[[str], WalkMemory | None] = lambda _root: None
    """Gives the memory of one root."""
    stopped: Callable[[], bool] = lambda: False
    one_device: bool = False
    managers: tuple[Manager, ...] = field(init=False)
    _walked: int = 0
    _walk: Walk | None = None
    _seen: dict[Identity, str | None] = field(default_factory=dict)
    """Paths of what was met; None for an installation, which is no environment."""
    _unreadable: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.managers = managers(self.host)

    @property
    def visited(self) -> int:
        """How many folders were looked into so far."""
        return self._walked + (self._walk.visited if self._walk else 0)

    def __iter__(self) -> Iterator[Sign]:
        """Yield what is met; what was sighted stays true when the survey is stopped."""
        for place in self._places():
            if self.stopped():
                return
            yield from self._visit(place)
        for root in self.roots:
            if self.stopped():
                return
            yield from self._run(
                Walk(
                    root,
                    self.prune,
                    self.memory(root),
                    self.stopped,
                    windows=self.host.windows,
                    one_device=self.one_device,
                )
            )

    def _places(self) -> Iterator[KnownFolder]:
        """Yield the known places that exist, each once, the deepest look first."""
        known: dict[str, int] = {}
        for manager in self.managers:
            for place in manager.places():
                path = reach.realpath(place.path)
                if self._inside(path) and place.depth > known.get(path, -1):
                    known[path] = place.depth
        for path, depth in known.items():
            if reach.isdir(path) and not self.prune.bars(path):
                yield KnownFolder(path, depth)

    def _visit(self, place: KnownFolder) -> Iterator[Sign]:
        if place.depth == 0:
            if candidate := recognise(place.path):
                yield from self._sight(candidate)
            return
        rules = self.prune.alone(frozenset({"__pycache__", "site-packages"}))
        yield from self._run(
            Walk(place.path, rules, None, self.stopped, place.depth, windows=self.host.windows)
        )

    def _run(self, walk: Walk) -> Iterator[Sign]:
        self._walk = walk
        for hit in walk:
            if isinstance(hit, EnvironmentCandidate):
                yield from self._sight(hit)
            elif isinstance(hit, Pointer):
                yield from self._point(hit)
            elif not isinstance(hit, Unreadable):
                yield hit
            elif hit.path not in self._unreadable:  # a known place is walked to again
                self._unreadable.add(hit.path)
                yield hit
        self._walked += walk.visited
        self._walk = None

    def _sight(self, candidate: EnvironmentCandidate) -> Iterator[Sign]:
        if candidate.identity in self._seen:
            return
        manager = manager_of(candidate, self.managers)
        if manager.is_installation(candidate):
            self._seen[candidate.identity] = None
            return
        self._seen[candidate.identity] = candidate.path
        yield FoundEnvironment(candidate, manager)

    def _point(self, pointer: Pointer) -> Iterator[Sign]:
        candidate = pointer.candidate
        if not self._inside(candidate.path):
            yield Notice(
                f"{pointer.link} leads to the environment {candidate.path}, which is outside"
                " the given paths and not listed",
                f"envdeck show {candidate.path}",
            )
            return
        yield from self._sight(candidate)
        if path := self._seen[candidate.identity]:
            yield FoundLink(path, pointer.link)

    def _inside(self, path: str) -> bool:
        return not self.only_roots or any(lies_under(path, root) for root in self.roots)


def manager_of(candidate: EnvironmentCandidate, asked: Iterable[Manager]) -> Manager:
    """Return the manager that looks after an environment: the first that claims it.

    Raises:
        LookupError: none does, which the last of them (venv) leaves only to other kinds.
    """
    for manager in asked:
        if manager.claims(candidate):
            return manager
    raise LookupError(candidate.path)
