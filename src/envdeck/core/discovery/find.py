"""Known places first, then the walk: every environment once, with its manager."""

import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.managers.base import KnownFolder, Manager
from envdeck.core.discovery.prefix import EnvironmentCandidate, recognise
from envdeck.core.discovery.prune import IN_TRASH, Prune
from envdeck.core.discovery.readers import Readers
from envdeck.core.discovery.walk import (
    FolderLink,
    Pointer,
    ProjectRoot,
    Recognise,
    Tick,
    Walk,
    WalkMemory,
    WalkReaders,
)
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Identity, Notice, NotLookedAt, Unreadable
from envdeck.core.system import reach
from envdeck.core.system.host import Host, lies_under


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


Sign: TypeAlias = (
    FoundEnvironment | FoundLink | ProjectRoot | Unreadable | NotLookedAt | Notice | Tick
)
_MOST_LINKS = 200
"""So many links out of the roots are told."""
_OF_THE_SYSTEM = (
    *("usr", "etc", "proc", "sys", "dev", "run", "var", "bin", "sbin", "lib", "lib64", "nix"),
    *("boot", "snap", "System", "Library", "Applications"),
)
"""Folders in which nobody keeps projects: links to them are nothing to be told."""


@dataclass(slots=True)
class Survey:
    """One look over the disk; iterate over it once."""

    host: Host
    roots: tuple[str, ...]
    """Real paths of the folders to walk."""
    only_roots: bool
    """Whether nothing outside the roots is to be listed, known place or not."""
    prune: Prune
    memory: Callable[[str, str], WalkMemory | None] = lambda _root, _rules: None
    """Gives the memory of one root, as it was walked by the same rules."""
    stopped: Callable[[], bool] = lambda: False
    one_device: bool = False
    readers: WalkReaders = field(default_factory=Readers)
    """The threads that read ahead where the disk is slow."""
    recognise: Recognise = recognise
    installations: list[str] = field(default_factory=list)
    """What was met of installations that environments use, listed as interpreters."""
    managers: tuple[Manager, ...] = field(init=False)
    _walked: int = 0
    _walk: Walk | None = None
    _seen: dict[Identity, str | None] = field(default_factory=dict)
    """Paths of what was met; None for an installation, which is no environment."""
    _unreadable: set[str] = field(default_factory=set)

    _links: int = 0
    _systems: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.managers = managers(self.host)
        self._systems = tuple(self.host.system(name) + os.sep for name in _OF_THE_SYSTEM)

    @property
    def visited(self) -> int:
        """How many folders were looked into so far."""
        return self._walked + (self._walk.visited if self._walk else 0)

    def __iter__(self) -> Iterator[Sign]:
        """Yield what is met; what was sighted stays true when the survey is stopped."""
        try:
            yield from self._survey()
        finally:
            self.readers.close()

    def _survey(self) -> Iterator[Sign]:
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
                    self.memory(root, self.prune.mark(root)),
                    self.stopped,
                    windows=self.host.windows,
                    named_stores=self._named_stores(),
                    one_device=self.one_device,
                    readers=self.readers,
                    recognise=self.recognise,
                )
            )
        for path, reason in self.prune.unwalked(self.roots):
            yield NotLookedAt(path, reason, f"envdeck list {shlex.quote(path)}")

    def _named_stores(self) -> tuple[str, ...]:
        return tuple(path for one in self.managers if one.by_name for path in one.stores)

    def _places(self) -> Iterator[KnownFolder]:
        """Yield the known places that exist, each once, the deepest look first."""
        known: dict[str, int] = {}
        for manager in self.managers:
            for place in manager.places():
                if not reach.isdir(place.path):  # most are not; it is quicker than to resolve
                    continue
                path = reach.realpath(place.path)
                if self._inside(path) and place.depth > known.get(path, -1):
                    known[path] = place.depth
        for path, depth in known.items():
            if not self.prune.bars(path):
                yield KnownFolder(path, depth)

    def _visit(self, place: KnownFolder) -> Iterator[Sign]:
        if place.depth == 0:
            if candidate := recognise(place.path):
                yield from self._sight(candidate)
            return
        rules = self.prune.alone(frozenset({"__pycache__", "site-packages"}))
        yield from self._run(
            Walk(
                place.path,
                rules,
                None,
                self.stopped,
                place.depth,
                windows=self.host.windows,
                readers=self.readers,
                recognise=self.recognise,
            )
        )

    def _run(self, walk: Walk) -> Iterator[Sign]:
        self._walk = walk
        for hit in walk:
            if isinstance(hit, EnvironmentCandidate):
                yield from self._sight(hit)
            elif isinstance(hit, Pointer):
                yield from self._point(hit)
            elif isinstance(hit, FolderLink):
                yield from self._pass(hit.link)
            elif not isinstance(hit, Unreadable):
                yield hit
            elif hit.path not in self._unreadable:  # a known place is walked to again
                self._unreadable.add(hit.path)
                yield hit
        self._walked += walk.visited
        self._walk = None

    def _sight(self, candidate: EnvironmentCandidate) -> Iterator[Sign]:
        if candidate.identity in self._seen or self._is_trash(candidate.path):
            return
        manager = manager_of(candidate, self.managers)
        if manager.is_installation(candidate) and candidate.layout.executable is not None:
            self._seen[candidate.identity] = None
            self.installations.append(candidate.path)
            return
        self._seen[candidate.identity] = candidate.path
        yield FoundEnvironment(candidate, manager)

    def _point(self, pointer: Pointer) -> Iterator[Sign]:
        candidate = pointer.candidate
        if not self._inside(candidate.path):
            yield Notice(
                f"{pointer.link} links to the environment {candidate.path}, which is outside"
                " the given paths and not listed",
                f"envdeck show {candidate.path}",
            )
            return
        yield from self._sight(candidate)
        if path := self._seen.get(candidate.identity):
            yield FoundLink(path, pointer.link)

    def _pass(self, link: str) -> Iterator[NotLookedAt]:
        """Say which links lead to folders that the walk does not come to by another way."""
        target = reach.realpath(link)
        if self._links >= _MOST_LINKS or any(lies_under(target, root) for root in self.roots):
            return
        if target.startswith(self._systems):
            return
        self._links += 1
        yield NotLookedAt(
            link,
            "links that lead out of the folders that are searched are not followed",
            f"envdeck list {shlex.quote(target)}",
        )

    def _is_trash(self, path: str) -> bool:
        return IN_TRASH.search(path) is not None and not any(
            IN_TRASH.search(root + "/") for root in self.roots if lies_under(path, root)
        )

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
