"""A second tree of the same files: folders are made, files are linked."""

import errno
import os
import re
import shutil
import stat
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Condition, Thread
from typing import NamedTuple, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded

if sys.platform != "win32":
    from fcntl import ioctl

METADATA_FOLDERS = (".dist-info", ".egg-info")
"""Endings of the folders in which installers write files in place (uv writes RECORD so)."""
_COPIED = (".pth", ".cfg", ".json", ".egg-link", *METADATA_FOLDERS)
"""Endings of small files that people and tools edit in place: a link would be edited with them."""
_EVERY = 512
"""Files between two words on how far it is."""
_MOST_THREADS = 4
_MANY = 16
"""Folders that wait, from which on help is worth its start."""
_SMALL = 64 * 1024
"""Bytes."""
_EXTRA = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _EXTRA
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _EXTRA
_FICLONE = 0x40049409
"""As in `linux/fs.h`; elsewhere no such request is known, and it fails."""
_BY_DESCRIPTOR = sys.platform == "linux"
"""Whether a file's mode and time are all that it has besides its extended attributes."""
_LIBRARIES = ("python", "pypy")
_TOP = frozenset({"bin", "lib", "Lib", "Scripts"})
_PACKAGES = frozenset({"site-packages", "dist-packages"})


class FolderLinkError(OSError):
    """A link to a folder, by which what is done in a copy would be done to the original."""

    def __init__(self, path: str) -> None:
        super().__init__(40, "a link to a folder, which a copy would share", path)
        self.path = path
        """Relative to the tree."""


def link_tree(
    source: str,
    target: str,
    tell: Callable[[int, int], None],
    *,
    shares: bool = True,
    threads: int | None = None,
) -> None:
    """Fill the existing folder `target` with what is in `source`.

    Symbolic links stay what they are. What is in `bin` or `Scripts`, at the top (`pyvenv.cfg`, and
    uv's `.lock`, which would be one lock for both), in the metadata of packages, and what people
    edit, is copied; so is every file where the file system has no hard links, or no more of them.
    Where a copy `shares` nothing, all files are, by the file system itself where that can share
    their blocks. Folders keep their modes and times. Sockets and pipes are passed over: they
    belong to a process.

    A large tree is filled by several `threads`; by default, one a core. `tell` is called by
    the caller's own, and ends it all by what it raises, as every failure does.
    """
    threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)
    _TreeCopy(source, target, tell, shares, threads).make()


class _Folder(NamedTuple):
    """A folder that exists in both trees, and is to be filled."""

    here: str
    there: str
    depth: int
    is_metadata: bool
    """Whether it is of a package's metadata."""


@dataclass(slots=True)
class _TreeCopy:
    """The work of :func:`link_tree`, folder by folder."""

    source: str
    target: str
    tell: Callable[[int, int], None]
    shares: bool
    threads: int
    _pending: list[_Folder] = field(default_factory=list)
    _begun: list[_Folder] = field(default_factory=list)
    """Those that are filled, or being filled: the outer ones first."""
    _busy: int = 0
    _failed: BaseException | None = None
    _changed: Condition = field(default_factory=Condition)
    _helpers: list[Thread] = field(default_factory=list)
    _counts: list[int] = field(default_factory=list)
    """Files that each thread has made."""
    _sizes: list[int] = field(default_factory=list)
    """Bytes that each has copied."""
    _told: int = 0

    def make(self) -> None:
        self._pending.append(_Folder(self.source, self.target, 0, is_metadata=False))
        self._counts, self._sizes = [0] * self.threads, [0] * self.threads
        self._work(0)
        for helper in self._helpers:
            helper.join()
        if self._failed is not None:
            raise self._failed
        for each in reversed(self._begun):  # inner ones first, or filling changes the times
            shutil.copystat(each.here, each.there)
        self.tell(sum(self._counts), sum(self._sizes))

    def _work(self, number: int) -> None:
        try:
            while (folder := self._next()) is not None:
                self._end(number, self._fill(number, folder))
        except BaseException as error:  # noqa: BLE001 - the caller's thread raises it
            with self._changed:
                self._failed = self._failed or error
                self._changed.notify_all()

    def _next(self) -> _Folder | None:
        """Wait for a folder to fill; return None where there are no more."""
        with self._changed:
            while not self._pending and self._busy and self._failed is None:
                self._changed.wait()
            if not self._pending or self._failed is not None:
                return None
            self._busy += 1
            folder = self._pending.pop()
            self._begun.append(folder)
            return folder

    def _end(self, number: int, inner: list[_Folder]) -> None:
        with self._changed:
            self._busy -= 1
            self._pending += inner
            self._changed.notify_all()
            wants_help = number == 0 and not self._helpers and len(self._pending) >= _MANY
        if wants_help:
            for each in range(1, self.threads):
                helper = Thread(target=self._work, args=(each,), daemon=True)
                self._helpers.append(helper)
                helper.start()

    def _fill(self, number: int, folder: _Folder) -> list[_Folder]:
        """Fill one folder, and return those in it."""
        folders = []
        copied = os.path.basename(folder.here) in {"bin", "Scripts"} and folder.depth == 1
        copied = copied or folder.depth == 0 or folder.is_metadata or not self.shares
        inside = folder.there + os.sep
        with os.scandir(folder.here) as entries:
            for entry in entries:
                name = entry.name
                path = inside + name
                if entry.is_dir(follow_symlinks=False):
                    os.mkdir(path, 0o700)
                    is_metadata = folder.is_metadata or name.endswith(METADATA_FOLDERS)
                    folders.append(_Folder(entry.path, path, folder.depth + 1, is_metadata))
                    continue
                if entry.is_symlink():
                    if _is_folder(entry) and _is_shared(entry.path, self.source):
                        raise FolderLinkError(os.path.relpath(entry.path, self.source))
                    os.symlink(os.readlink(entry.path), path)
                elif entry.is_file(follow_symlinks=False):
                    alone = copied or name.endswith(_COPIED)
                    put = _copy if alone else link_entry
                    self._sizes[number] += put(entry.path, path)
                self._counts[number] += 1
                if number == 0:
                    self._say()
                if self._failed is not None:
                    break
        return folders

    def _say(self) -> None:
        done = sum(self._counts)
        if done // _EVERY > self._told:
            self._told = done // _EVERY
            self.tell(done, sum(self._sizes))


LinkedState: TypeAlias = tuple[int, int, int, int]
"""Inode, length, time of the last change and mode: one of them is new where a file is written into,
or replaced."""


@dataclass(slots=True, eq=False)
class PatchworkTree:
    """A tree that is put together of files from elsewhere, and that is to stay so."""

    folder: str
    files: dict[str, LinkedState | None] = field(default_factory=dict)
    """How each file and link was put there, by its path in the tree."""
    folders: set[str] = field(default_factory=set)

    def clear(
        self, keep: "Callable[[Mapping[str, LinkedState]], Iterable[str]]" = tuple
    ) -> list[str]:
        """Remove what is not as it was put there, and return what of that is missing now. `keep`
        says which files are to belong to it from now on, by how all are. Raises `OSError`."""
        files, folders = list_tree(self.folder)
        for name in keep(files):
            self.files[name] = files[name]
            self.folders.add(os.path.dirname(name))
        changed = [name for name, state in self.files.items() if files.get(name) != state]
        for name in (*changed, *(files.keys() - self.files.keys())):
            if name in files:
                os.unlink(os.path.join(self.folder, name))
            self.files.pop(name, None)
        for name in sorted(folders - self.folders, reverse=True):
            os.rmdir(os.path.join(self.folder, name))
        self.folders &= folders
        return changed

    def drop(self, names: Iterable[str]) -> None:
        """Remove files, and the folders that are empty then, which could be imported."""
        above = set()
        for name in names:
            os.unlink(os.path.join(self.folder, name))
            del self.files[name]
            above.add(os.path.dirname(name))
        for folder in sorted(above, reverse=True):
            while folder in self.folders and not os.listdir(os.path.join(self.folder, folder)):
                os.rmdir(os.path.join(self.folder, folder))
                self.folders.discard(folder)
                folder = os.path.dirname(folder)

    def add_folder(self, folder: str) -> None:
        """Make a folder and those above it, unless they are there."""
        if folder and folder not in self.folders:
            self.add_folder(os.path.dirname(folder))
            os.mkdir(os.path.join(self.folder, folder))
            self.folders.add(folder)


def list_tree(tree: str) -> tuple[dict[str, LinkedState], set[str]]:
    """Return all that is in a tree but for folders, by its path in the tree with how it is, and
    the folders. Raises `OSError`."""
    files: dict[str, LinkedState] = {}
    folders: set[str] = set()
    cut, waiting = len(tree) + 1, [tree]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                path = entry.path
                if entry.is_dir(follow_symlinks=False):
                    folders.add(path[cut:])
                    waiting.append(path)
                else:
                    files[path[cut:]] = _state(entry.stat(follow_symlinks=False))
    return files, folders


_BYTE_CODE = re.compile(r"(.*/)__pycache__/([^/.]+)\.cpython-[0-9]+t?(?:\.opt-[12])?\.pyc", re.S)


def find_byte_code(
    tree: PatchworkTree, files: Mapping[str, LinkedState]
) -> Iterator[tuple[str, str]]:
    """Yield the byte code that is new in a tree, each with its source, where that is as it was put
    there and, by its length and time, the one that the byte code was made of."""
    for name in files.keys() - tree.files.keys():
        match = _BYTE_CODE.fullmatch(name)
        source = f"{match[1]}{match[2]}.py" if match else ""
        state = tree.files.get(source)
        if state is not None and files.get(source) == state:
            told = struct.pack("<III", 0, state[2] // 10**9 % 2**32, state[1] % 2**32)
            head = read_bounded(os.path.join(tree.folder, name), 16, whole=False)
            if not isinstance(head, Unread) and head[4:] == told:
                yield name, source


def state_of(path: str) -> LinkedState | None:
    """Return how a file or a link is now; None where there is none."""
    try:
        return _state(os.lstat(path))
    except FileNotFoundError:
        return None


def _state(status: os.stat_result) -> LinkedState:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode


def folder_links(tree: str) -> Iterator[str]:
    """Yield the links to folders, relative to the environment `tree`, by which an installer that
    works in a copy of it would change or remove what is not in the copy: those that lead out of
    it, and any among the packages or above them.

    `lib64 -> lib` is none of them, nor are the parts of the standard library and the headers
    that old creators link, where no installer puts anything. Folders that cannot be read are
    passed over.
    """
    folders = [tree]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif entry.is_symlink() and _is_folder(entry) and _is_shared(entry.path, tree):
                        yield os.path.relpath(entry.path, tree)
        except OSError:
            continue


def expect_movable(folder: str, filled: str) -> None:
    """Raise what a rename of a folder would fail with, and rename nothing: it is asked for in
    place of a folder that is not empty, which no system does.

    A folder of a container's image (a lower layer of overlayfs) can be renamed nowhere.
    """
    try:
        os.rename(folder, filled)
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise
        return
    os.rename(filled, folder)  # it was emptied meanwhile: as it was


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    """Tell whether a link leads to a folder; one to a network disk may, and is not followed."""
    return bool(reach.obstacle(entry.path)) or entry.is_dir()


def _is_shared(path: str, tree: str) -> bool:
    target = os.readlink(path)
    parts = os.path.relpath(path, tree).split(os.sep)
    if parts == ["lib64"] and os.path.normpath(target) == "lib":
        return False
    below = len(parts) > 1 and parts[1].startswith(_LIBRARIES)
    if below and parts[0] == "include" and len(parts) == 2:  # what it links is its base's
        return False
    if below and parts[0] in {"lib", "lib64"} and len(parts) > 2 and parts[2] not in _PACKAGES:
        return False
    if not _PACKAGES.isdisjoint(parts) or (len(parts) == 1 and parts[0] in _TOP):
        return True
    real, root = reach.realpath(path), os.path.realpath(tree)
    return os.path.isabs(target) or not (real + os.sep).startswith(root + os.sep)


def link_entry(source: str, target: str) -> int:
    """Give a file a second name, or copy it; return the bytes that were copied."""
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):  # no links here, too many, or not allowed
        return _copy(source, target)
    return 0


def copy_entry(source: str, target: str) -> None:
    """Copy a file, or make the same link."""
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    else:
        _copy(source, target)


def _copy(source: str, target: str) -> int:
    """Copy a file, and return its bytes; what is no regular file by now is passed over."""
    try:
        descriptor = os.open(source, _READ)
    except OSError:
        if stat.S_ISREG(os.lstat(source).st_mode):
            raise
        return 0
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return 0
        small = status.st_size <= _SMALL and _copy_small(descriptor, target, status)
        if not small and not _clone(source, target):
            shutil.copyfile(source, target, follow_symlinks=False)
        if not small or not _BY_DESCRIPTOR or os.listxattr(descriptor):
            shutil.copystat(source, target, follow_symlinks=False)
    finally:
        os.close(descriptor)
    return status.st_size


def _clone(source: str, target: str) -> bool:
    """Have the file system make a copy that shares blocks until one of the two is written to
    (btrfs, XFS); return whether it did."""
    if sys.platform == "win32":
        return False
    with open(source, "rb") as original, open(target, "wb") as copy:
        try:
            ioctl(copy.fileno(), _FICLONE, original.fileno())
        except OSError:
            return False
    return True


def _copy_small(source: int, target: str, status: os.stat_result) -> bool:
    """Copy an open file in one read and one write, which takes a third of what `shutil` does for
    some hundred bytes; return whether that was all of it."""
    data = os.read(source, status.st_size + 1)
    if len(data) != status.st_size:  # it is being written
        return False
    descriptor = os.open(target, _WRITE, 0o600)
    try:
        if os.write(descriptor, data) != status.st_size:
            return False
        if _BY_DESCRIPTOR:
            os.utime(descriptor, ns=(status.st_atime_ns, status.st_mtime_ns))
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    finally:
        os.close(descriptor)
    return True


def replace_link(path: str, target: str) -> None:
    """Put a symbolic link in the place of what is at a path, in one step."""
    temporary = f"{path}.envdeck-link"
    os.symlink(target, temporary)
    os.replace(temporary, path)
