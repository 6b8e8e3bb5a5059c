"""Linux, macOS, Windows."""

import ctypes
import errno
import os
import stat
import time
from collections.abc import Callable
from functools import cache

from envdeck.core.operations.disk.disk import Disk
from envdeck.core.operations.disk.reserve import FULL

_AT_FDCWD = -100
_NOREPLACE = 1
_EXCHANGE = 2
_LINUX_UNABLE = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
"""A file system, or a kernel before 3.15, that does not know the flag."""


class LinuxDisk(Disk):
    """As the kernel has it, with the portable way where the file system does not."""

    def move(self, source: str, target: str) -> None:
        """Rename in one step that never replaces, not even an empty folder."""
        failed = _renameat2(source, target, _NOREPLACE)
        while failed in FULL and (self.spare(target) or self.spare(source)):
            failed = _renameat2(source, target, _NOREPLACE)
        if failed in _LINUX_UNABLE:
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
        if failed in _LINUX_UNABLE:
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


_SWAP = 2
_EXCLUSIVE = 4
_MACOS_UNABLE = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
"""A file system without it: HFS+ cannot swap, network file systems can do neither."""


class MacDisk(Disk):
    """As the kernel has it, with the portable way where the file system does not."""

    def move(self, source: str, target: str) -> None:
        """Rename in one step that never replaces."""
        failed = _renamex(source, target, _EXCLUSIVE)
        while failed in FULL and (self.spare(target) or self.spare(source)):
            failed = _renamex(source, target, _EXCLUSIVE)
        if failed in _MACOS_UNABLE:
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
        if failed in _MACOS_UNABLE:
            return False
        if failed:
            raise OSError(failed, os.strerror(failed), first, None, second)
        self._keep_entries(first, second)
        return True


@cache
def _renamex(source: str, target: str, flags: int) -> int:
    """Return 0, or the error number."""
    done: int = _libc().renamex_np(os.fsencode(source), os.fsencode(target), ctypes.c_uint(flags))
    return 0 if done == 0 else ctypes.get_errno()


_BUSY = frozenset({5, 32, 33})
"""ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION."""
_TRIES = 6


class WindowsDisk(Disk):
    """Folders are exchanged in two journalled renames; scanners that hold a file are waited for."""

    def move(self, source: str, target: str) -> None:
        """Rename; `os.rename` raises `FileExistsError` here where the target is taken."""
        _patiently(lambda: os.rename(source, target))

    def settle_tree(self, path: str) -> None:
        """Nothing: there is no way to flush a tree, and files are written through."""
        del path

    def remove_file(self, path: str) -> None:
        """Remove a file or a link, read-only ones too."""
        try:
            os.unlink(path)
        except FileNotFoundError:
            return
        except PermissionError:
            os.chmod(path, stat.S_IWRITE)
            os.unlink(path)

    def _keep_entry(self, path: str) -> None:
        del path


def _patiently(call: Callable[[], None]) -> None:
    """Call again for a second while another program holds a file, as virus scanners do."""
    for attempt in range(_TRIES):
        try:
            call()
        except PermissionError as error:
            if attempt == _TRIES - 1 or getattr(error, "winerror", None) not in _BUSY:
                raise
            time.sleep(0.05 * 2**attempt)
        else:
            return
