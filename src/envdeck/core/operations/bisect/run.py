"""A bisect is run: sets of packages between good and bad, each in a throw-away copy.

The copies are made beside the environment, in an item of the trash that the journal knows: a
command that writes into what is installed there reaches neither it nor the next set. Whatever ends
the program, the next start removes them.
"""

import shlex
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from itertools import count
from threading import Event, Lock
from typing import TypeAlias

from envdeck.core.dotenv.report import values_of
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    BisectRun,
    BisectRunStarted,
    BisectVerdict,
    Environment,
    Operation,
    OperationEvent,
    OutputLine,
    Target,
)
from envdeck.core.operations.bisect.copies import Problems, SetCopies
from envdeck.core.operations.bisect.search import Changes, Search, SearchResult, SearchStatus
from envdeck.core.operations.disk.links import FolderLinkError, folder_links
from envdeck.core.operations.engine.command import Command, Completed
from envdeck.core.operations.engine.runner import Runner, Watchdog
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.operations.guards.check import guard_context, mark_of, obstacles
from envdeck.core.operations.recipe.verify import dependency_problems
from envdeck.core.operations.run_command import Task, task_command
from envdeck.core.operations.shared.context import Context, Stopped
from envdeck.core.operations.shared.describe import manifest_of
from envdeck.core.operations.shared.space import no_room
from envdeck.core.operations.transaction.journal import Entry, Move, new_id
from envdeck.core.operations.transaction.picture import describe_changes
from envdeck.core.operations.transaction.transaction import (
    BusyError,
    Transaction,
    transaction,
    trash_of,
)
from envdeck.core.system.files import reason_of
from envdeck.core.timeline.model import Snapshot, StateDifference, suspects
from envdeck.core.timeline.store import SnapshotStore

CANNOT_TELL = 125
"""The exit code by which a command says that it cannot tell, as for `git bisect run`."""
_KILLED = frozenset({1, 2, 9, 15})
"""The signals that others send, the kernel out of memory among them: SIGHUP to SIGTERM."""
_NOT_STARTED = frozenset({126, 127})
_PAUSE = 0.2
"""Seconds of one wait for runs at once."""


@dataclass(frozen=True, slots=True)
class BisectRequest:
    """What is bisected, and how."""

    environment: Environment
    good: Snapshot
    bad: Snapshot
    command: tuple[str, ...]
    folder: str
    """Where the command runs."""
    limit: float | None = None
    """Seconds after which a run is ended."""
    late_is_bad: bool = False
    """Whether such a run counts as bad; else it cannot be told."""
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class BisectResult:
    """How a bisect ended."""

    status: SearchStatus
    message: str
    culprits: tuple[StateDifference, ...] = ()
    runs: tuple[BisectRun, ...] = ()
    hints: tuple[str, ...] = ()
    """What can be done now, with commands that work."""
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class NoBisect:
    """Why nothing can be bisected, and a way out."""

    message: str
    hint: str = ""


TellRun: TypeAlias = Callable[[BisectRunStarted | BisectRun], None]
"""Is told of each run when it begins and when it is judged, by one thread at a time."""
_OUTPUT_LINES = 300
"""Lines kept of what the command wrote in one run."""
_OUTPUT_LINE = 500
"""Characters kept of a line."""


class _EndedError(Exception):
    """The search is over, so that the copies go."""


class _StoppedError(Exception):
    """A person stopped it."""


def run_bisect(
    context: Context, request: BisectRequest, tell: TellRun, stopped: Stopped
) -> BisectResult | NoBisect:
    """Search for the smallest change that makes the command fail. Slow; call it from a thread.

    Good is asked whether it is good, and bad whether it is bad, before anything else. Raises
    `OSError` where the disk refuses; the environment is as it was then too.
    """
    environment, store = request.environment, context.store
    if context.policy.read_only:
        return NoBisect("read-only mode is on", "remove --read-only")
    changes = [one for one in suspects(request.good, request.bad) if not one.obstacle]
    if not changes:
        return NoBisect(
            "nothing that can be installed differs between the two", "envdeck timeline ENV"
        )
    if link := next(folder_links(environment.path), None):
        return NoBisect(f"{link} in the environment is a link to a folder: copies would share it")
    path = environment.path
    target = Target(path, environment.identity, environment.name, mark=mark_of(path))
    against = [
        *obstacles(
            Operation.BISECT, target, environment, guard_context(context), frozenset({"in-use"})
        ),
        *no_room(path, environment.size.disk_bytes if environment.size else None, store),
    ]
    if against:
        return NoBisect(f"blocked by {against[0].guard}: {against[0].message}", against[0].hint)
    identifier = new_id(context.catalog.host)
    entry = Entry(
        id=identifier,
        group=identifier,
        operation=Operation.BISECT,
        move=Move.EXCHANGE,
        path=environment.path,
        old=environment.identity,
        name=environment.name,
        manager=environment.manager,
        python=environment.python.version or "",
    )
    for trash in trash_of(environment.path, store):
        current: Transaction | None = None
        result: BisectResult | None = None
        try:
            with transaction(store, entry) as current:
                current.open_item(trash)
                current.take_picture()
                current.describe(manifest_of(current.entry, environment, store, ()), needed=False)
                current.make_staged()
                work = _Work(context, request, tuple(changes), current, tell, stopped)
                result = work.search()
                raise _EndedError(result.message)
        except _EndedError:
            pass
        except _StoppedError:
            result = BisectResult(SearchStatus.CANNOT_TELL, "cancelled", stopped=True)
        except BusyError as error:
            return NoBisect(f"the environment is in use: {error}")
        except FolderLinkError as error:
            return NoBisect(f"{error.path} in the environment is a link to a folder")
        except OSError as error:
            if current is not None:
                return NoBisect(f"cannot copy the environment: {reason_of(error)}")
            continue
        if result is not None and current is not None:
            _mark_good(context, request, result)
            if current.entry.changed:
                changed = describe_changes(current.entry.changed)
                return replace(result, message=f"{result.message}; {changed}")
            return result
    return NoBisect("no folder on the disk of the environment can hold copies")


def _mark_good(context: Context, request: BisectRequest, result: BisectResult) -> None:
    """Note of both ends that the command passed on them, where all of their packages were there."""
    changes = suspects(request.good, request.bad)
    if any(one.obstacle for one in changes):
        return
    passed = [len(one.applied) for one in result.runs if one.verdict is BisectVerdict.GOOD]
    store = SnapshotStore(context.catalog.host)
    for snapshot, applied in ((request.good, 0), (request.bad, len(changes))):
        if applied in passed:
            store.mark_good(request.environment.path, snapshot.id)


@dataclass(slots=True)
class _Work:
    """The copies and the runs of one bisect."""

    context: Context
    request: BisectRequest
    changes: tuple[StateDifference, ...]
    current: Transaction
    tell: TellRun
    stopped: Stopped
    runs: list[BisectRun] = field(default_factory=list)
    _ended: Event = field(default_factory=Event)
    """Set when one run has failed or Ctrl-C came, so that the others at once are ended."""
    _copies: SetCopies = field(init=False)
    _watchdog: Watchdog = field(init=False)
    """Ends what runs, should this process be killed."""
    _numbers: Iterator[int] = field(default_factory=partial(count, 1))
    _telling: Lock = field(default_factory=Lock)
    _usual: set[tuple[str, str]] = field(default_factory=set)
    """What lacks in the good state or the bad one, and so is no reason to pass a set over."""

    def __post_init__(self) -> None:
        host, environment = self.context.catalog.host, self.request.environment
        self._watchdog = Watchdog(host)
        self._copies = SetCopies(
            host,
            self.context.store.disk,
            environment,
            self.changes,
            self.current.staged,
            UvAdapter(
                host,
                folder=self.current.staged,
                offline=self.context.policy.offline,
                environment=environment.path,
            ),
            self._install,
            self._copied,
        )

    def _is_over(self) -> bool:
        return self._ended.is_set() or self.stopped()

    def search(self) -> BisectResult:
        self._usual = set(dependency_problems(self.request.environment))
        with self._watchdog:
            found = Search(len(self.changes), self._judge, at_once=self.request.at_once).run()
        return self._result(found)

    def _judge(self, sets: Sequence[Changes]) -> list[BisectVerdict]:
        if len(sets) == 1:
            runs = [self._run(sets[0])]
        else:
            with ThreadPoolExecutor(len(sets)) as pool:
                try:
                    tried = [pool.submit(self._run, one) for one in sets]
                    left = set(tried)
                    while left:  # a signal that another thread got is seen between two waits
                        ended, left = wait(tried, _PAUSE, return_when=FIRST_EXCEPTION)
                        for one in ended:
                            one.result()  # which raises what failed first, in whichever order
                    runs = [one.result() for one in tried]
                except BaseException:
                    self._ended.set()  # the pool waits for its threads, and they for a command
                    raise
        self.runs += runs
        return [one.verdict for one in runs]

    def _say(self, one: BisectRunStarted | BisectRun) -> None:
        with self._telling:
            self.tell(one)

    def _run(self, applied: Changes) -> BisectRun:
        """Build one set, and run the command in it."""
        if self._is_over():
            raise _StoppedError("cancelled")
        versions = {
            one.name: one.after if number in applied else one.before
            for number, one in enumerate(self.changes)
        }
        names = tuple(self.changes[number].name for number in sorted(applied))
        number = next(self._numbers)
        self._say(BisectRunStarted(number, versions, names))
        output: deque[str] = deque(maxlen=_OUTPUT_LINES)
        began = time.monotonic()
        judge = partial(self._not_permitted, at_an_end=len(applied) in {0, len(self.changes)})
        with self._copies.copy(applied, judge) as (copy, why):
            done = None if why else self._try(copy, output)
        seconds = time.monotonic() - began
        if done is None:
            one = BisectRun(versions, names, BisectVerdict.SKIP, None, seconds, why, number=number)
        elif done.stopped:
            raise _StoppedError("cancelled")
        else:
            verdict, reason = self._verdict(done)
            tail, told = done.tail[-5:], tuple(output)
            one = BisectRun(
                versions, names, verdict, done.code, seconds, reason, tail, told, number
            )
        self._say(one)
        return one

    def _verdict(self, done: Completed) -> tuple[BisectVerdict, str]:
        if done.overdue:
            verdict = BisectVerdict.BAD if self.request.late_is_bad else BisectVerdict.SKIP
            return verdict, f"not over after {self.request.limit:g} s"
        if done.code == 0:
            return BisectVerdict.GOOD, ""
        if done.code == CANNOT_TELL:
            return BisectVerdict.SKIP, "the command cannot tell (exit 125)"
        if -done.code in _KILLED:  # a crash is told by other signals
            return BisectVerdict.SKIP, f"the command was killed ({signal.Signals(-done.code).name})"
        if done.code in _NOT_STARTED:
            return BisectVerdict.BAD, next(iter(done.tail[-1:]), "the command could not be started")
        return BisectVerdict.BAD, ""

    def _not_permitted(self, problems: Problems, *, at_an_end: bool) -> str:
        if at_an_end:
            self._usual.update(problems)
            return ""
        for name, text in problems:
            if (name, text) not in self._usual:
                return f"not permitted: {name} requires {text}"
        return ""

    def _try(self, copy: str, output: deque[str]) -> Completed:
        request = self.request
        task = Task("", request.command, request.folder, copy)
        command = task_command(task, self.context.catalog.host)

        def keep(event: OperationEvent) -> None:
            if isinstance(event, OutputLine):
                output.append(event.text[:_OUTPUT_LINE])

        return self._runner().run(command, keep, self._is_over, limit=request.limit)

    def _install(self, command: Command) -> Completed:
        done = self._runner().run(command, stopped=self._is_over)
        if done.stopped:
            raise _StoppedError("cancelled")
        return done

    def _runner(self) -> Runner:
        project = self.request.environment.project.path
        hides = () if project is None else values_of(project)
        return Runner(
            self.context.catalog.host,
            keep=self.current.keep,
            hides=hides,
            watchdog=self._watchdog,
        )

    def _copied(self, _files: int, _size: int) -> None:
        if self._is_over():
            raise _StoppedError("cancelled")

    def _result(self, found: SearchResult) -> BisectResult:
        culprits = tuple(self.changes[number] for number in found.culprits)
        hints: tuple[str, ...] = ()
        if found.status is SearchStatus.FOUND:
            message, hints = " with ".join(one.words for one in culprits), self._hints(culprits)
        else:
            named = f"; suspects: {', '.join(one.name for one in culprits)}" if culprits else ""
            message = (found.reason or "cannot tell") + named
        return BisectResult(found.status, message, culprits, tuple(self.runs), hints)

    def _hints(self, culprits: Sequence[StateDifference]) -> tuple[str, ...]:
        path, good = self.request.environment.path, self.request.good.id
        pins = [f"{one.name}=={one.before}" for one in culprits if one.before]
        pin = (f"pin: `{shlex.join(['envdeck', 'install', path, *pins])}`",) if pins else ()
        back = f"go back: `{shlex.join(['envdeck', 'recreate', path])} --from snapshot:{good}`"
        return *pin, back
