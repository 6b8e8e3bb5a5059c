"""Finish or roll back, after a failure or a crash; proof that a path is ours.

A journal can be edited, damaged, restored from elsewhere: it is data, and no order. Identities
prove folders; here is what proves the places.

The journal says what was meant, and the identities of the folders say how far it came. What is
done then is renaming alone, and removing what the operation itself had made. Where the disk
shows anything else it is left alone, and said.
"""

import os
import re
import shlex
import stat
from collections.abc import Callable

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Identity
from envdeck.core.operations.disk import Disk, NotOneDiskError, RemainderError
from envdeck.core.operations.disk.permissions import immutable_part, unlock_command
from envdeck.core.operations.transaction.journal import Entry, Journal, Move, Phase
from envdeck.core.operations.transaction.picture import (
    describe_changes,
    parse_picture,
    read_picture,
)
from envdeck.core.operations.transaction.places import BEFORE, ENVIRONMENT, NEXT, PICTURE, stranger
from envdeck.core.operations.transaction.trash import (
    clear_item,
    purge_name,
    remove_item,
    take_next_manifest,
    tidy,
)
from envdeck.core.system.files import boot_id, reason_of
from envdeck.core.system.host import Host

_LONGEST = 1_000
"""Undos of undos that are followed back."""
_LOCK = re.compile(r"(uv|poetry|pdm|Pipfile)\.lock|pylock(\.[^.]+)?\.toml")


def item_problem(entry: Entry, journal: Journal) -> str:
    """Say why the item of an entry is not its own, or in no trash of ours; empty where it is."""
    if not entry.item:
        return ""
    identifiers, paths = _line(entry, journal)
    if entry.move is not Move.REMOVE and os.path.basename(entry.item) not in identifiers:
        return f"{entry.item} belongs to another operation"
    return stranger(entry.item, paths, journal.host)


def _line(entry: Entry, journal: Journal) -> tuple[set[str], set[str]]:
    """Return the ids and the paths of an entry and of what it takes back, of what that takes
    back, and so on; the first of them may be forgotten by now."""
    identifiers, paths = {entry.id}, {entry.path}
    for _ in range(_LONGEST):
        if not entry.undoes or entry.undoes in identifiers:
            break
        identifiers.add(entry.undoes)
        before = journal.read(entry.undoes)
        if not isinstance(before, Entry):
            break
        entry = before
        paths.add(entry.path)
    return identifiers, paths


def file_problem(entry: Entry, disk: Disk) -> str:
    """Say why the file that an entry brings back is left alone; empty where it may be written."""
    if not entry.file:
        return ""
    folder, name = os.path.split(entry.file)
    if not _LOCK.fullmatch(name):
        return f"{name} is not a lock file"
    is_it = is_same(disk.identity(folder), entry.file_folder, entry, disk.host)
    if entry.file_folder is None or os.path.realpath(folder) != folder or not is_it:
        return f"{folder} was replaced"
    try:
        status = os.lstat(entry.file)
    except FileNotFoundError:
        return ""
    return "" if stat.S_ISREG(status.st_mode) else f"{name} is no longer a regular file"


def is_same(found: Identity | None, noted: Identity | None, entry: Entry, host: Host) -> bool:
    """Tell whether a folder is the one that an entry noted. Disks may get another number when the
    machine starts again; inodes keep theirs."""
    if found is None or noted is None or found == noted:
        return found == noted
    return found.inode == noted.inode and entry.boot != boot_id(host)


def describe_remains(error: OSError, folder: str, host: Host) -> str:
    """Return which part of an item could not be removed, and why; `folder` is the item's."""
    if not isinstance(error, RemainderError):
        named = f": {error.filename}" if isinstance(error.filename, str) else ""
        return f"{reason_of(error)}{named}"
    what = os.path.relpath(error.path, folder)
    part = immutable_part(error.path, host)
    flag = ""
    if part:
        flag = " (immutable)" if part == error.path else " (its folder is immutable)"
    more = f", and {error.count - 1:,} more" if error.count > 1 else ""
    return f"{what} cannot be removed: {reason_of(error)}{flag}{more}"


def suggest_purge(error: OSError, folder: str, identifier: str, host: Host) -> str:
    """Return what a person can do so that the rest is removed."""
    if isinstance(error, NotOneDiskError):
        return "unmount what is mounted there"
    again = f"`envdeck trash purge {identifier}`"
    if isinstance(error, RemainderError) and (part := immutable_part(error.path, host)):
        deep = error.count > 1
        command = unlock_command(folder if deep else part, host, deep=deep)
        return f"run `{shlex.join(command)}` as root, then {again}"
    return f"run {again} to try again"


def settle(entry: Entry, disk: Disk, journal: Journal, message: str = "") -> Entry:
    """Finish an operation or roll it back, and journal which; an entry that is over comes back
    as it is.

    The caller holds the lock of the environment. Raises `OSError` where the disk refuses: then
    nothing is lost, and the entry stays pending for the next try.
    """
    if entry.phase.over:
        return entry
    problem = item_problem(entry, journal)
    changed: tuple[str, ...] = ()
    if problem:
        phase, why = Phase.ATTENTION, f"nothing changed: {problem}"
    else:
        data = read_picture(entry.item) if entry.move is Move.EXCHANGE else None
        phase, why = _SETTLERS[entry.move](entry, disk)
        if phase is Phase.DONE and data is not None:
            disk.remove_file(os.path.join(entry.item, PICTURE))
        if phase is Phase.ROLLED_BACK and data is not None:
            picture = parse_picture(data) if disk.identity(entry.path) == entry.old else None
            changed = () if picture is None else picture.changes(entry.path)
    if phase is Phase.DONE:
        put_file(entry, entry.file_if_done, disk)
    done = replace(
        entry, phase=phase, ended_at=disk.host.now(), message=message if message else why
    )
    if phase is Phase.ATTENTION or "; " in why:
        done = replace(done, message=why, partly=_is_partly_gone(entry, disk))
    if changed:
        told = message or "rolled back"
        done = replace(done, changed=changed, message=f"{told}; {describe_changes(changed)}")
    if problem := file_problem(entry, disk):
        done = replace(done, message=f"{done.message}; {entry.file} not restored: {problem}")
    return finish(done, journal)


def _is_partly_gone(entry: Entry, disk: Disk) -> bool:
    """Tell whether the removal of an item has begun and is not ended."""
    if entry.move is not Move.REMOVE or entry.old is None:
        return False
    return disk.identity(purge_name(entry.item)) == entry.old


def finish(entry: Entry, journal: Journal) -> Entry:
    """Journal an entry that is over, and in those that it takes back or purges that it did.

    Those come first: an entry that is over is never looked at again.
    """
    if entry.phase is Phase.DONE and entry.undoes:
        before = journal.read(entry.undoes)
        if isinstance(before, Entry):
            if before.undone_by != entry.id:
                journal.write(replace(before, undone_by=entry.id))
            first = journal.read(before.undoes) if before.undoes else None
            if isinstance(first, Entry) and first.undone_by == before.id:
                journal.write(replace(first, undone_by=""))  # it holds again
    if entry.phase is Phase.DONE and entry.move is Move.REMOVE:
        for each in journal.read_all()[0]:
            if each.item == entry.item and each.id != entry.id and not each.purged:
                journal.write(replace(each, purged=True))
    return journal.write(entry)


def _resolve_move(entry: Entry, disk: Disk) -> tuple[Phase, str]:
    here, there = disk.identity(entry.path), _read_item(entry, disk)
    if there is not None and there == entry.old:
        return Phase.DONE, "moved to trash"
    if there is None and (here is not None or entry.phase is not Phase.MOVING):
        return _cleared(entry, disk, "nothing changed")
    return _unknown(entry)


def _back(entry: Entry, disk: Disk) -> tuple[Phase, str]:
    here, there = disk.identity(entry.path), _read_item(entry, disk)
    if here is not None and here == entry.new:
        left = clear_item(entry.item, disk)
        return Phase.DONE, f"restored{_left_words(entry, left)}"
    if there is not None and there == entry.new:
        return Phase.ROLLED_BACK, "nothing changed"
    return _unknown(entry)


def _exchange(entry: Entry, disk: Disk) -> tuple[Phase, str]:
    before = os.path.join(entry.item, BEFORE)
    here, there = disk.identity(entry.path), _read_item(entry, disk)
    waiting = disk.identity(before)
    if entry.phase is not Phase.MOVING:  # the item is still ours alone, whatever is in it
        return _give_up(entry, disk)
    if there == entry.new and waiting is None:  # whatever is in its place: not by us
        return _give_up(entry, disk)
    if here == entry.new:  # the step that counts was taken
        if waiting is not None and waiting == entry.old and there is None:
            disk.move(before, os.path.join(entry.item, ENVIRONMENT))
            there = waiting
        if entry.old is None and there is None:
            left = clear_item(entry.item, disk)
            return Phase.DONE, f"completed{_left_words(entry, left)}"
        if there == entry.old:
            if entry.keep_new:
                take_next_manifest(entry.item, disk)
            return Phase.DONE, "completed"
        return _unknown(entry)
    if here is None and there == entry.new and waiting is not None and waiting == entry.old:
        disk.move(before, entry.path)
        return _give_up(entry, disk)
    return _unknown(entry)


def _give_up(entry: Entry, disk: Disk) -> tuple[Phase, str]:
    """Leave the old one as it is, and remove what had been made to take its place."""
    put_file(entry, entry.file_if_not, disk)
    if entry.keep_new:
        disk.clear_exchange(entry.item)
        disk.remove_file(os.path.join(entry.item, NEXT))
        return Phase.ROLLED_BACK, "nothing changed"
    return _cleared(entry, disk, "nothing changed")


def _cleared(entry: Entry, disk: Disk, why: str) -> tuple[Phase, str]:
    """Remove what had been made in the item; what is none of that is left, and said."""
    left = clear_item(entry.item, disk, entry.new)
    if left:
        return Phase.ATTENTION, f"{why}{_left_words(entry, left)}"
    return Phase.ROLLED_BACK, why


def _left_words(entry: Entry, left: tuple[str, ...]) -> str:
    return f"; {', '.join(left[:3])} in {entry.item} kept (not created by EnvDeck)" if left else ""


def put_file(entry: Entry, name: str, disk: Disk) -> None:
    """Give the file outside the environment the content that the item has under `name`.

    Raises `OSError`; done twice, it does nothing more.
    """
    if not entry.file or not name or file_problem(entry, disk):
        return
    saved = os.path.join(entry.item, name)
    if disk.identity(saved) is None:
        return  # it had not been touched yet
    with open(saved, "rb") as file:
        data = file.read()
    try:
        with open(entry.file, "rb") as file:
            if file.read() == data:
                return
    except FileNotFoundError:
        pass
    disk.write(entry.file, data)


def _remove(entry: Entry, disk: Disk) -> tuple[Phase, str]:
    """Finish a purge that had begun; one that had not is given up."""
    going = purge_name(entry.item)
    there = disk.identity(going)
    if there is not None and there != entry.old:
        return Phase.ATTENTION, f"{going} is not the item to delete"
    if there is not None:
        try:
            remove_item(going, disk)
        except RemainderError as error:  # trying again at each start would not change it
            return Phase.ATTENTION, describe_remains(error, going, disk.host)
    elif disk.identity(entry.item) is not None:
        return Phase.ROLLED_BACK, "still in the trash"
    tidy(os.path.dirname(entry.item), disk)
    return Phase.DONE, "permanently deleted"


def _owner(entry: Entry, disk: Disk) -> tuple[Phase, str]:
    if disk.identity(entry.path) is None:
        return Phase.DONE, "deleted by its own tool"
    return Phase.ATTENTION, "its own tool was interrupted; check what is left"


def _read_item(entry: Entry, disk: Disk) -> Identity | None:
    return disk.identity(os.path.join(entry.item, ENVIRONMENT)) if entry.item else None


def _unknown(entry: Entry) -> tuple[Phase, str]:
    kept = f"; the old one is in {entry.item}" if entry.item else ""
    return Phase.ATTENTION, f"cannot tell whether the change was applied{kept}"


_SETTLERS: dict[Move, Callable[[Entry, Disk], tuple[Phase, str]]] = {
    Move.ASIDE: _resolve_move,
    Move.BACK: _back,
    Move.EXCHANGE: _exchange,
    Move.REMOVE: _remove,
    Move.OWNER: _owner,
}
