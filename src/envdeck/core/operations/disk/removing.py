"""Removing a tree for good: the one place where files are deleted."""

import os
import stat
from collections.abc import Callable

from envdeck.core.host import Host
from envdeck.core.mounts import read_mounts
from envdeck.core.paths import lies_under

_EVERY = 256
"""Files between two words on how far it is."""
_DEEPEST = 64
"""Folders within each other that are open at once; what lies deeper is moved up first."""


class NotOneDiskError(OSError):
    """Something is mounted in the tree: removing it would empty what is mounted."""


class StoppedError(OSError):
    """A person stopped it; what is left can be removed later."""


def remove_tree(
    path: str,
    host: Host,
    tell: Callable[[int, int], None],
    stopped: Callable[[], bool] | None = None,
) -> int:
    """Remove the folder or file at `path`, and return the bytes freed.

    A file with links elsewhere frees nothing. Folders are opened without following links and
    their entries removed relative to them, so that nobody can swap a folder for a link on the
    way. Folders that may not be entered or written to, but are ours, are made so first.
    """
    _refuse_mounts(path, host)
    status = os.lstat(path)
    if not stat.S_ISDIR(status.st_mode):
        os.unlink(path)
        return _freed(status)
    sweep = _Sweep(status.st_dev, tell, stopped)
    if os.unlink in os.supports_dir_fd and os.scandir in os.supports_fd:
        sweep.empty_all(_open(path, None), path)
    else:
        sweep.empty_by_path(path)
    os.rmdir(path)
    tell(sweep.files, sweep.freed)
    return sweep.freed


def _refuse_mounts(path: str, host: Host) -> None:
    real = os.path.realpath(path)
    for mount in read_mounts(host):
        if lies_under(mount.point, real):
            raise NotOneDiskError(18, "something is mounted in it", mount.point)


class _Sweep:
    def __init__(
        self,
        device: int,
        tell: Callable[[int, int], None],
        stopped: Callable[[], bool] | None,
    ) -> None:
        self._device = device
        self._tell = tell
        self._stopped = stopped
        self._top = -1
        self._moved = 0
        self.files = 0
        self.freed = 0

    def empty_all(self, descriptor: int, path: str) -> None:
        """Remove everything in an open folder, however deep it goes, and close it."""
        try:
            self._top = descriptor
            while True:
                self._moved = 0
                self._empty(os.dup(descriptor), path, 0)
                if not self._moved:
                    return
        finally:
            os.close(descriptor)

    def _empty(self, descriptor: int, path: str, depth: int) -> None:
        try:
            status = os.fstat(descriptor)
            if status.st_dev != self._device:
                raise NotOneDiskError(18, "another disk is mounted in it", path)
            if status.st_mode & 0o300 != 0o300:
                os.fchmod(descriptor, 0o700)
            folders = []
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.name)
                    else:
                        self._count(entry.stat(follow_symlinks=False))
                        os.unlink(entry.name, dir_fd=descriptor)
            for name in folders:
                if depth == _DEEPEST:
                    self._move_up(name, descriptor)
                    continue
                self._empty(_open(name, descriptor), os.path.join(path, name), depth + 1)
                os.rmdir(name, dir_fd=descriptor)
        finally:
            os.close(descriptor)

    def _move_up(self, name: str, descriptor: int) -> None:
        """Move a folder to the top of what is removed, for the next round."""
        while True:
            self._moved += 1
            free = f"{self._moved}.deep"
            try:
                os.stat(free, dir_fd=self._top, follow_symlinks=False)
            except FileNotFoundError:
                os.rename(name, free, src_dir_fd=descriptor, dst_dir_fd=self._top)
                return

    def empty_by_path(self, path: str) -> None:
        """The same where a system cannot work relative to an open folder (Windows)."""
        folders = []
        with os.scandir(path) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode) and not _is_junction(status):
                    folders.append(entry.path)
                    continue
                self._count(status)
                _unlink(entry.path, status)
        for each in folders:
            self.empty_by_path(each)
            os.rmdir(each)

    def _count(self, status: os.stat_result) -> None:
        self.files += 1
        self.freed += _freed(status)
        if self.files % _EVERY == 0:
            self._tell(self.files, self.freed)
            if self._stopped is not None and self._stopped():
                raise StoppedError(125, "stopped")


def _freed(status: os.stat_result) -> int:
    if status.st_nlink > 1:
        return 0
    blocks: int | None = getattr(status, "st_blocks", None)
    return status.st_size if blocks is None else blocks * 512


def _is_junction(status: os.stat_result) -> bool:
    """Tell whether a folder on Windows leads elsewhere, as a link does."""
    attributes: int = getattr(status, "st_file_attributes", 0)
    return bool(attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT)


def _unlink(path: str, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        os.rmdir(path)  # a junction is removed as a folder, and what it leads to stays
        return
    try:
        os.unlink(path)
    except PermissionError:
        os.chmod(path, stat.S_IWRITE)
        os.unlink(path)


def _open(name: str, folder: int | None) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | getattr(os, "O_CLOEXEC", 0)
    try:
        return os.open(name, flags, dir_fd=folder)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=folder)
        return os.open(name, flags, dir_fd=folder)
