"""What an entry of the journal names is touched only where it is proved to be ours.

A journal can be edited, damaged, restored from elsewhere: it is data, and no order. Identities
prove folders; here is what proves the places.
"""

import os
import re
import stat

from envdeck.core.host import Host
from envdeck.core.model import Identity
from envdeck.core.operations.disk import Disk
from envdeck.core.operations.journal import Entry, Journal, Move, boot_id
from envdeck.core.operations.places import stranger

_LONGEST = 1_000
"""Undos of undos that are followed back."""
_LOCK = re.compile(r"(uv|poetry|pdm|Pipfile)\.lock|pylock(\.[^.]+)?\.toml")


def item_problem(entry: Entry, journal: Journal) -> str:
    """Say why the item of an entry is not its own, or in no trash of ours; empty where it is."""
    if not entry.item:
        return ""
    identifiers, paths = _line(entry, journal)
    if entry.move is not Move.REMOVE and os.path.basename(entry.item) not in identifiers:
        return f"{entry.item} is another operation's"
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
        return f"{name} is no lock file"
    is_it = is_same(disk.identity(folder), entry.file_folder, entry, disk.host)
    if entry.file_folder is None or os.path.realpath(folder) != folder or not is_it:
        return f"{folder} is not the folder that it was"
    try:
        status = os.lstat(entry.file)
    except FileNotFoundError:
        return ""
    return "" if stat.S_ISREG(status.st_mode) else f"{name} is no plain file now"


def is_same(found: Identity | None, noted: Identity | None, entry: Entry, host: Host) -> bool:
    """Tell whether a folder is the one that an entry noted. Disks may get another number when the
    machine starts anew; inodes keep theirs."""
    if found is None or noted is None or found == noted:
        return found == noted
    return found.inode == noted.inode and entry.boot != boot_id(host)
