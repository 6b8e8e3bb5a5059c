"""A scan with progress and warnings; interrupted operations settled or said."""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from envdeck.cli.context import CommandContext
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    Environment,
    Examined,
    Finished,
    Found,
    FoundInterpreter,
    Interpreter,
    Notice,
    Progress,
    Sized,
    Unreadable,
)
from envdeck.core.system.files import boot_id
from envdeck.core.system.host import former_folders, own_folders, own_path
from envdeck.text import counted, tilde, tilde_within

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog, Scope
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.transaction.journal import Entry

_SHOWN = 3
"""How many unreadable places are named; more are counted."""


@dataclass(slots=True)
class ScanReport:
    """One scan of a catalog, told to the person while it runs."""

    context: CommandContext
    catalog: "Catalog"
    scope: "Scope"
    interpreters: list[Interpreter] = field(default_factory=list)
    """Those met so far."""
    finished: Finished = field(
        default_factory=lambda: Finished((), 0, 0, elapsed=0.0, complete=False)
    )
    """How it ended; only meaningful when it has."""
    at_once: bool = False
    """Whether, without sizes, an environment is told when it is found, and once more if what is
    found later (a link to it, its project) adds to it."""
    met: int = 0
    """How many environments were found, whether they are wanted or not."""
    _waiting: dict[str, Environment] = field(default_factory=dict)
    _told: dict[str, Environment] = field(default_factory=dict)
    _paths: set[str] = field(default_factory=set)
    _unreadable: list[Unreadable] = field(default_factory=list)
    _shown_at: float = -1.0

    def complete(self) -> Iterator[Environment]:
        """Yield each environment once all of it that was asked for is known.

        That is when it was measured, or, without sizes, when the scan has ended (unless
        :attr:`at_once`), since what is found first can still be replaced. One that could not be
        measured comes last. Without sizes none is told either, even where one is remembered: it
        would be there by chance.
        """
        for event in self.catalog.scan(self.scope):
            match event:
                case Found(environment):
                    known = environment if self.scope.sizes else replace(environment, size=None)
                    self._paths.add(environment.path)
                    self.met = len(self._paths)
                    if self.at_once and not self.scope.sizes:
                        self._told[environment.path] = known
                        yield known
                    else:
                        self._waiting[environment.path] = known
                case FoundInterpreter(interpreter):
                    self.interpreters.append(interpreter)
                case Examined(path, findings):
                    if path in self._waiting:
                        self._waiting[path] = replace(self._waiting[path], findings=findings)
                    elif path in self._told:
                        yield replace(self._told.pop(path), findings=findings)
                case Sized(path, size):
                    if path in self._waiting:
                        yield replace(self._waiting.pop(path), size=size)
                case Progress():
                    self._show(event)
                case Unreadable():
                    self._unreadable.append(event)
                case Notice(message, hint):
                    self.context.console.warn(message, hint)
                case Finished():
                    self.finished = event
        yield from self._waiting.values()
        self._warn()

    def _show(self, progress: Progress) -> None:
        if 0 <= progress.elapsed - self._shown_at < 0.1:
            return
        self._shown_at = progress.elapsed
        self.context.console.progress(
            f"{progress.phase}: {progress.visited:,} folders, "
            f"{progress.environments:,} environments, {progress.elapsed:.1f} s"
        )

    def _warn(self) -> None:
        console = self.context.console
        told = {(place.path, place.reason) for place in self._unreadable}
        away = [one for one in self.finished.not_looked_at if (one.path, one.reason) in told]
        if away:
            count = counted(len(away), "path")
            first = tilde(away[0].path, self.context.host.home)
            console.warn(
                f"{count} {away[0].reason}: `{first}`", hint="use `envdeck list PATH` to scan it"
            )
        paths = {place.path for place in away}
        unreadable = [place for place in self._unreadable if place.path not in paths]
        if len(unreadable) > _SHOWN:
            console.warn(f"{len(unreadable):,} unreadable paths")
            return
        for place in unreadable:
            path = tilde(place.path, self.context.host.home)
            console.warn(f"cannot read `{path}`: {place.reason}")


_OVER = (b'"done"', b'"rolled-back"', b'"needs-attention"')
_LIMIT = 4096
"""Bytes; the phase stands among the first fields of an entry."""
HINT = "envdeck history --recover"


def warn_pending(context: CommandContext) -> None:
    """Say that an operation was interrupted, for commands that only look.

    It is on the way of every listing: one look at the folder of the journal, and nothing is
    imported unless there is something to say.
    """
    folder = own_path(context.host, "state", "operations")
    try:
        names = os.listdir(folder)
    except OSError:
        return
    # All of them, some 500 at most in 3 ms: which is the newest no name tells, nor any clock.
    kept = [name for name in names if name.endswith(".json")]
    if not any(_is_unfinished(os.path.join(folder, name)) for name in kept):
        return
    waiting = [entry for entry in context.operations().pending() if not _is_running(entry, context)]
    for entry in waiting:
        context.console.warn(f"{describe_entry(entry, context)} was interrupted")
    if waiting:
        context.console.hint(HINT)


def _is_unfinished(path: str) -> bool:
    """Tell whether a journal file holds an operation that is not over, by a look at its bytes."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False
    try:
        data = os.read(descriptor, _LIMIT)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    _, key, rest = data.partition(b'"phase": ')
    return bool(key) and not rest.startswith(_OVER)


def _is_running(entry: "Entry", context: CommandContext) -> bool:
    """Tell whether the process that began an operation still runs."""
    if context.host.windows or entry.pid <= 0 or entry.boot != boot_id(context.host):
        return False
    try:
        os.kill(entry.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's, so that number was reused
        return False
    return True


def settle_folders(context: CommandContext) -> None:
    """Move EnvDeck's own files from the folders of an earlier version, and print what was moved.
    Call it before anything else that changes something."""
    if own_folders(context.host) == former_folders(context.host):
        return
    # start-up: a help needs none of it
    from envdeck.core.operations.shared.own_folders import relocate

    home = context.host.home
    for moved in relocate(context.host):
        way = f"{tilde(moved.source, home)} to {tilde(moved.target, home)}"
        if moved.problem:
            context.console.warn(f"cannot move {way}: {moved.problem}")
        else:
            context.console.note(f"moved {way}")
    context.forget_configuration()


def settle_pending(operations: "Operations", context: CommandContext) -> None:
    """Finish or roll back what was interrupted, and say so."""
    report_settled(operations.recover(), context)


def report_settled(entries: Iterable["Entry"], context: CommandContext) -> bool:
    """Say what became of what was interrupted, and return whether all of it ended well."""
    whole = True
    for entry in entries:
        what = describe_entry(entry, context)
        why = f": {tilde_within(entry.message, context.host.home)}" if entry.message else ""
        match entry.phase.value:
            case "done":
                context.console.note(f"{what} was interrupted, now finished{why}")
            case "rolled-back":
                context.console.note(f"{what} was interrupted, now rolled back{why}")
            case "needs-attention":
                context.console.warn(f"{what} was interrupted and needs attention{why}")
                whole = False
            case _:
                context.console.warn(f"{what} was interrupted and is still pending{why}", HINT)
                whole = False
    return whole


def describe_entry(entry: "Entry", context: CommandContext) -> str:
    """Return `the delete of ~/work/api/.venv`."""
    return f"the {entry.operation} of {tilde(entry.path, context.host.home)}"
