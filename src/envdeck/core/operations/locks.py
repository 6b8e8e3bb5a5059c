"""One operation at a time on one environment, whoever asks.

The lock is `flock` on a file named after the environment's path. Children inherit its
descriptor: an installer that outlives us keeps the lock, and so recovery waits for it.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType

from envdeck.core.files import Unread, read_bounded
from envdeck.core.operations.disk import Disk

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody else works on it."""

    pid: int | None
    operation: str
    """The id of the operation; empty where it is not told."""

    def __str__(self) -> str:
        who = f"process {self.pid}" if self.pid else "another process"
        return f"{who} works on it" + (f" (operation {self.operation})" if self.operation else "")


class Lock:
    """A lock that is held until :meth:`release`, or the end of the block."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        """What children must inherit."""

    def release(self) -> None:
        """Let others in. Children that inherited it hold it on until they end."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self) -> "Lock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def lock(path: str, folder: str, disk: Disk, operation: str) -> Lock | Held:
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
    held = Lock(descriptor)
    try:
        with suppress(OSError):  # a full disk: the lock holds, and only who holds it is not told
            os.truncate(descriptor, 0)
            os.write(descriptor, json.dumps({"pid": os.getpid(), "operation": operation}).encode())
    except BaseException:
        held.release()
        raise
    return held


def lock_folder(folder: str) -> Lock | Held | None:
    """Take the lock of a folder itself, for which no file is needed; None where there is no such
    folder, and where the system locks none (Windows)."""
    return _lock_existing(folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))


def lock_every(folder: str) -> Iterator[Lock | Held]:
    """Take every lock in a folder of locks, one at a time."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        held = _lock_existing(os.path.join(folder, name), os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        if held is not None:
            yield held


def lock_of_uv(path: str) -> Lock | Held | None:
    """Take the lock that uv keeps in an environment while it works there; None where it has
    none."""
    return _lock_existing(os.path.join(path, ".lock"), os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))


def _lock_existing(path: str, flags: int) -> Lock | Held | None:
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return None
    if not _take(descriptor):
        os.close(descriptor)
        return Held(None, "")
    return Lock(descriptor)


def _take(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _holder(file: str) -> Held:
    data = read_bounded(file, 4096)
    if isinstance(data, Unread):
        return Held(None, "")
    try:
        told = json.loads(data)
    except ValueError:
        return Held(None, "")
    if not isinstance(told, dict):
        return Held(None, "")
    pid, operation = told.get("pid"), told.get("operation")
    return Held(
        pid if isinstance(pid, int) else None, operation if isinstance(operation, str) else ""
    )
