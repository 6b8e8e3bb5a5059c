"""Whether a tree can be removed, and which flags of the file system forbid it."""

import array
import os
import stat
import struct
import sys

from envdeck.core.operations.disk import NotOneDiskError
from envdeck.core.system.host import Host, lies_under
from envdeck.core.system.mounts import read_mounts

if sys.platform != "win32":
    import fcntl


def mounted_in(path: str, host: Host) -> str:
    """Return a place at or below `path` where something is mounted; empty where nothing is."""
    real = os.path.realpath(path)
    return next((one.point for one in read_mounts(host) if lies_under(one.point, real)), "")


def check_removable(path: str, host: Host) -> None:
    """Raise `OSError` where a part of a tree could not be removed: what is mounted in it, and
    what is in another user's folder that we may not write to."""
    if point := mounted_in(path, host):
        raise NotOneDiskError(18, "a disk is mounted in it", point)
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    for folder, names in _folders(path) if user else ():
        status = os.lstat(folder)
        is_ours = status.st_uid == user
        if names and not is_ours and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "permission denied", folder)
        if names and not is_ours and status.st_mode & stat.S_ISVTX:
            for name in names:
                if os.lstat(os.path.join(folder, name)).st_uid != user:
                    raise PermissionError(1, "operation not permitted", os.path.join(folder, name))


def count_entries(path: str) -> int:
    """Return how many files and folders are below a path, as far as it can be looked into."""
    return sum(len(names) for _, names in _folders(path))


def _folders(path: str) -> list[tuple[str, list[str]]]:
    """Return the folders at and below a path, and the names in each; those that cannot be looked
    into (our own may be made so) without any."""
    found, pending = [], [path]
    while pending:
        folder = pending.pop()
        names: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    names.append(entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except PermissionError:
            if os.lstat(folder).st_uid != os.geteuid():
                names = ["?"]  # it may be empty, and then goes with what it is in
        except (FileNotFoundError, NotADirectoryError):
            continue
        found.append((folder, names))
    return found


_GET_FLAGS = 2 << 30 | struct.calcsize("l") << 16 | 0x66 << 8 | 1
"""`FS_IOC_GETFLAGS`, as most processors have it; others answer that they do not know it."""
_LINUX = 0x10 | 0x20
"""Immutable, append only."""
_MACOS = stat.UF_IMMUTABLE | stat.UF_APPEND | stat.SF_IMMUTABLE | stat.SF_APPEND


def immutable_part(path: str, host: Host) -> str:
    """Return what keeps `path` from being removed by such a flag: itself or the folder it is in;
    empty where neither has one, or it cannot be told."""
    for each in (path, os.path.dirname(path)):
        try:
            if _is_immutable(each, host):
                return each
        except OSError:
            continue
    return ""


def unlock_command(path: str, host: Host, *, deep: bool) -> list[str]:
    """Return the command that takes such flags from a path, and with `deep` from all below it."""
    below = ["-R"] if deep else []
    if host.macos:
        return ["chflags", *below, "nouchg,nouappnd,noschg,nosappnd", path]
    return ["chattr", *below, "-ia", path]


def _is_immutable(path: str, host: Host) -> bool:
    status = os.lstat(path)
    if host.macos:
        return bool(getattr(status, "st_flags", 0) & _MACOS)
    if host.windows or not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return False
    flags = array.array("l", [0])
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _GET_FLAGS, flags)
    finally:
        os.close(descriptor)
    return bool(flags[0] & _LINUX)
