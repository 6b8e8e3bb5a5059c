"""The new file, made in an item of the trash, with the owner and the mode of the old one."""

import errno
import os
import stat
from contextlib import suppress

from envdeck.core.model import Identity
from envdeck.core.operations.journal import Phase
from envdeck.core.operations.transaction import Transaction

_ALONE = 0o600
_FOR_ALL = 0o644
"""Less what the umask takes, as any program makes a file."""
_NO_ATTRIBUTES = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EINVAL, errno.ENODATA})


def stage_file(
    current: Transaction, data: bytes, like: os.stat_result | None, mode: int | None
) -> None:
    """Make the new file and journal what it is, then fill it and have it reach the disk.

    It is what the one in its place is: owner, group, mode (or another `mode`) and attributes; in
    the place of none it is what a program would have made. Raises `OSError` where that cannot
    be: somebody else would read it, or could not any more.
    """
    path = current.staged
    current.note(Phase.STAGING)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_BINARY", 0)
    created = _FOR_ALL if like is None and mode is None else _ALONE
    descriptor = os.open(path, flags, created)
    try:
        status = os.fstat(descriptor)
        current.note(Phase.STAGING, new=Identity(status.st_dev, status.st_ino))
        _own(descriptor, status, like or os.stat(os.path.dirname(current.entry.path)), like)
        if like is not None:
            _copy_attributes(current.entry.path, path)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        wanted = mode if mode is not None else like.st_mode if like is not None else None
        if wanted is not None:
            os.chmod(path, stat.S_IMODE(wanted))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own(
    descriptor: int, made: os.stat_result, wanted: os.stat_result, like: os.stat_result | None
) -> None:
    """Give the new file its owner and its group; `wanted` is the folder where there is no file."""
    if not hasattr(os, "fchown"):
        return
    user = wanted.st_uid if os.geteuid() == 0 else made.st_uid
    group = wanted.st_gid
    if like is None and user == made.st_uid and not wanted.st_mode & stat.S_ISGID:
        group = made.st_gid
    if (user, group) == (made.st_uid, made.st_gid):
        return
    if like is None or (like.st_mode & 0o070) == (like.st_mode & 0o007) << 3:
        with suppress(PermissionError):  # the group may no more than others: nobody gains by it
            os.fchown(descriptor, user, group)
        return
    os.fchown(descriptor, user, group)


def _copy_attributes(source: str, target: str) -> None:
    """Copy what else the file system keeps of a file: access lists, labels, a person's own."""
    if not hasattr(os, "listxattr"):
        return
    try:
        names = os.listxattr(source, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_ATTRIBUTES:
            return
        raise
    for name in names:
        try:
            value = os.getxattr(source, name, follow_symlinks=False)
            os.setxattr(target, name, value, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_ATTRIBUTES:
                raise
