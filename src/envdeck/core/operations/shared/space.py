"""Room on the disk: what an operation needs, and what helps where there is none."""

import errno
import os
import shlex
from collections.abc import Iterable
from enum import Enum

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Operation, Plan, Refusal
from envdeck.core.operations.disk import Disk
from envdeck.core.operations.shared.history import trashed
from envdeck.core.operations.transaction.spare import device_of
from envdeck.core.operations.transaction.transaction import OperationStore
from envdeck.core.system.files import existing_folder
from envdeck.core.system.mounts import mount_of, read_mounts
from envdeck.core.system.words import amount

ROOM_HINT = "use `envdeck list --sort reclaimable` to find what to delete"
_FEW_FILES = 16
_FEW_BYTES = 64 * 1024
"""As much as an operation needs: with less of it free, that is what it was refused for."""
_BY_HAND = "free at least 1 MB or 100 files there manually, then try again"


class Lack(Enum):
    """Which kind of room there is none of, as it is said."""

    BLOCKS = "no space left"
    QUOTA = "disk quota exceeded"
    INODES = "no inodes left"


@dataclass(frozen=True, slots=True)
class Shortage:
    """A disk that is full, and how."""

    lack: Lack
    folder: str
    """A folder on it, which exists."""
    disk: str
    """Where it is mounted."""

    def __str__(self) -> str:
        return f"{self.lack.value} on {self.disk}"


def find_shortage(error: OSError, path: str, store: OperationStore) -> Shortage:
    """Return what the system lacked when it refused to write; `path` counts where the error
    names no place."""
    named = error.filename2 or error.filename
    folder = existing_folder(named if isinstance(named, str) and os.path.isabs(named) else path)
    if error.errno == errno.EDQUOT:
        return shortage_of(Lack.QUOTA, folder, store)
    return shortage_of(_lack(folder, store.disk), folder, store)


def find_common(folders: Iterable[str], store: OperationStore) -> Shortage | None:
    """Return the shortage of the one disk that some folders lie on; None where they lie on
    several. A tool that met it does not tell which, and by now what it wrote is gone again."""
    there = [existing_folder(each) for each in folders]
    if len({device_of(each) for each in there}) != 1:
        return None
    return shortage_of(_lack(there[0], store.disk), there[0], store)


def hint_for_plan(shortage: Shortage, plan: Plan, store: OperationStore) -> str:
    """Say what makes room on that disk where a plan had none; what is removed for good has no
    more to give then."""
    if plan.operation is Operation.PURGE:
        return _BY_HAND
    if plan.operation is not Operation.DELETE:
        return hint_for(shortage, store)
    if plan.undo is None:
        return _BY_HAND
    allowed = [word for guard in sorted(plan.allowed) for word in ("--allow", guard)]
    command = ["envdeck", "delete", "--purge", plan.targets[0].path, *allowed]
    return _empty(shortage, store) or _delete(shortage, plan, shlex.join(command), store)


def hint_for(shortage: Shortage, store: OperationStore) -> str:
    """Say what makes room on that disk: emptying the trash only where it holds something there."""
    return _empty(shortage, store) or ROOM_HINT


def _empty(shortage: Shortage, store: OperationStore) -> str:
    """Say what emptying the trash frees on that disk; empty where it frees nothing there."""
    device = device_of(shortage.folder)
    there = [item for item in trashed(store) if item.ours and device_of(item.folder) == device]
    sizes = [None if item.manifest is None else item.manifest.reclaimable_bytes for item in there]
    known = sum(size or 0 for size in sizes)
    if known:
        return f"run `envdeck trash purge` to free {amount(known)} there"
    return "run `envdeck trash purge` to empty the trash there" if None in sizes else ""


def _delete(shortage: Shortage, plan: Plan, command: str, store: OperationStore) -> str:
    """Say what deleting for good frees, in place of moving to the trash."""
    path, size = plan.targets[0].path, plan.reclaims_bytes
    if size == 0 or device_of(os.path.dirname(path)) != device_of(shortage.folder):
        return ROOM_HINT
    if store.disk.derivable_bytes(path) < _FEW_BYTES:
        return _BY_HAND
    return f"run `{command}` to free {'its space' if size is None else amount(size)} there"


def shortage_of(lack: Lack, folder: str, store: OperationStore) -> Shortage:
    """Return the shortage of the disk of an existing folder."""
    mount = mount_of(os.path.realpath(folder), read_mounts(store.host))
    return Shortage(lack, folder, mount.point if mount is not None else _top(folder))


def _top(folder: str) -> str:
    """Return the highest folder on the same disk, for systems without a mount table."""
    above = os.path.dirname(folder)
    while above != folder and device_of(above) == device_of(folder):
        folder, above = above, os.path.dirname(above)
    return folder


def _lack(folder: str, disk: Disk) -> Lack:
    try:
        files, free = disk.free_files(folder), disk.free_bytes(folder)
    except OSError:
        return Lack.BLOCKS
    none_left = files is not None and files < _FEW_FILES and free >= _FEW_BYTES
    return Lack.INODES if none_left else Lack.BLOCKS


_SPARE_BYTES = 64 * 1024 * 1024
"""Room that is left free on the disk."""
_SPARE_FILES = 64


def not_writable(path: str) -> tuple[Refusal, ...]:
    """Return why what is built for `path` could not be put there, or nothing: to take a folder's
    place is to write into the one above it, and into the folder itself where that is moved."""
    parent = os.path.dirname(path)
    for folder in (parent, path):
        if os.path.isdir(folder) and not os.access(folder, os.W_OK | os.X_OK):
            why = f"no permission to write to {folder}"
            hint = f"check its owner: `{shlex.join(['ls', '-ld', folder])}`"
            return (Refusal("not-writable", why, hint=hint, path=path),)
    return ()


def no_room(path: str, needs: int | None, store: OperationStore) -> tuple[Refusal, ...]:
    """Return why the disk is too full for what is built for `path`, or nothing.

    `needs` are bytes, or None where only the resolver will tell: then a little has to be free.
    """
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return ()
    files, lack = store.disk.free_files(folder), Lack.INODES
    free, needed = store.disk.free_bytes(folder), needs or 0
    if files is not None and files < _SPARE_FILES:
        why = f"the disk has {files:,} free inodes"
    elif free < needed + _SPARE_BYTES:
        lack, both = Lack.BLOCKS, f"needs {needed:,} during the operation"
        takes = both if needs else "some are needed during the operation"
        why = f"the disk has {free:,} bytes free; {takes}, {_SPARE_BYTES:,} must stay free"
    else:
        return ()
    shortage = shortage_of(lack, folder, store)
    return (Refusal("no-room", why, hint=hint_for(shortage, store), path=path),)
