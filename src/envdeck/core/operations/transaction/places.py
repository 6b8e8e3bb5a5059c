"""Journal, locks and trash folders; the file lock.

The lock is `flock` on a file named after the environment's path. Children inherit its
descriptor: an installer that outlives us keeps the lock, and so recovery waits for it.
"""

import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import TracebackType

from envdeck.core.inspection.protection import TRASH
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.operations.disk import Disk
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, existing_folder, read_bounded
from envdeck.core.system.host import Host, former_folders, lies_under, own_folders, own_path
from envdeck.core.system.mounts import Mount, mount_of, read_mounts

ENVIRONMENT = "environment"
"""What is put aside, or staged, in an item of the trash."""
BEFORE = "before"
"""Where the old one waits in an item while two renames take the place of an exchange."""

FILE_BEFORE = "file-before"
"""The project's lock as it was before an operation."""
FILE_AFTER = "file-after"
"""The project's lock as an operation left it, kept when that is taken back."""
MANIFEST = "manifest.json"
"""What is known of an item."""
NEXT = "manifest-next.json"
"""What will be known of it when an undo is done."""
PICTURE = "picture"
"""How the environment was before the operation began; see :mod:`picture`."""
RESERVE = ".reserve"
"""Room that a trash keeps on another disk than the journal's; see :class:`Reserve`."""
_MADE = (
    PICTURE,
    *(MANIFEST, NEXT, FILE_BEFORE, FILE_AFTER, "requirements.txt", "constraints.txt"),
    *("some.txt", "lock.txt", "scratch", "wheels", ".exchange-a", ".exchange-b"),
)
"""All else that operations make in an item."""
_LEFT = re.compile(r"(.+)\.([0-9]{1,10})(?:-[0-9]{1,20})?\.tmp", re.ASCII | re.DOTALL)
"""As :func:`temporary_name` makes them, and as earlier versions did without a thread."""
_MOST = 2**31 - 1
"""The highest number of a process."""


def is_made(name: str) -> bool:
    """Tell whether a name in an item is one that operations make, apart from the environments."""
    left = parse_temporary(name)
    return name in _MADE or (left is not None and left[0] in _MADE)


def parse_temporary(name: str) -> tuple[str, int] | None:
    """Return which file was being written under a temporary name, and by which process; None
    where it is no name of ours."""
    match = _LEFT.fullmatch(name)
    if match is None or int(match[2]) > _MOST:
        return None
    return match[1], int(match[2])


def process_exists(pid: int) -> bool:
    """Tell whether a process runs, ours or another user's."""
    import psutil  # start-up: 20 ms, and only leftovers of a crash ask

    return bool(psutil.pid_exists(pid))


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one user on one host."""

    journal: str
    locks: str
    reserve: str
    """Room that is kept for a full disk."""
    clock: str
    """The file with the time that was seen to pass."""
    trash: str
    """The first choice; see :func:`trashes_for`."""

    @classmethod
    def find(cls, host: Host) -> "Places":
        """Return them in our own folders, each where it is; the trash
        with the links above it followed, so that the path of an item in it is a real one."""
        return cls(
            journal=own_path(host, "state", "operations"),
            locks=own_path(host, "state", "locks"),
            reserve=own_path(host, "state", "reserve"),
            clock=own_path(host, "state", "clock.json"),
            trash=own_trash(host),
        )


def own_trash(host: Host) -> str:
    """Return the trash in the user's data folder, with links followed."""
    return _trash_in(own_folders(host).data)


def former_trash(host: Host) -> str | None:
    """Return the trash of earlier versions if it is another folder; see :mod:`relocation`."""
    former = _trash_in(former_folders(host).data)
    return None if former == own_trash(host) else former


def trashes_for(path: str, host: Host, mounts: tuple[Mount, ...]) -> Iterator[str]:
    """Yield the trashes that lie on the same mount as `path`, best first.

    A rename reaches no further than a mount: bind mounts share a device number, and it fails all
    the same. The user's data folder comes first, then the top of the mount (as the XDG trash
    does it), and last a folder beside the target.
    """
    parent = os.path.dirname(path)
    own = own_trash(host)
    if _same_mount(existing_folder(own), parent, mounts) and is_ours_alone(own):
        yield own
    mount = mount_of(parent, mounts)
    if mount is not None and mount.point != os.sep and os.access(mount.point, os.W_OK):
        top = os.path.join(mount.point, f"{TRASH}-{_user()}")
        if is_ours_alone(top):
            yield top
    beside = os.path.join(parent, TRASH)
    if is_ours_alone(beside):
        yield beside


def is_item(folder: str) -> bool:
    """Tell whether a path, by its form, is an item of a trash: a damaged journal must not name
    anything else. :func:`stranger` tells whether the trash is one of ours."""
    trash = os.path.dirname(folder)
    name = os.path.basename(trash)
    ours = name == "trash" and os.path.basename(os.path.dirname(trash)) == "envdeck"
    return os.path.normpath(folder) == folder and (ours or name.startswith(TRASH))


def stranger(item: str, paths: Iterable[str], host: Host) -> str:
    """Say why a folder is in no trash of ours that `paths` could have been put into; empty where
    it is. The journal is data: what it names is touched only where it would lie by our own rules.
    """
    trash = os.path.dirname(item)
    if not _expected(trash, paths, host):
        return f"{trash} is not this user's trash"
    if os.path.realpath(item) != item or os.path.islink(item):
        return f"{item} is reached through a symlink"
    if not is_ours_alone(trash):
        return f"{trash} is writable by other users"
    return ""


def _expected(trash: str, paths: Iterable[str], host: Host) -> bool:
    if trash in {own_trash(host), former_trash(host)}:
        return True
    above, name = os.path.split(trash)
    if name == TRASH:
        return any(os.path.dirname(path) == above for path in paths)
    if name != f"{TRASH}-{_user()}" or not any(lies_under(path, above) for path in paths):
        return False
    mounts = read_mounts(host)
    return not os.path.lexists(trash) or not mounts or any(one.point == above for one in mounts)


def _trash_in(folder: str) -> str:
    return os.path.join(os.path.realpath(folder), "trash")


def is_ours_alone(folder: str) -> bool:
    """Tell whether nobody else could have laid a folder there, or reach into it: the top of a
    mount may be open to all, as `/tmp` is."""
    try:
        status = reach.lstat(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return stat.S_ISDIR(status.st_mode)
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.getuid()
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _same_mount(first: str, second: str, mounts: tuple[Mount, ...]) -> bool:
    try:
        if os.stat(first).st_dev != os.stat(second).st_dev:
            return False
    except OSError:
        return False
    real = os.path.realpath
    return not mounts or mount_of(real(first), mounts) == mount_of(real(second), mounts)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"


if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@dataclass(frozen=True, slots=True)
class LockHeld:
    """Somebody else works on it."""

    pid: int | None
    operation: str
    """The id of the operation; empty where it is not told."""

    def __str__(self) -> str:
        who = f"process {self.pid}" if self.pid else "another process"
        return f"in use by {who}" + (f" (operation {self.operation})" if self.operation else "")


class FileLock:
    """A lock that is held until :meth:`release`, or the end of the block."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        """What children must inherit."""

    def release(self) -> None:
        """Let others in. Children that inherited it hold it on until they end."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self) -> "FileLock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def lock(path: str, folder: str, disk: Disk, operation: str) -> FileLock | LockHeld:
    """Take the lock of the environment at `path`, or tell at once who holds it.

    Raises `OSError` where the folder of locks cannot be written.
    """
    disk.ensure_folder(folder)
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:32]
    file = os.path.join(folder, f"{name}.lock")
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    descriptor = disk.find_room(lambda: os.open(file, flags, 0o600), file)
    if not _take(descriptor):
        os.close(descriptor)
        return _holder(file)
    held = FileLock(descriptor)
    try:
        with suppress(OSError):  # a full disk: the lock holds, and only who holds it is not told
            os.truncate(descriptor, 0)
            os.write(descriptor, json.dumps({"pid": os.getpid(), "operation": operation}).encode())
    except BaseException:
        held.release()
        raise
    return held


def lock_folder(folder: str) -> FileLock | LockHeld | None:
    """Take the lock of a folder itself, for which no file is needed; None where there is no such
    folder, and where the system locks none (Windows)."""
    return _lock_existing(folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))


def lock_every(folder: str) -> Iterator[FileLock | LockHeld]:
    """Take every lock in a folder of locks, one at a time."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        held = _lock_existing(os.path.join(folder, name), os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        if held is not None:
            yield held


def lock_of_uv(path: str) -> FileLock | LockHeld | None:
    """Take the lock that uv keeps in an environment while it works there; None where it has
    none."""
    return _lock_existing(os.path.join(path, ".lock"), os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))


def _lock_existing(path: str, flags: int) -> FileLock | LockHeld | None:
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    if not _take(descriptor):
        os.close(descriptor)
        return LockHeld(None, "")
    return FileLock(descriptor)


def _take(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _holder(file: str) -> LockHeld:
    data = read_bounded(file, 4096)
    if isinstance(data, Unread):
        return LockHeld(None, "")
    try:
        told = json.loads(data)
    except ValueError:
        return LockHeld(None, "")
    if not isinstance(told, dict):
        return LockHeld(None, "")
    pid, operation = told.get("pid"), told.get("operation")
    return LockHeld(
        pid if isinstance(pid, int) else None, operation if isinstance(operation, str) else ""
    )
