"""Removing a tree for good: the one place where files are deleted.

A few threads share the folders: most of the time goes to the file system, which works on several
folders at once.
"""

import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Condition, Lock

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.system.host import Host, lies_under
from envdeck.core.system.mounts import read_mounts

_EVERY = 256
"""Files between two words on how far it is, where one thread does it all."""
_SECONDS = 0.05
"""Between two words on how far it is, where several do."""
_THREADS = 4
_NAMED = 20
"""Refusals that are kept; more are counted."""
_DEEPEST = 48
"""Folders within each other that one thread has open at once; what is deeper is moved up
first."""


class NotOneDiskError(OSError):
    """Something is mounted in the tree: removing it would empty what is mounted."""


class RemainderError(OSError):
    """A part of a tree could not be removed; all that could be is gone.

    Number, text and file name are those of the first refusal.
    """

    def __init__(
        self, first: OSError, path: str, count: int, *, freed: int = 0, changed: bool = True
    ) -> None:
        super().__init__(first.errno, first.strerror, path)
        self.path = path
        """What was refused first."""
        self.count = count
        """How many files and folders were refused; not those that are left because of them."""
        self.freed = freed
        """Bytes that are free now."""
        self.changed = changed
        """Whether anything was removed at all."""


class StoppedError(OSError):
    """A person stopped it; what is left can be removed later."""


def remove_tree(
    path: str,
    host: Host,
    tell: Callable[[int, int], None],
    stopped: Callable[[], bool] | None = None,
) -> int:
    """Remove the folder or file at `path`, and return the bytes freed.

    What cannot be removed does not keep the rest: raises :class:`RemainderError` at the end. A
    file with links elsewhere frees nothing. Folders are opened without following links and
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
    if not sweep.failures:
        try:
            os.rmdir(path)
        except OSError as error:
            sweep.note(path, error)
    if sweep.failures:
        part, refused = sweep.failures[0]
        raise RemainderError(
            refused, part, sweep.failed, freed=sweep.freed, changed=sweep.changed
        ) from refused
    freed = sweep.freed + _blocks(status)
    tell(sweep.files, freed)
    return freed


def _refuse_mounts(path: str, host: Host) -> None:
    real = os.path.realpath(path)
    for mount in read_mounts(host):
        if lies_under(mount.point, real):
            raise NotOneDiskError(18, "a disk is mounted in it", mount.point)


@dataclass(slots=True, eq=False)
class _Folder:
    """A folder on its way out; it is removed when nothing is left in it."""

    name: str
    path: str
    depth: int
    above: "_Folder | None"
    descriptor: int = -1
    """Open from when it is read until the last folder in it is gone."""
    left: int = 1
    """Folders in it that are still there, and one while it is read itself."""
    blocks: int = 0
    """The bytes that it takes itself."""
    kept: bool = False
    """Whether something in it could not be removed, so that it stays."""


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
        self._change = Condition()
        """Guards all that follows; only what takes no time is done within."""
        self._links = tuple(Lock() for _ in range(16 * _THREADS))
        self._waiting: list[_Folder] = []
        self._open: set[_Folder] = set()
        self._busy = 0
        self._over = False
        self._top = -1
        self._moved = 0
        self.files = 0
        self.freed = 0
        self.failed = 0
        """How many files and folders could not be removed."""
        self.failures: list[tuple[str, OSError]] = []
        """The first of them, and why."""
        self.changed = False
        """Whether anything was removed or moved."""

    def note(self, path: str, error: OSError) -> None:
        """Remember what could not be removed. Raises what holds for the whole tree."""
        if isinstance(error, NotOneDiskError | StoppedError) or error.errno == errno.EROFS:
            raise error
        with self._change:
            self.failed += 1
            if len(self.failures) < _NAMED:
                self.failures.append((path, error))

    def empty_all(self, descriptor: int, path: str) -> None:
        """Remove everything in an open folder, however deep it goes, and close it."""
        try:
            self._top = descriptor
            while True:
                self._moved, self._over = 0, False
                self.failed, self.failures = 0, []  # a round meets again what it cannot remove
                self._waiting.append(_Folder("", path, 0, None, os.dup(descriptor)))
                self._empty_together()
                if not self._moved:
                    return
        finally:
            os.close(descriptor)

    def _empty_together(self) -> None:
        """Have some threads empty what waits; this one tells how far they are."""
        try:
            with ThreadPoolExecutor(_THREADS, "removing") as pool:
                working = [pool.submit(self._work) for _ in range(_THREADS)]
                try:
                    while wait(working, _SECONDS, FIRST_EXCEPTION).not_done:
                        self._tell(self.files, self.freed)
                        if self._stopped is not None and self._stopped():
                            raise StoppedError(125, "stopped")
                finally:
                    self._end()
            for each in working:
                each.result()
        finally:
            for folder in (*self._open, *self._waiting):
                if folder.descriptor >= 0:
                    os.close(folder.descriptor)

    def _end(self) -> None:
        with self._change:
            self._over = True
            self._change.notify_all()

    def _work(self) -> None:
        """Empty folders until none is left; where one fails, all threads end."""
        ended_well = False
        try:
            while (folder := self._next()) is not None:
                try:
                    self._empty(folder)
                except OSError as error:
                    self.note(folder.path, error)
                    folder.kept = True
                self._done(folder)
            ended_well = True
        finally:
            if not ended_well:
                self._end()

    def _next(self) -> _Folder | None:
        """Return a folder that nobody works on, waiting for one; None when that is all."""
        with self._change:
            while not self._waiting and self._busy and not self._over:
                self._change.wait()
            if self._over or not self._waiting:
                self._change.notify_all()
                return None
            self._busy += 1
            folder = self._waiting.pop()  # the last one, so that few are open at once
            self._open.add(folder)
            return folder

    def _empty(self, folder: _Folder) -> None:
        """Remove the files in a folder, and have its folders wait."""
        if folder.above is not None:
            folder.descriptor = _open(folder.name, folder.above.descriptor)
        descriptor = folder.descriptor
        status = os.fstat(descriptor)
        if status.st_dev != self._device:
            raise NotOneDiskError(18, "another disk is mounted in it", folder.path)
        if status.st_mode & 0o300 != 0o300:
            os.fchmod(descriptor, 0o700)
        folders: list[str] = []
        folder.blocks = _blocks(status)
        files = freed = 0
        with os.scandir(descriptor) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                    if status.st_nlink > 1:
                        freed += self._unlink_linked(entry.name, descriptor, status.st_ino)
                    else:
                        os.unlink(entry.name, dir_fd=descriptor)
                        freed += _freed(status)
                except OSError as error:
                    self.note(os.path.join(folder.path, entry.name), error)
                    folder.kept = True
                    continue
                files += 1
                if files == _EVERY:
                    self._add(files, freed)
                    files = freed = 0
                    if self._over:
                        return
        self._add(files, freed)
        if folder.depth == _DEEPEST:
            for name in folders:
                try:
                    self._move_up(name, descriptor)
                except OSError as error:
                    self.note(os.path.join(folder.path, name), error)
                    folder.kept = True
            return
        with self._change:
            folder.left += len(folders)
            self._waiting += [
                _Folder(name, os.path.join(folder.path, name), folder.depth + 1, folder)
                for name in folders
            ]
            self._change.notify(len(folders))

    def _unlink_linked(self, name: str, descriptor: int, inode: int) -> int:
        """Remove a file that has other links; the last of them in the tree frees it, though
        several threads meet them."""
        with self._links[inode % len(self._links)]:
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            os.unlink(name, dir_fd=descriptor)
        return _freed(status)

    def _add(self, files: int, freed: int, *, changed: bool = False) -> None:
        with self._change:
            self.files += files
            self.freed += freed
            self.changed = self.changed or changed or files > 0

    def _done(self, folder: _Folder) -> None:
        """Note that a folder was read; remove it and those above it as far as they are empty."""
        here: _Folder | None = folder
        while here is not None:
            with self._change:
                here.left -= 1
                if here.left or self._over:
                    break
                self._open.discard(here)
            if here.descriptor >= 0:
                os.close(here.descriptor)
                here.descriptor = -1
            if here.above is not None:
                self._remove_emptied(here, here.above)
            here = here.above
        with self._change:
            self._busy -= 1
            if not self._busy:
                self._change.notify_all()

    def _remove_emptied(self, folder: _Folder, above: _Folder) -> None:
        """Remove a folder whose entries are gone; one that keeps some stays, with those above."""
        if not folder.kept:
            try:
                os.rmdir(folder.name, dir_fd=above.descriptor)
            except OSError as error:
                self.note(folder.path, error)
                folder.kept = True
            else:
                self._add(0, folder.blocks, changed=True)
        if folder.kept:
            above.kept = True

    def _move_up(self, name: str, descriptor: int) -> None:
        """Move a folder to the top of what is removed, for the next round."""
        while True:
            with self._change:
                self._moved += 1
                free = f"{self._moved}.deep"
            try:
                os.stat(free, dir_fd=self._top, follow_symlinks=False)
            except FileNotFoundError:
                os.rename(name, free, src_dir_fd=descriptor, dst_dir_fd=self._top)
                self._add(0, 0, changed=True)
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
                try:
                    _unlink(entry.path, status)
                except OSError as error:
                    self.note(entry.path, error)
                else:
                    self._count(status)
        for each in folders:
            before = self.failed
            try:
                self.empty_by_path(each)
                if self.failed == before:
                    os.rmdir(each)
                    self.changed = True
            except OSError as error:
                self.note(each, error)

    def _count(self, status: os.stat_result) -> None:
        self.files += 1
        self.freed += _freed(status)
        self.changed = True
        if self.files % _EVERY == 0:
            self._tell(self.files, self.freed)
            if self._stopped is not None and self._stopped():
                raise StoppedError(125, "stopped")


def _blocks(status: os.stat_result) -> int:
    """Return what a folder itself takes, in bytes, as `du` counts it."""
    blocks: int = getattr(status, "st_blocks", 0)
    return blocks * 512


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
