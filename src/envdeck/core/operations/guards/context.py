"""What a guard is and what it is asked about; what is true of the machine at that moment."""

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import ClassVar

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.managers.base import Manager
from envdeck.core.discovery.prefix import EnvironmentCandidate, recognise
from envdeck.core.git import Git, Tracked
from envdeck.core.inspection.processes import Processes, read_processes
from envdeck.core.inspection.unowned import Unowned, unowned_at
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Environment, Operation, Refusal, Target
from envdeck.core.operations.disk import disk_for
from envdeck.core.operations.transaction.journal import Journal
from envdeck.core.operations.transaction.places import LockHeld, lock_of_uv
from envdeck.core.system import reach
from envdeck.core.system.host import Host, own_path
from envdeck.core.system.mounts import Mount, read_mounts
from envdeck.core.system.reach import link_hops, outer_target


@dataclass(slots=True)
class GuardContext:
    """The machine, read once for many targets and only as far as a guard asks.

    It is true of one moment: what is asked again at the moment of acting takes :meth:`refreshed`.
    """

    host: Host
    environments: tuple[Environment, ...] = ()
    """All that are known, as the index remembers them."""
    roots: tuple[str, ...] = ()
    """The folders that scans walk."""
    folder: str | None = None
    """Our own current folder."""
    ours: tuple[str, ...] = ()
    """Real paths that we ourselves run from: our prefix, our interpreter, our modules."""
    pid: int | None = None
    """Our own number, to find the processes above us by."""
    read_only: bool = False
    stopped: Callable[[], bool] = lambda: False
    read_mounts: Callable[[Host], tuple[Mount, ...]] = read_mounts
    read_processes: Callable[[Host], Processes] = read_processes
    git: Git | None = None
    """None is the one on the host's own path."""
    _managers: tuple[Manager, ...] | None = field(default=None, repr=False)
    _bases: dict[str, tuple[str, ...]] | None = field(default=None, repr=False)
    _mounts: tuple[Mount, ...] | None = field(default=None, repr=False)
    _trashes: tuple[str, ...] | None = field(default=None, repr=False)
    _processes: Processes | None = field(default=None, repr=False)
    _candidates: dict[str, EnvironmentCandidate | None] = field(default_factory=dict, repr=False)
    _unowned: dict[str, Unowned] = field(default_factory=dict, repr=False)
    _tracked: dict[str, Tracked] = field(default_factory=dict, repr=False)

    @classmethod
    def now(
        cls,
        host: Host,
        *,
        environments: tuple[Environment, ...] = (),
        roots: tuple[str, ...] = (),
        read_only: bool = False,
    ) -> "GuardContext":
        """Return this moment of the process we are."""
        try:
            folder: str | None = reach.realpath(os.getcwd())
        except OSError:  # it was removed under us
            folder = None
        return cls(
            host,
            environments,
            roots,
            folder=folder,
            ours=_own_places(),
            pid=os.getpid(),
            read_only=read_only,
        )

    def refreshed(self) -> "GuardContext":
        """Return the same with nothing read yet."""
        return replace(
            self,
            _managers=None,
            _bases=None,
            _mounts=None,
            _trashes=None,
            _processes=None,
            _candidates={},
            _unowned={},
            _tracked={},
        )

    @property
    def bases(self) -> dict[str, tuple[str, ...]]:
        """What each known environment uses: its base and its executable, as they are named
        and at each step of the links in them, by the environment's path."""
        if self._bases is None:
            hops = cache(link_hops)  # a thousand environments use a dozen interpreters
            self._bases = {known.path: _bases_of(known, hops) for known in self.environments}
        return self._bases

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """The mount table; empty where there is none."""
        if self._mounts is None:
            self._mounts = self.read_mounts(self.host)
        return self._mounts

    @property
    def trashes(self) -> tuple[str, ...]:
        """The trashes that the journal names and that are there, with links followed."""
        if self._trashes is None:
            journal = Journal(own_path(self.host, "state", "operations"), disk_for(self.host))
            named = {os.path.dirname(entry.item) for entry in journal.read_all()[0] if entry.item}
            self._trashes = tuple(map(reach.realpath, filter(reach.isdir, sorted(named))))
        return self._trashes

    @property
    def processes(self) -> Processes:
        """Every process, as far as it may be seen."""
        if self._processes is None:
            self._processes = self.read_processes(self.host)
        return self._processes

    def candidate(self, path: str) -> EnvironmentCandidate | None:
        """Return what the markers at a path say now."""
        if path not in self._candidates:
            self._candidates[path] = recognise(path)
        return self._candidates[path]

    def manager(self, path: str) -> Manager | None:
        """Return the tool that looks after what is at a path; None where nothing is."""
        candidate = self.candidate(path)
        if candidate is None:
            return None
        if self._managers is None:
            self._managers = managers(self.host)
        try:
            return manager_of(candidate, self._managers)
        except LookupError:  # none claims it
            return None

    def unowned(self, path: str) -> Unowned:
        """Return the files that no package owns in the environment at a path."""
        if path not in self._unowned:
            candidate = self.candidate(path)
            folders = candidate.layout.package_folders if candidate is not None else ()
            packages = [folder.path for folder in folders]
            self._unowned[path] = unowned_at(path, packages, stopped=self.stopped)
        return self._unowned[path]

    def answers(self, path: str) -> tuple[Unowned | None, Tracked | None, Processes | None]:
        """Return what was asked about a path so far, without asking."""
        return self._unowned.get(path), self._tracked.get(path), self._processes

    def tracked(self, path: str) -> Tracked:
        """Return what git tracks of a folder."""
        if path not in self._tracked:
            git = self.git or Git(self.host)
            self._tracked[path] = git.tracked(path)
        return self._tracked[path]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRequest:
    """What the guards are asked about: one target of one operation."""

    operation: Operation
    target: Target
    environment: Environment | None
    link: str | None = None
    """The link by which it was asked for, if so: then only the link would go."""
    machine: GuardContext
    by_owner: bool = False
    """Whether the tool that owns it is called to do it."""

    @property
    def path(self) -> str:
        """The real path of what is acted on."""
        return self.target.path


def _bases_of(environment: Environment, hops: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    python = environment.python
    named = [base for base in (python.base, python.base_executable) if base and "\0" not in base]
    entry = outer_target(python.executable or "", environment.path)
    trail = [*named, entry] if entry is not None else named
    return tuple(dict.fromkeys([*named, *(hop for path in trail for hop in hops(path))]))


def _own_places() -> tuple[str, ...]:
    modules: Mapping[str, object] = sys.modules
    main = getattr(modules.get("envdeck"), "__file__", None)
    places = [sys.prefix, sys.base_prefix, os.path.dirname(sys.executable), *sys.path]
    if isinstance(main, str):
        places.append(main)
    real = (reach.realpath(place) for place in places if os.path.isabs(place))
    return tuple(dict.fromkeys(real))


CHANGING = frozenset(
    {Operation.DELETE, Operation.RECREATE, Operation.UPGRADE}
    | {Operation.INSTALL, Operation.UNINSTALL}
)
"""The operations on an environment that is there."""


class Guard:
    """Stands in the way of an operation, with a reason; it never touches anything."""

    name: ClassVar[str]
    """Its name in the contract: `unowned-files`."""
    overrulable: ClassVar[bool] = False
    operations: ClassVar[frozenset[Operation]] = CHANGING
    costly: ClassVar[bool] = False
    """Whether it takes more than a moment: not asked where another refuses for good."""
    of_links: ClassVar[bool] = False
    """Whether it also stands before a link, which can go without what it leads to."""

    def refuses(self, request: GuardRequest) -> Refusal | None:
        """Return why this must not be done, or None."""
        raise NotImplementedError

    def unchecked(self, request: GuardRequest) -> str:
        """Return what could not be checked and why, in one sentence; or empty. It looks at
        answers alone, and asks for none."""
        return ""

    def refusal(
        self, request: GuardRequest, message: str, hint: str = "", *, final: bool = False
    ) -> Refusal:
        """Return a refusal of this guard's."""
        overrulable = self.overrulable and not final
        return Refusal(self.name, message, hint, request.link or request.path, overrulable)

    def override_command(self, request: GuardRequest) -> str:
        """Return the command by which a person overrules this guard."""
        if request.operation in {Operation.INSTALL, Operation.UNINSTALL}:  # which takes names too
            return f"use `--allow {self.name}` to override"
        path = request.link or request.path
        return f"{command('envdeck', request.operation.value, path)} --allow {self.name}"


def command(*words: str) -> str:
    """Return words as a line for a shell."""
    return shlex.join(words)


def read_only() -> Refusal:
    """Return why nothing is changed in the read-only mode."""
    return Refusal(
        "read-only",
        "read-only mode is on",
        hint="remove `--read-only`, and `read-only` from the configuration",
    )


WRITTEN = "another program is writing it"


def find_writer(root: str, places: Iterable[str], machine: GuardContext) -> str:
    """Return which program works in a cache: who holds uv's lock in its `root`, or has a file in
    one of its places open."""
    held = lock_of_uv(root) if root else None
    if isinstance(held, LockHeld):
        return WRITTEN
    if held is not None:
        with held:
            pass
    without = () if machine.pid is None else (machine.pid,)
    opener = machine.processes.opener_in(tuple(places), without=without)
    return f"in use by a process: {opener.name} ({opener.pid}: open file)" if opener else ""
