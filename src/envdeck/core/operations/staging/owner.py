"""Owner, group and modes of a new environment: those of the one whose place it takes."""

import os
import shutil
import stat
from contextlib import suppress


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
        mode, user, group = _of_new_ones(place, probe)
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


def _of_new_ones(place: str, probe: str) -> tuple[int, int, int]:
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
