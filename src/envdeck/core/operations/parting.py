"""What goes to the trash when an operation is taken back, and what stands in the way of that."""

import os
import stat
from dataclasses import dataclass, replace

from envdeck.core.inspection.unowned import Unowned
from envdeck.core.model import Identity, Operation, Refusal, Target
from envdeck.core.operations.asking import UNOWNED
from envdeck.core.operations.guards.guard import amount, some
from envdeck.core.operations.guards.in_use import InUse
from envdeck.core.operations.guards.moment import Moment, Question
from envdeck.core.operations.guards.mount import Mounted
from envdeck.core.operations.guards.protected_path import ProtectedPath
from envdeck.core.operations.journal import Entry
from envdeck.core.operations.places import ENVIRONMENT

CHANGED = "changed"
"""The guard of a file that is not what was shown."""
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parting:
    """A person's own files that would be in the trash alone."""

    files: tuple[str, ...] = ()
    """Relative to the environment."""
    message: str = ""
    """What is said of them; empty where there is nothing to say."""


def mark_of_file(path: str) -> str:
    """Return what tells a file from itself after a change: when it was last written to, and its
    size; empty where there is no file."""
    try:
        status = os.lstat(path)
    except OSError:
        return ""
    return f"{status.st_mtime_ns}.{status.st_size}" if stat.S_ISREG(status.st_mode) else ""


def changed_file(path: str) -> Refusal:
    """Return the refusal of a file that is no longer what was shown."""
    return Refusal(
        CHANGED,
        f"{path} was changed since it was shown, and nothing was done to it",
        hint="look again, and do it anew",
        path=path,
    )


def parting(entry: Entry, path: str, moment: Moment) -> Parting:
    """Return which unowned files of the environment at `path` the one that returns has not; of a
    file, itself where somebody has written to it since."""
    if entry.is_file:
        if mark_of_file(path) == entry.mark:
            return Parting()
        told = "it was changed since, and what was changed goes to the trash with it"
        return Parting((os.path.basename(path),), told)
    found = moment.unowned(path)
    old = os.path.join(entry.item, ENVIRONMENT) if entry.old is not None else None
    missing = tuple(
        file
        for file in found.files
        if old is None or not _is_same_file(os.path.join(path, file.path), f"{old}/{file.path}")
    )
    files = tuple(file.path for file in missing)
    told = _told(
        replace(
            found,
            files=missing,
            count=found.count - len(found.files) + len(missing),
            bytes=sum(file.bytes for file in missing),
        )
    )
    return Parting(files, told)


def _told(found: Unowned) -> str:
    told = []
    if found.count:
        names = some(file.path for file in found.files)
        what = "1 file of yours goes" if found.count == 1 else f"{found.count:,} files of yours go"
        told.append(f"{what} to the trash ({amount(found.bytes)}): {names}")
    if found.unread:
        told.append(f"not everything could be looked at: {some(found.unread)}")
    return "; ".join(told)


def _is_same_file(first: str, second: str) -> bool:
    """Tell whether two files hold the same; what cannot be read does not."""
    try:
        one, other = os.lstat(first), os.lstat(second)
        if (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino):
            return True
        if stat.S_IFMT(one.st_mode) != stat.S_IFMT(other.st_mode) or one.st_size != other.st_size:
            return False
        if stat.S_ISLNK(one.st_mode):
            return os.readlink(first) == os.readlink(second)
        return stat.S_ISREG(one.st_mode) and _is_same_content(first, second)
    except OSError:
        return False


def _is_same_content(first: str, second: str) -> bool:
    with open(first, "rb") as one, open(second, "rb") as other:
        while part := one.read(_CHUNK):
            if part != other.read(_CHUNK):
                return False
        return not other.read(1)


def obstacles_to_parting(
    entry: Entry,
    path: str,
    here: Identity | None,
    going: Parting,
    moment: Moment,
    allow: frozenset[str],
) -> tuple[Refusal, ...]:
    """Return what stands in the way of putting aside what is in its place now."""
    question = Question(
        operation=Operation.UNDO,
        target=Target(path, here, entry.name),
        environment=None,
        moment=moment,
    )
    # A file was edited under rules of its own, wherever its project lies: those let it return.
    guards = () if entry.is_file else (ProtectedPath(), Mounted())
    final = [guard.refuses(question) for guard in guards]
    if entry.old is None and not entry.is_file and moment.candidate(path) is None:
        why = "it has no markers of an environment"
        final.append(Refusal("not-an-environment", why, path=path))
    against = [refusal for refusal in final if refusal is not None]
    if against:
        return tuple(against)
    if going.message and UNOWNED not in allow:
        against.append(
            Refusal(UNOWNED, going.message, _way(entry, UNOWNED), path, overrulable=True)
        )
    asked = not entry.is_file and InUse.name not in allow
    if asked and (used := InUse().refuses(question)) is not None:
        against.append(replace(used, hint=_way(entry, InUse.name)))
    return tuple(against)


def _way(entry: Entry, guard: str) -> str:
    return f"envdeck undo {entry.id} --allow {guard}"
