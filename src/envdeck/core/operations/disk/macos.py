"""macOS: `renamex_np` renames without replacing, and swaps two folders in one step (APFS)."""

import ctypes
import errno
import os
from functools import cache

from envdeck.core.operations.disk.disk import Disk
from envdeck.core.operations.disk.reserve import FULL

_SWAP = 2
_EXCLUSIVE = 4
_UNABLE = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
"""A file system without it: HFS+ cannot swap, network file systems can do neither."""


class MacDisk(Disk):
    """As the kernel has it, with the portable way where the file system does not."""

    def move(self, source: str, target: str) -> None:
        """Rename in one step that never replaces."""
        failed = _renamex(source, target, _EXCLUSIVE)
        while failed in FULL and (self.spare(target) or self.spare(source)):
            failed = _renamex(source, target, _EXCLUSIVE)
        if failed in _UNABLE:
            super().move(source, target)
            return
        if failed:
            raise OSError(failed, os.strerror(failed), source, None, target)
        self._keep_entries(source, target)

    def exchange(self, first: str, second: str) -> bool:
        """Swap two folders in one step."""
        failed = _renamex(first, second, _SWAP)
        while failed in FULL and (self.spare(second) or self.spare(first)):
            failed = _renamex(first, second, _SWAP)
        if failed in _UNABLE:
            return False
        if failed:
            raise OSError(failed, os.strerror(failed), first, None, second)
        self._keep_entries(first, second)
        return True


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _renamex(source: str, target: str, flags: int) -> int:
    """Return 0, or the error number."""
    done: int = _libc().renamex_np(os.fsencode(source), os.fsencode(target), ctypes.c_uint(flags))
    return 0 if done == 0 else ctypes.get_errno()
