"""Room kept for a full disk, and room made out of what goes for good.

A journal must be written to delete, to purge and to undo, and a full disk has no block for it.
Small files, each of real blocks and an inode, are kept while there is room; removing one lets
the next write succeed. What is given up at once is little, since another program may take it.

As long as the removal is not journalled the environment has to stay whole: only what Python and
the creators of environments write again by themselves goes.
"""

import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress

from envdeck.core.inspection.ownership import ACTIVATION
from envdeck.core.system.files import existing_folder

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""No block, no inode, or no more of either for this user."""
_FILE_BYTES = 16 * 1024
"""Four blocks; random, so that no file system stores them in less."""
_SHARE = 8
"""The reserve takes no more than one part in so many of what is free."""
_NAME = re.compile(r"[0-9]{2}", re.ASCII)


def is_full(error: OSError) -> bool:
    """Tell whether a write was refused for want of room, whatever is used up."""
    return error.errno in FULL


class Reserve:
    """The files in one folder of ours; whatever the system refuses, it is only smaller."""

    def __init__(self, folder: str, files: int = 0) -> None:
        self.folder = folder
        self._files = files
        self._taken = 0

    def device(self) -> int | None:
        """Return the disk that it is on; None where there is none."""
        try:
            status = os.lstat(self.folder)
        except OSError:
            return None
        return status.st_dev if stat.S_ISDIR(status.st_mode) else None

    def take(self) -> bool:
        """Give up one file, and have that reach the disk; False where none is left."""
        for name in sorted(self._names(), reverse=True):
            try:
                os.unlink(os.path.join(self.folder, name))
            except OSError:  # another process was faster, or it may not be: the next one does
                continue
            self._taken += 1
            sync_folder(self.folder)
            return True
        return False

    def fill(self) -> None:
        """Make what is missing, up to a share of what the disk has free; on a disk that is nearly
        full no more than was given up, so that it is not filled by this."""
        try:
            missing = self._files - len(self._names())
            if missing > 0:
                missing = min(missing, max(self._taken, _room_at(self.folder) // _SHARE))
            if missing <= 0:
                return
            _make_folders(self.folder)
            for index in range(self._files):
                missing -= _make(os.path.join(self.folder, f"{index:02}"))
                if missing <= 0:
                    break
        except OSError:
            return
        finally:
            self._taken = 0

    def remove(self) -> None:
        """Remove all of it, with its folder."""
        for name in self._names():
            with suppress(OSError):
                os.unlink(os.path.join(self.folder, name))
        with suppress(OSError):
            os.rmdir(self.folder)

    def _names(self) -> list[str]:
        if self.device() is None:  # nothing, or a link to somewhere else
            return []
        with suppress(OSError), os.scandir(self.folder) as entries:
            return [
                entry.name
                for entry in entries
                if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
            ]
        return []


def sync_folder(folder: str) -> None:
    """Have what was removed from a folder reach the disk: many file systems give blocks to
    others only then."""
    with suppress(OSError):  # a system that cannot has nothing to wait for
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _room_at(folder: str) -> int:
    """Return for how many files of a reserve the disk of a folder has room."""
    folder = existing_folder(folder)
    if not hasattr(os, "statvfs"):
        return shutil.disk_usage(folder).free // _FILE_BYTES
    status = os.statvfs(folder)
    files = status.f_bavail * status.f_frsize // _FILE_BYTES
    return min(files, status.f_favail) if status.f_files else files


def _make_folders(path: str) -> None:
    """Make a folder and those above it; only their owner enters."""
    if not os.path.isdir(path):
        _make_folders(os.path.dirname(path))
        os.mkdir(path, 0o700)


def _make(path: str) -> bool:
    """Make one file of the reserve, whole or not at all; False where it is there already."""
    try:
        with open(path, "xb", buffering=0) as file:
            left = memoryview(os.urandom(_FILE_BYTES))
            while left:
                left = left[file.write(left) or 0 :]
    except FileExistsError:
        return False
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise
    return True


_CACHE = "__pycache__"
_SCRIPTS = frozenset({"bin", "Scripts"})
_TAG = "CACHEDIR.TAG"


def remove_derivable(path: str, wanted: int, *, everything: bool = False) -> int:
    """Remove files below `path` until `wanted` bytes are free, and return how many are.

    With `everything`, of what is half removed already, any file goes but those at its top.
    """
    freed, folders = 0, set()
    for file, size in find_derivable(path, everything=everything):
        with suppress(OSError):  # it may not be removed: the next one may
            os.unlink(file)
            freed += size
            folders.add(os.path.dirname(file))
        if freed >= wanted:
            break
    for folder in folders:
        sync_folder(folder)
    return freed


def find_derivable(path: str, *, everything: bool = False) -> Iterator[tuple[str, int]]:
    """Yield the files below `path` that are written again by themselves, and the bytes that each
    frees: byte code, then activation scripts. One with links elsewhere frees nothing."""
    for find in (_byte_code, _activation, *([_inner] if everything else [])):
        for file in find(path):
            with suppress(OSError):  # not there
                status = os.lstat(file)
                if status.st_nlink == 1:
                    yield file, getattr(status, "st_blocks", 8) * 512


def _byte_code(top: str) -> Iterator[str]:
    for folder, _, names in os.walk(top):
        if os.path.basename(folder) == _CACHE:
            yield from (os.path.join(folder, name) for name in names if name.endswith(".pyc"))


def _activation(top: str) -> Iterator[str]:
    for folder, folders, names in os.walk(top):
        if "pyvenv.cfg" in names:
            for scripts in _SCRIPTS.intersection(folders):
                yield from (os.path.join(folder, scripts, name) for name in sorted(ACTIVATION))
            yield os.path.join(folder, _TAG)
            folders.clear()


def _inner(top: str) -> Iterator[str]:
    for folder, _, names in os.walk(top):
        if folder != top:
            yield from (os.path.join(folder, name) for name in names)
