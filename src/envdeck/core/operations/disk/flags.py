"""Why a file cannot be removed though its permissions allow it: the file system's own flags."""

import array
import os
import stat
import struct

from envdeck.core.host import Host

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
    import fcntl  # not there on Windows

    flags = array.array("l", [0])
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _GET_FLAGS, flags)
    finally:
        os.close(descriptor)
    return bool(flags[0] & _LINUX)
