"""What an interrupted operation left is finished or rolled back at the next start."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from envdeck.core.files import reason_of
from envdeck.core.operations.disk import is_full
from envdeck.core.operations.journal import Entry, Move
from envdeck.core.operations.locks import Held, lock
from envdeck.core.operations.places import former_trash, is_ours_alone, written_by
from envdeck.core.operations.proving import item_problem
from envdeck.core.operations.settling import settle
from envdeck.core.operations.shortage import find_shortage, hint_for
from envdeck.core.operations.spare import Going
from envdeck.core.operations.transaction import Ground


def pending(ground: Ground) -> tuple[Entry, ...]:
    """Return the operations that are not over, oldest first."""
    entries, _ = ground.journal.read_all()
    return tuple(entry for entry in entries if not entry.phase.over)


def recover(ground: Ground) -> tuple[Entry, ...]:
    """Bring to an end what nobody works on any more, and return what is over now.

    The lock tells whether somebody does: children of a program that was killed hold it on. One
    that the disk refuses to settle stays pending, and comes back with the reason as its message.
    """
    sweep(ground)
    waiting = pending(ground)
    with ground.spare.giving(
        Going(entry.item, entry.old) for entry in waiting if entry.move is Move.REMOVE
    ):
        return _settle_all(waiting, ground)


def _settle_all(waiting: Iterable[Entry], ground: Ground) -> tuple[Entry, ...]:
    done = []
    for entry in waiting:
        try:
            held = lock(entry.path, ground.places.locks, ground.disk, entry.id)
        except OSError as error:
            done.append(_stuck(entry, error, ground))
            continue
        if isinstance(held, Held):
            continue
        with held:
            current = ground.journal.read(entry.id)  # it may have ended since it was read
            if not isinstance(current, Entry) or current.phase.over:
                continue
            try:
                done.append(settle(current, ground.disk, ground.journal))
            except OSError as error:
                done.append(_stuck(current, error, ground))
    return tuple(done)


def _stuck(entry: Entry, error: OSError, ground: Ground) -> Entry:
    why = reason_of(error)
    if is_full(error):
        shortage = find_shortage(error, entry.path, ground)
        why = f"{shortage}; {hint_for(shortage, ground)}"
    return replace(entry, message=f"cannot be settled: {why}")


def sweep(ground: Ground) -> None:
    """Remove what a program that was killed while it wrote a file left beside that file."""
    clock = os.path.dirname(ground.places.clock)
    folders = [ground.places.journal, clock, ground.places.trash]
    if (former := former_trash(ground.host)) is not None:
        folders.append(former)
    for entry in pending(ground):
        if entry.item and not item_problem(entry, ground.journal):
            folders += [os.path.dirname(entry.item), entry.item]
    for folder in dict.fromkeys(folders):
        if not is_ours_alone(folder):
            continue
        try:
            names = os.listdir(folder)
        except OSError:  # not there yet, or not ours to list: then there is nothing to sweep
            continue
        for name in names:
            found = written_by(name)
            if found is not None and not _runs(found[1]):
                with suppress(OSError):  # it does no harm; the next recovery tries again
                    ground.disk.remove_file(os.path.join(folder, name))


def _runs(pid: int) -> bool:
    """Tell whether a process runs. Asked only for a file's sake: a number that was given anew
    keeps a leftover a little longer."""
    import psutil  # takes 20 ms, and only a crash asks for it

    return bool(psutil.pid_exists(pid))
