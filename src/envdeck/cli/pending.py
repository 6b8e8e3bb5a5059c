"""What was interrupted: finished before anything else is done, and said where we only look."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from envdeck.cli.context import Context
from envdeck.core.host import former_folders, own_folders, own_path
from envdeck.text import tilde, tilde_within

if TYPE_CHECKING:
    from envdeck.core.operations.journal import Entry
    from envdeck.core.operations.operations import Operations

_OVER = (b'"done"', b'"rolled-back"', b'"needs-attention"')
_LIMIT = 4096
"""Bytes; the phase stands among the first fields of an entry."""
HINT = "envdeck history --recover"


def say_pending(context: Context) -> None:
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
    if not any(_unfinished(os.path.join(folder, name)) for name in kept):
        return
    waiting = [entry for entry in context.operations().pending() if not _worked_on(entry, context)]
    for entry in waiting:
        context.console.warn(f"{describe(entry, context)} was interrupted")
    if waiting:
        context.console.hint(HINT)


def _unfinished(path: str) -> bool:
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


def _worked_on(entry: "Entry", context: Context) -> bool:
    """Tell whether the process that began an operation still runs."""
    from envdeck.core.operations.journal import boot_id

    if context.host.windows or entry.pid <= 0 or entry.boot != boot_id(context.host):
        return False
    try:
        os.kill(entry.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's, so that number was given anew
        return False
    return True


def settle_folders(context: Context) -> None:
    """Move EnvDeck's own files from the folders of an earlier version, and print what was moved.
    Call it before anything else that changes something."""
    if own_folders(context.host) == former_folders(context.host):
        return
    from envdeck.core.operations.relocation import relocate

    home = context.host.home
    for moved in relocate(context.host):
        way = f"{tilde(moved.source, home)} to {tilde(moved.target, home)}"
        if moved.problem:
            context.console.warn(f"cannot move {way}: {moved.problem}")
        else:
            context.console.note(f"moved {way}")
    context.forget_configuration()


def settle_pending(operations: "Operations", context: Context) -> None:
    """Finish or roll back what was interrupted, and say so."""
    report_settled(operations.recover(), context)


def report_settled(entries: Iterable["Entry"], context: Context) -> bool:
    """Say what became of what was interrupted, and return whether all of it ended well."""
    whole = True
    for entry in entries:
        what = describe(entry, context)
        why = f": {tilde_within(entry.message, context.host.home)}" if entry.message else ""
        match entry.phase.value:
            case "done":
                context.console.note(f"{what} was interrupted, and is finished now{why}")
            case "rolled-back":
                context.console.note(f"{what} was interrupted, and is rolled back now{why}")
            case "needs-attention":
                context.console.warn(f"{what} was interrupted, and needs a look{why}")
                whole = False
            case _:
                context.console.warn(f"{what} was interrupted, and waits{why}", HINT)
                whole = False
    return whole


def describe(entry: "Entry", context: Context) -> str:
    """Return `the delete of ~/work/api/.venv`."""
    return f"the {entry.operation} of {tilde(entry.path, context.host.home)}"
