"""What every system can do; those that can do more in one step derive from it."""

import errno
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from envdeck.core.model import Identity
from envdeck.core.operations.disk.links import link_tree
from envdeck.core.operations.disk.remove import NotOneDiskError, RemainderError, remove_tree
from envdeck.core.operations.disk.reserve import find_derivable, is_full, remove_derivable
from envdeck.core.system import reach
from envdeck.core.system.files import temporary_name
from envdeck.core.system.host import Host

__all__ = ["Disk", "NotOneDiskError", "RemainderError"]

_T = TypeVar("_T")
Progress = Callable[[int, int], None]
"""Is told files and bytes done so far."""


def _silent(_files: int, _bytes: int) -> None:
    pass


def _none_spare(_path: str) -> bool:
    return False


def _tried(folder: str) -> tuple[str, str]:
    first, second = (os.path.join(folder, f".exchange-{side}") for side in "ab")
    return first, second


class Disk:
    """The changes an operation makes, each whole or not at all as far as the system allows.

    Every method raises `OSError` where the system refuses, with nothing half done that a later
    look could take for done. Tests derive from it to fail, or to die, at each single one.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.spare: Callable[[str], bool] = _none_spare
        """Frees a little on the full disk of a path; False where there is nothing to free."""

    # room

    def find_room(self, act: Callable[[], _T], *paths: str) -> _T:
        """Do what needs a little room on the disk of `paths`, for as long as some can be freed
        when there is none. `act` must be such that it can be done again after it failed."""
        while True:
            try:
                return act()
            except OSError as error:
                if not is_full(error) or not any(map(self.spare, paths)):
                    raise

    # looking

    def identity(self, path: str) -> Identity | None:
        """Return what is at `path`, links *not* followed; None where there is nothing.

        Raises `OSError` where that cannot be told: out of reach is not absent.
        """
        try:
            status = reach.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Identity(status.st_dev, status.st_ino)

    def free_bytes(self, path: str) -> int:
        """Return what a person may still write on the disk of an existing `path`."""
        return shutil.disk_usage(path).free

    def free_files(self, path: str) -> int | None:
        """Return how many files a person may still make on the disk of an existing `path`; None
        where the file system does not count them."""
        if not hasattr(os, "statvfs"):
            return None
        status = os.statvfs(path)
        return status.f_favail if status.f_files else None

    # folders

    def make_folder(self, path: str) -> Identity:
        """Make a folder that only its owner enters, and return what it is.

        Raises `FileExistsError` where anything is there already.
        """
        self.find_room(lambda: os.mkdir(path, 0o700), path)
        status = os.lstat(path)
        self._keep_entry(path)
        return Identity(status.st_dev, status.st_ino)

    def ensure_folder(self, path: str) -> None:
        """Make a folder and those above it where they are missing, or none of them; only their
        owner enters."""
        missing = []
        while not os.path.isdir(path):
            missing.append(path)
            parent = os.path.dirname(path)
            if parent == path:
                break
            path = parent
        made: list[str] = []
        for each in reversed(missing):
            try:
                if self._make_missing(each):
                    made.append(each)
            except OSError:
                for mine in reversed(made):
                    with suppress(OSError):  # somebody has put something into it
                        os.rmdir(mine)
                raise

    def _make_missing(self, path: str) -> bool:
        """Make a folder; False where another process was faster."""
        try:
            self.find_room(lambda: os.mkdir(path, 0o700), path)
        except FileExistsError:
            if not os.path.isdir(path):
                raise
            return False
        return True

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder; what is gone already is done."""
        try:
            os.rmdir(path)
        except FileNotFoundError:
            return

    # moving

    def move(self, source: str, target: str) -> None:
        """Rename, never in place of anything: raises `FileExistsError` where the target is taken.

        Between the look and the rename another program could take the target's name; systems
        that can rename without replacing in one step do.
        """
        if os.path.lexists(target):
            raise FileExistsError(17, "file exists", target)
        self.find_room(lambda: os.rename(source, target), target, source)
        self._keep_entries(source, target)

    def exchange(self, first: str, second: str) -> bool:
        """Exchange two folders in one step; False where the system cannot, and nothing changed."""
        del first, second
        return False

    def can_exchange(self, folder: str) -> bool:
        """Tell whether two folders in `folder` can be exchanged, by trying with two of its own."""
        names = _tried(folder)
        try:
            for name in names:
                self._make_missing(name)
            return self.exchange(*names)
        except OSError:
            return False
        finally:
            self.clear_exchange(folder)

    def clear_exchange(self, folder: str) -> None:
        """Remove what :meth:`can_exchange` leaves where it is killed."""
        for name in _tried(folder):
            self.remove_folder(name)

    # files

    def write(
        self, path: str, data: bytes, mode: int | None = None, *, needed: bool = True
    ) -> None:
        """Write a file whole or not at all, and for good: temp, fsync, replace, fsync.

        A file that is there keeps its mode, unless another is given; a new one is its owner's.
        On a full disk it takes what is spare, if it is `needed`.
        """
        if mode is None:
            try:
                mode = stat.S_IMODE(os.stat(path).st_mode)
            except OSError:
                mode = 0o600
        act = partial(self._replace, path, data, mode)
        self.find_room(act, *([path] if needed else []))
        self._keep_entry(path)

    def _replace(self, path: str, data: bytes, mode: int) -> None:
        temporary = temporary_name(path)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(descriptor, view) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except OSError as error:
            self.remove_file(temporary)
            if error.filename is None:  # a write and a sync know of no name
                error.filename = path
            raise

    def rewrite(self, path: str, data: bytes) -> None:
        """Replace a file as a whole, keeping its mode, so that other links to it keep theirs.

        It is for trees that :meth:`settle_tree` brings to the disk at once.
        """
        mode = stat.S_IMODE(os.lstat(path).st_mode)
        temporary = temporary_name(path)
        try:
            with open(temporary, "xb") as file:
                file.write(data)
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except OSError:
            self.remove_file(temporary)
            raise

    def remove_file(self, path: str) -> None:
        """Remove a file or a link; what is gone already is done."""
        try:
            os.unlink(path)
        except FileNotFoundError:
            return

    # trees

    def link_tree(
        self, source: str, target: str, tell: Progress = _silent, *, shares: bool = True
    ) -> None:
        """Copy a tree into an existing folder: folders made, files linked, so that it costs
        neither time nor room. Small files that programs edit in place are copied; so is
        everything where the copy `shares` nothing."""
        link_tree(source, target, tell, shares=shares)

    def remove_tree(
        self, path: str, tell: Progress = _silent, stopped: Callable[[], bool] | None = None
    ) -> int:
        """Remove a tree, and return the bytes that were freed, as the file system counts them.

        It follows no link and leaves no disk: raises :class:`NotOneDiskError` before anything is
        removed where something is mounted in it, and whenever it meets another device. What
        cannot be removed does not keep the rest: then it raises :class:`RemainderError`.
        """
        return remove_tree(path, self.host, tell, stopped)

    def derivable_bytes(self, path: str) -> int:
        """Return how much :meth:`free_derivable` could free at once."""
        return sum(size for _, size in find_derivable(path))

    def free_derivable(self, path: str, wanted: int, *, everything: bool = False) -> int:
        """Free some bytes of a tree that is to be removed for good; see
        :func:`remove_derivable`."""
        return remove_derivable(path, wanted, everything=everything)

    def settle_tree(self, path: str) -> None:
        """Have what was written below `path` reach the disk, before it takes another's place."""
        del path
        os.sync()

    # durability

    def _keep_entries(self, source: str, target: str) -> None:
        self._keep_entry(target)
        if os.path.dirname(source) != os.path.dirname(target):
            self._keep_entry(source)

    def _keep_entry(self, path: str) -> None:
        """Have the folder of `path` reach the disk, so that the name survives a power cut."""
        descriptor = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in {
                errno.EINVAL,
                errno.EOPNOTSUPP,
            }:  # the file system has no such sync
                raise
        finally:
            os.close(descriptor)
