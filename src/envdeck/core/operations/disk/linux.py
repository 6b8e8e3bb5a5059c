"""Linux: `renameat2` renames without replacing, and exchanges two folders in one step."""

import ctypes
import errno
import os
from functools import cache

from envdeck.core.operations.disk.disk import Disk
from envdeck.core.operations.disk.reserve import FULL

_AT_FDCWD = -100
_NOREPLACE = 1
_EXCHANGE = 2
_UNABLE = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
"""A file system, or a kernel before 3.15, that does not know the flag."""


class LinuxDisk(Disk):
    """As the kernel has it, with the portable way where the file system does not."""

    def move(self, source: str, target: str) -> None:
        """Rename in one step that never replaces, not even an empty folder."""
        failed = _renameat2(source, target, _NOREPLACE)
        while failed in FULL and (self.spare(target) or self.spare(source)):
            failed = _renameat2(source, target, _NOREPLACE)
        if failed in _UNABLE:
            super().move(source, target)
            return
        if failed:
            raise OSError(failed, os.strerror(failed), source, None, target)
        self._keep_entries(source, target)

    def exchange(self, first: str, second: str) -> bool:
        """Exchange two folders in one step."""
        failed = _renameat2(first, second, _EXCHANGE)
        while failed in FULL and (self.spare(second) or self.spare(first)):
            failed = _renameat2(first, second, _EXCHANGE)
        if failed in _UNABLE:
            return False
        if failed:
            raise OSError(failed, os.strerror(failed), first, None, second)
        self._keep_entries(first, second)
        return True

    def settle_tree(self, path: str) -> None:
        """Have this one file system reach the disk (`syncfs`)."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            if _libc().syncfs(descriptor) != 0:
                failed = ctypes.get_errno()
                raise OSError(failed, os.strerror(failed), path)
        finally:
            os.close(descriptor)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _renameat2(source: str, target: str, flags: int) -> int:
    """Return 0, or the error number."""
    try:
        call = _libc().renameat2
    except AttributeError:  # glibc before 2.28
        return errno.ENOSYS
    names = os.fsencode(source), os.fsencode(target)
    done: int = call(_AT_FDCWD, names[0], _AT_FDCWD, names[1], flags)
    return 0 if done == 0 else ctypes.get_errno()
