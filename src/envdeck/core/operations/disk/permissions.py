"""Permissions: whether a tree can be removed, and the owner, group and modes of a new one."""

import array
import os
import shutil
import stat
import struct
import sys
from contextlib import suppress

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


def keep_owner(folder: str, place: str, probe: str) -> None:
    """Give the environment at `folder` the mode, the group and the owner of what is at `place`,
    as far as the system lets us; where nothing is, those that a folder made there would get.

    `probe` is a free name for a folder. A file that has other names too is copied first: those
    may be an installer's cache, which is not the environment's owner's to write into. Raises
    `OSError` where the modes cannot be set.
    """
    try:
        status = os.lstat(place)
        mode = stat.S_IMODE(status.st_mode) | stat.S_IRWXU
        user, group = status.st_uid, status.st_gid
    except FileNotFoundError:
        mode, user, group = _read_new_owner(place, probe)
    if hasattr(os, "chown"):
        own = os.lstat(folder)
        user = user if os.geteuid() == 0 else own.st_uid
        if (user, group) != (own.st_uid, own.st_gid):
            _hand_over(folder, place, user, group)
    if shared := mode & (stat.S_IWGRP | stat.S_IWOTH) & _mode_of(os.path.join(place, "pyvenv.cfg")):
        _share(folder, place, shared, mode & stat.S_ISGID)
    os.chmod(folder, mode)


def _mode_of(path: str) -> int:
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def _share(folder: str, place: str, bits: int, inherits: int) -> None:
    """Let others write what its owner may write, below the top of an environment that they share;
    new ones in a folder are to be the group's too where that one's are."""
    for parent, folders, files in os.walk(folder):
        for name in (*files, *folders):
            path = os.path.join(parent, name)
            mode = _mode_of(path)
            if stat.S_ISLNK(mode) or not mode & stat.S_IWUSR:
                continue
            wanted = stat.S_IMODE(mode) | bits | (inherits if stat.S_ISDIR(mode) else 0)
            if wanted != stat.S_IMODE(mode) and _make_own(path, place + path[len(folder) :]):
                os.chmod(path, wanted)


def _make_own(path: str, old: str) -> bool:
    """Part a file from other names that it has, which may be an installer's cache's; False where it
    is the file of the environment that was copied, and stays so."""
    status = os.lstat(path)
    if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
        with suppress(OSError):
            if os.path.samestat(os.lstat(old), status):
                return False
        alone = f"{path}.envdeck-own"
        shutil.copy2(path, alone, follow_symlinks=False)
        os.replace(alone, path)
    return True


def _read_new_owner(place: str, probe: str) -> tuple[int, int, int]:
    """Return mode, owner and group of a folder that is made at a place where none is."""
    os.mkdir(probe)  # asking for the umask would set it, for every thread
    status = os.stat(probe)
    os.rmdir(probe)
    mode = stat.S_IMODE(status.st_mode) & ~stat.S_ISGID
    parent = os.stat(os.path.dirname(place))
    if parent.st_mode & stat.S_ISGID:
        return mode | stat.S_ISGID, status.st_uid, parent.st_gid
    return mode, status.st_uid, status.st_gid


def _hand_over(folder: str, place: str, user: int, group: int) -> None:
    """Give everything to an owner and a group; not to a group that is not ours to give to."""
    with suppress(PermissionError):
        for parent, folders, files in os.walk(folder, topdown=False):
            for name in (*files, *folders):
                path = os.path.join(parent, name)
                _give(path, place + path[len(folder) :], user, group)
        os.chown(folder, user, group)


def _give(path: str, old: str, user: int, group: int) -> None:
    status = os.lstat(path)
    if (status.st_uid, status.st_gid) == (user, group):
        return
    if not _make_own(path, old):
        return
    os.chown(path, user, group, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode):
        os.chmod(path, stat.S_IMODE(status.st_mode))  # which chown takes some of away
