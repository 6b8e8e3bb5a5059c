"""The walk over the disk: one stack, no link followed.

On a slow disk threads read ahead of it, in the order of the stack. A folder that has not changed
since the last walk holds the names it held then, so a memory of them, gone through in step with the
stack, spares the reading; what the names lead to is looked at again each time.
"""

import os
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Protocol, TypeAlias

from envdeck.core.discovery import prefix as markers
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.discovery.prune import Prune
from envdeck.core.discovery.readers import Readers
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import NotLookedAt, Unreadable
from envdeck.core.system import reach
from envdeck.core.system.files import (
    Unread,
    decode_path,
    is_missing,
    read_bounded,
    reason_of,
)

PROJECT_FILES = frozenset({"pyproject.toml", "Pipfile", ".python-version"})
"""Files that lead from a project to its environments: by the hash of the folder, or by name."""
_MARKS = markers.NAMES | PROJECT_FILES | {".venv"}

_REPARSE_POINT = 0x400  # FILE_ATTRIBUTE_REPARSE_POINT: junctions, which Windows calls folders

FolderListing: TypeAlias = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""What a folder holds, less everything that cannot matter: the real folders in it, less those whose
names are pruned; names that make it a candidate, a project, or (a `.venv` file) a pointer; symbolic
links, whatever they lead to."""


def list_folder(path: str, names: frozenset[str], *, windows: bool = False) -> FolderListing:
    """Read a folder once. `names` are folder names that are of no interest.

    Raises:
        OSError: it cannot be read, or is no longer there.
    """
    folders: list[str] = []
    marks: list[str] = []
    links: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if name in _MARKS:
                marks.append(name)
            if entry.is_symlink():
                links.append(name)
            elif entry.is_dir() and name not in names and not (windows and _is_junction(entry)):
                folders.append(name)
    return tuple(folders), tuple(marks), tuple(links)


def _is_junction(entry: "os.DirEntry[str]") -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return True  # what cannot be asked is not walked into
    return bool(getattr(status, "st_file_attributes", 0) & _REPARSE_POINT)


FolderRecord: TypeAlias = tuple[int, str, str]
"""A folder as a memory has it: inode and time of its last change in one number (0 where that is not
to be relied on), the names of the folders in it to go on with, joined by `/`, and, where marks or
links are in it, its :data:`FolderListing`, each part joined by `/`, the three by `//`."""
_NOTHING: FolderRecord = (0, "", "")

TICK_FOLDERS = 256
"""So many folders are visited between two signs of life."""
_AHEAD = 64
"""So much of the stack is read ahead at most."""

_LIBRARIES = (os.sep + "lib", os.sep + "lib64")
_STANDARD_LIBRARY = re.compile(r"(?:python|pypy)\d(?:\.\d+)?t?\Z")
_MANIFESTS = PROJECT_FILES - {".python-version"}
_OWN_FOLDERS = frozenset(
    {"bin", "lib", "lib64", "include", "share", "Scripts", "Lib", "Include", "etc"}
)
_POINTER_LIMIT = 4096
_USUAL_NAMES = frozenset({".venv", "venv", "env"})
"""Links of these names are meant to lead to an environment."""


class WalkMemory(Protocol):
    """What the last walk saw by the same rules: a record of each folder that it came by, in its
    order. Those in a folder come next, the last of its names first, each with all below it."""

    @property
    def keep(self) -> Callable[[FolderRecord], object]:
        """Keep a record as it was."""
        ...

    def __iter__(self) -> Iterator[FolderRecord]:
        """Yield the records, once."""
        ...

    def put(self, record: FolderRecord, before: FolderRecord | None, changed: int) -> None:
        """Keep a record in the place of the one before, if there was one. The folder last
        changed at that time, in nanoseconds since the epoch."""
        ...


@dataclass(frozen=True, slots=True)
class Pointer:
    """A link, or uv's `.venv` text file, that leads to an environment."""

    link: str
    candidate: EnvironmentCandidate


@dataclass(frozen=True, slots=True)
class FolderLink:
    """A link to a folder that is no environment; it is not followed."""

    link: str


@dataclass(frozen=True, slots=True)
class ProjectRoot:
    """A folder with a project file in it."""

    path: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A sign of life while nothing is found."""


Hit: TypeAlias = (
    EnvironmentCandidate | Pointer | FolderLink | ProjectRoot | Unreadable | NotLookedAt | Tick
)


_Visit: TypeAlias = tuple[str, FolderListing, int, int, Sequence[Hit], Sequence[str]]
"""A folder read: its path, what it holds, inode and time in one number (:data:`FolderRecord`), when
it last changed (in nanoseconds; 0 where nobody asks), what its names lead to, and the names of the
folders in it to go on with."""


WalkReaders: TypeAlias = Readers[_Visit | None]
Recognise: TypeAlias = Callable[[str, Collection[str]], EnvironmentCandidate | None]
"""What returns the candidate at a path, of which it is known which marks it has."""


@dataclass(slots=True)
class Walk:
    """One walk below one root; iterate over it once, and read :attr:`visited` at any time."""

    root: str
    prune: Prune
    memory: WalkMemory | None = None
    stopped: Callable[[], bool] = lambda: False
    depth: int | None = None
    """How many levels below the root are looked at; None is all."""
    windows: bool = False
    named_stores: tuple[str, ...] = ()
    """Where a `.venv` file of a project may name an environment by name alone."""
    one_device: bool = False
    """Whether to compare device numbers: where the system has no mount table to prune by."""
    readers: WalkReaders = field(default_factory=lambda: Readers(1))
    recognise: Recognise = markers.recognise
    visited: int = 0
    _device: int | None = None
    _barred: frozenset[str] = frozenset()
    """Folders that hold one which is not entered."""
    _remembers: bool = False
    _odd: dict[str, bool] = field(default_factory=dict)
    """What on the stack is out of step with the memory: it has no record of it (True), or has
    one, and it is no longer there (False)."""

    def __iter__(self) -> Iterator[Hit]:
        """Yield what is met, in the order of the disk."""
        self._device = self._find_device() if self.one_device else None
        self._barred = frozenset(map(os.path.dirname, self.prune.paths))
        readers, memory, odd = self.readers, self.memory, self._odd
        readers.serve(self._visit, self._follow)
        records = iter(() if memory is None else memory)
        keep = (lambda _record: None) if memory is None else memory.keep
        device, settled, stat, root = self._device, False, os.stat, self.root
        stack, posix = [root], not self.windows
        top = root.rstrip(os.sep).count(os.sep)
        deepest = None if self.depth is None else top + self.depth
        while stack:
            path = stack.pop()
            if odd and (new := odd.pop(path, None)) is not None:
                known = None
                if not new:
                    _pass_by(records, 1)
                    continue
            else:
                known = next(records, None)
            self.visited += 1
            if self.visited % TICK_FOLDERS == 0:
                if self.stopped():
                    return
                yield Tick()
                readers.sample()
                settled = False
            settled = settled or (readers.count == 1 and not readers.measures)
            try:
                if known and settled and posix and known[0] and not known[2] and path is not root:
                    status = stat(path)  # all that `_visit` would come to here, without a call
                    same = status.st_ctime_ns ^ status.st_ino == known[0]
                    if same and (device is None or status.st_dev == device):
                        keep(known)
                        if known[1]:
                            prefix = path + os.sep
                            stack += [prefix + name for name in known[1].split("/")]
                        continue
                if settled:
                    visit = self._visit(path, known)
                elif readers.measures:
                    visit = readers.measure(partial(self._visit, path, known))
                else:
                    reading = readers.fetch(path, self._later(stack), self.stopped)
                    if reading is None:
                        return
                    if reading.error is not None:
                        raise reading.error
                    visit = reading.value
            except OSError as error:
                gone = isinstance(error, FileNotFoundError | NotADirectoryError)
                if path is root or not gone:
                    yield Unreadable(path, reason_of(error))
                visit = None
            if visit is None:
                if memory is not None:
                    memory.put(_NOTHING, known, 0)
                    _pass_by(records, _inner(known))
                continue
            if visit[4]:
                yield from visit[4]
            names = visit[5] if memory is None else self._remember(memory, visit, known)
            if names and (deepest is None or path.rstrip(os.sep).count(os.sep) < deepest):
                stack += _joined(path, names)

    def _visit(self, path: str, known: FolderRecord | None = None) -> _Visit | None:
        """Read a folder, in any thread; None where it is on another disk."""
        changed = mark = 0
        if self.memory is not None or self._device is not None:
            status = os.stat(path)
            if self._device is not None and status.st_dev != self._device:
                return None
            # what restores files (rsync, tar) sets the modification time back; nothing sets the
            # other
            changed = status.st_mtime_ns if self.windows else status.st_ctime_ns
            mark = changed ^ status.st_ino
        listing = _recall(known) if known and mark and known[0] == mark else None
        if listing is None:
            listing = list_folder(path, self.prune.names, windows=self.windows)
        folders, marks, links = listing
        hits: list[Hit] | tuple[()] = ()
        if marks or links:
            hits = []
            folders = self._look(path, listing, hits)
        names = self._inner_names(path, folders) if folders else ()
        return path, listing, mark, changed, hits, names

    def _follow(self, visit: _Visit | None) -> Sequence[str]:
        """Return what comes after a folder, where the whole of it is walked."""
        return _joined(visit[0], visit[5]) if visit and self.depth is None else ()

    def _later(self, stack: list[str]) -> Iterator[str]:
        """Yield what comes next, as far as it is still there."""
        return (path for path in reversed(stack[-_AHEAD:]) if self._odd.get(path, True))

    def _inner_names(self, path: str, folders: tuple[str, ...]) -> tuple[str, ...]:
        """Return which folders in another are walked into."""
        if path.endswith(_LIBRARIES):
            folders = tuple(name for name in folders if not _STANDARD_LIBRARY.match(name))
        if path in self._barred or self.prune.patterned:
            inner, prune = _joined(path, folders), self.prune
            return tuple(
                name
                for name, child in zip(folders, inner, strict=True)
                if child not in prune.paths and not (prune.patterned and prune.skips(name, child))
            )
        return folders

    def _remember(
        self, memory: WalkMemory, visit: _Visit, known: FolderRecord | None
    ) -> Sequence[str]:
        """Keep what a folder holds now; return the folders to go on with, and those whose records
        come up although they went, in the order of the records."""
        path, listing, mark, changed, _, names = visit
        before = known[1].split("/") if known and known[1] else []
        self._remembers = self._remembers or known is not None
        met: Sequence[str] = names
        if self._remembers and before != list(names):
            now, then = frozenset(names), frozenset(before)
            names = [*before, *(name for name in names if name not in then)]
            met = [name for name in names if name in now]
            odd = (name for name in names if name not in now or name not in then)
            self._odd.update(
                (child, os.path.basename(child) in now) for child in _joined(path, odd)
            )
        note = "//".join(map("/".join, listing)) if listing[1] or listing[2] else ""
        memory.put((mark, "/".join(met), note), known, changed)
        return names

    def _look(self, path: str, listing: FolderListing, hits: list[Hit]) -> tuple[str, ...]:
        """Add what the names in a folder lead to; return the folders to go on with."""
        folders, marks, links = listing
        led = (_follow(os.path.join(path, name), name, self.root) for name in links)
        hits.extend(hit for hit in led if hit)
        maybe_file = ".venv" in marks and ".venv" not in folders and ".venv" not in links
        if maybe_file and (found := _read_pointer(path, self.named_stores)):
            hits.append(found)
        if any(name in PROJECT_FILES and name not in folders for name in marks):
            hits.append(ProjectRoot(path))
        candidate = None if markers.NAMES.isdisjoint(marks) else self.recognise(path, marks)
        if candidate is None:
            return folders
        hits.append(candidate)
        return _inside(candidate, folders, marks, at_root=path == self.root)

    def _find_device(self) -> int | None:
        try:
            return os.stat(self.root).st_dev
        except OSError:
            return None


def _joined(path: str, names: Iterable[str]) -> list[str]:
    prefix = path if path.endswith(os.sep) else path + os.sep
    return [prefix + name for name in names]


def _recall(known: FolderRecord) -> FolderListing | None:
    """Return what a folder held; None where the record makes no sense, which no walk wrote."""
    _, names, note = known
    if not note:
        return (tuple(names.split("/")) if names else (), (), ())
    parts = [tuple(part.split("/")) if part else () for part in note.split("//")]
    if len(parts) != 3 or not _NO_NAMES.isdisjoint(chain(*parts)):
        return None
    folders, marks, links = parts
    return folders, marks, links


_NO_NAMES = frozenset({"", os.curdir, os.pardir})


def _inner(known: FolderRecord | None) -> int:
    """Return how many folders in one have records."""
    return known[1].count("/") + 1 if known and known[1] else 0


def _pass_by(records: Iterator[FolderRecord], count: int) -> None:
    """Leave out the records of so many folders, with all below them."""
    while count and (known := next(records, None)):
        count += _inner(known) - 1


def _follow(link: str, name: str, root: str) -> Pointer | FolderLink | NotLookedAt | None:
    """Return what a symbolic link leads to, if that is an environment or a folder at all, or if
    an environment is missing there."""
    if reach.exists(os.path.join(link, "pyvenv.cfg")) or reach.exists(
        os.path.join(link, "conda-meta")
    ):
        candidate = markers.recognise(reach.realpath(link))
        if candidate is not None:
            return Pointer(link, candidate)
    if _leads_out(link, root) and reach.isdir(link):
        return FolderLink(link)
    if name not in _USUAL_NAMES or not is_missing(link):
        return None
    target = reach.realpath(link)
    return NotLookedAt(link, f"dangling link: {target} does not exist", _creation(link))


def _leads_out(link: str, root: str) -> bool:
    """Tell whether a link may lead out of the root, by its text alone, which spares most of them
    being resolved."""
    try:
        target = reach.readlink(link)
    except OSError:
        return False
    if os.path.isabs(target):
        inside = f"{target}{os.sep}".startswith(root.rstrip(os.sep) + os.sep)
        return not inside or os.pardir in target
    return target.startswith(os.pardir)


def _read_pointer(folder: str, stores: tuple[str, ...]) -> Pointer | NotLookedAt | None:
    """Return where a `.venv` text file points: uv's holds a path, and Pipenv's the name of an
    environment in one of its folders."""
    link = os.path.join(folder, ".venv")
    data = read_bounded(link, _POINTER_LIMIT)
    if isinstance(data, Unread) or b"\0" in data or not (target := decode_path(data).strip()):
        return None
    named = os.sep not in target and "/" not in target
    for place in (folder, *(stores if named else ())):
        candidate = markers.recognise(reach.realpath(os.path.join(place, target)))
        if candidate is not None:
            return Pointer(link, candidate)
    words = len(target.split()) > 1 and not os.path.isabs(target)
    if "\n" in target or words or not is_missing(os.path.join(folder, target)):
        return None  # something else by that name
    return NotLookedAt(link, "names an environment that does not exist", _creation(link))


def _creation(link: str) -> str:
    folder = os.path.dirname(link)
    return f"rm {shlex.quote(link)} && envdeck create {shlex.quote(folder)}"


def _inside(
    candidate: EnvironmentCandidate,
    folders: tuple[str, ...],
    marks: tuple[str, ...],
    *,
    at_root: bool,
) -> tuple[str, ...]:
    """Return the folders of an environment that may hold others.

    There are none in an ordinary one. A conda prefix has its `envs`; what only looks like an
    environment, is a project's own root (`python -m venv .`), or is the very folder to be walked
    (`python -m venv ~`), is walked on as any folder.
    """
    if candidate.kind in {Kind.CONDA, Kind.PIXI}:
        return tuple(name for name in folders if name == "envs")
    if candidate.shortcoming:
        return folders
    project = not _MANIFESTS.isdisjoint(marks)
    git = not candidate.lacks(".git") and reach.lexists(os.path.join(candidate.path, ".git"))
    if not (at_root or project or git):
        return ()
    return tuple(name for name in folders if name not in _OWN_FOLDERS)
