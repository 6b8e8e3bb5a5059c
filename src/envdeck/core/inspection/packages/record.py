"""RECORD (PEP 376, PEP 627): the files that an installer put down for a distribution."""

import csv
import io
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded

RECORD_LIMIT = 32 * 1024 * 1024
"""Bytes; packages of 20,000 files have some 3 MiB."""
ROW_LIMIT = 500_000
"""Rows that are read at most."""

_SIZE = re.compile(rb",([0-9]{1,15})\r?\n")
DIGITS = 15
"""Of a size; more are none."""


class RecordRow(NamedTuple):
    """One installed file."""

    path: str
    """Relative to the package folder, with `/`; or absolute."""
    hash: str
    """`sha256=` and the digest in URL-safe base 64 without padding; empty for none."""
    size: int | None
    """Bytes, or None: installers give none for `.pyc` files and for RECORD itself."""


def rows(data: bytes) -> Iterator[RecordRow]:
    """Yield the rows of a RECORD; a row without a path is passed over.

    It is CSV, yet paths with quotes or commas are rare, so without a quote anywhere each line
    is cut at its last two commas. That also reads an unquoted comma in a path, as early
    installers wrote it.
    """
    text = decode(data)
    return islice(_quoted(text) if '"' in text else _unquoted(text), ROW_LIMIT)


def listed_size(data: bytes) -> int:
    """Return the sum of the sizes a RECORD lists, in bytes.

    Rows without a size are left out, not looked up: they are `.pyc` files, which Python writes
    again, and RECORD itself. The size is what ends a line, so the rows need no parsing.
    """
    if b'"' in data:
        return sum(row.size or 0 for row in rows(data))
    if not data.endswith(b"\n"):
        data += b"\n"
    return sum(map(int, _SIZE.findall(data)))


def read_rows(path: str) -> tuple[RecordRow, ...] | Unread:
    """Return the rows of the RECORD at `path`, or why it cannot be read."""
    data = read_bounded(path, RECORD_LIMIT)
    return data if isinstance(data, Unread) else tuple(rows(data))


def _unquoted(text: str) -> Iterator[RecordRow]:
    for line in text.split("\n"):
        parts = line.removesuffix("\r").rsplit(",", 2)
        if parts[0]:
            yield _row(parts)


def _quoted(text: str) -> Iterator[RecordRow]:
    reader = csv.reader(io.StringIO(text, newline=""))
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a field beyond the module's limit: an unclosed quote, or noise
            continue
        if fields and fields[0]:
            yield _row(fields)


def _row(fields: list[str]) -> RecordRow:
    last = fields[-1]
    is_size = len(fields) > 1 and last.isdecimal() and last.isascii() and len(last) <= DIGITS
    size = int(last) if is_size else None
    return RecordRow(fields[0], fields[1] if len(fields) > 2 else "", size)


MARKS = ("INSTALLER", "REQUESTED", "direct_url.json")
"""What an installer writes of itself into a metadata folder; no part of the package."""

MARKS_OF_UV = ("uv_cache.json", "uv_build.json")
"""What uv keeps of the file or folder that it installed from, and of how it built that."""

_OWN = frozenset({*MARKS, *MARKS_OF_UV, "RECORD", "RECORD.jws", "RECORD.p7s"})
COMPILED = (".pyc", ".pyo", "/__pycache__")
"""How what Python compiles ends; virtualenv lists the folders of it too."""


def is_compiled(path: str, digest: str) -> bool:
    """Tell whether a row is of what Python compiles by itself. A package may ship bytecode in
    place of sources: that is outside of `__pycache__`, and has a hash."""
    return path.endswith(COMPILED) and (not digest or "__pycache__" in path)


def is_own(path: str, info: str) -> bool:
    """Tell whether a row is of what the installer writes of itself: in the metadata folder, or
    the mark that virtualenv puts beside it for what it seeded."""
    folder, _, name = path.rpartition("/")
    if not folder:
        return name == info.removesuffix(".dist-info") + ".virtualenv"
    return folder == info and name in _OWN


def place_of(row: str, folder: str, environment: str) -> str | None:
    """Return where a row's file is, relative to the environment and with `/`; None outside it.

    `folder` is the package folder, by which rows are told.
    """
    path = os.path.normpath(os.path.join(folder, row))
    inside = environment.rstrip(os.sep) + os.sep
    if "\0" in row or not path.startswith(inside):
        return None
    return path[len(inside) :].replace(os.sep, posixpath.sep)


def share_there(info: str) -> float:
    """Return what share of a distribution's files is there with the size that its RECORD tells,
    from 0 to 1: of several of one name, the one whose files are there has the most.

    `info` is the metadata folder. Without a RECORD nothing is known to be there.
    """
    rows = read_rows(os.path.join(info, "RECORD")) if info.endswith(".dist-info") else ()
    folder = os.path.dirname(info)
    sized = [] if isinstance(rows, Unread) else [row for row in rows if row.size is not None]
    there = sum(_size(os.path.join(folder, row.path)) == row.size for row in sized)
    return there / len(sized) if sized else 0.0


def _size(path: str) -> int | None:
    try:
        return reach.stat(path).st_size
    except (OSError, ValueError):
        return None


FileKey: TypeAlias = tuple[int, int, int, int]


def file_key(path: str) -> FileKey | None:
    """Return what tells a file that has several links from others, whatever its content: what
    was read of one link holds for the others. None for a file with one name."""
    try:
        status = reach.stat(path)
    except (OSError, ValueError):
        return None
    if status.st_nlink < 2:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


_WHEEL_LIMIT = 64 * 1024
_TOPS = re.compile(r"^(?=[^\n])[^/,\n]*", re.MULTILINE)
_TAG = re.compile(rb"^Tag:[ \t]*(\S+)", re.MULTILINE)
_MOST_TAGS = 200
_MOST_KEPT = 200_000
"""Names that are kept; those of an environment of 200 packages are some 3,000."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordSummary:
    """What the RECORD and the WHEEL of a distribution tell at a glance; paths are as RECORD has
    them, with `/`."""

    tops: frozenset[str]
    """What it has in the package folder itself, but for its metadata."""
    compiled: tuple[str, ...]
    """Its compiled modules."""
    programs: tuple[str, ...]
    """What it has in the folder of scripts."""
    tags: tuple[str, ...]
    """For which interpreters and platforms it was built (PEP 425)."""


@dataclass(slots=True)
class RecordReader:
    """Reads RECORDs and keeps what they tell: environments of the same packages have the same."""

    _known: dict[object, RecordSummary] = field(default_factory=dict)
    _count: int = 0

    def read(self, info: str, digest: str) -> RecordSummary | Unread:
        """Return what the distribution whose metadata folder is `info` tells; `digest` is that
        of its RECORD, by which it is told from others."""
        if digest and (found := self._known.get(digest)) is not None:
            return found
        data = read_bounded(f"{info}/RECORD", RECORD_LIMIT)
        return data if isinstance(data, Unread) else self.take(info, data, digest_of(data), None)

    def take(self, info: str, record: bytes, digest: str, linked: FileKey | None) -> RecordSummary:
        """Keep what a RECORD tells that was just read, and return it.

        Of links to one METADATA, as uv makes them, RECORDs of one length differ in the hashes of
        scripts alone, which have the path of their environment in them.
        """
        key: object = digest if linked is None else (linked, len(record))
        found = self._known.get(digest) or self._known.get(key)
        if found is None:
            wheel = read_bounded(f"{info}/WHEEL", _WHEEL_LIMIT)
            found = _recorded(record, b"" if isinstance(wheel, Unread) else wheel, info)
            if self._count > _MOST_KEPT:
                self._known.clear()
                self._count = 0
            self._count += len(found.tops) + len(found.compiled) + len(found.programs)
        self._known[digest] = self._known[key] = found
        return found


def _recorded(data: bytes, wheel: bytes, info: str) -> RecordSummary:
    """A RECORD has thousands of rows, of which few matter here: they are picked out by patterns,
    unless a path is quoted or written as on Windows."""
    text = decode(data)
    if '"' in text or "\\" in text:
        text = "".join(f"{row.path},,\n" for row in rows(data) if "," not in row.path)
        text = text.replace("\\", "/")
    tops = frozenset(_TOPS.findall(text))
    tags = [tag.decode("ascii", "replace") for tag in _TAG.findall(wheel)[:_MOST_TAGS]]
    nobodys = {os.path.basename(info), "..", ".", "__pycache__"}
    compiled = [line for ending in (".so,", ".pyd,") for line in _lines_with(text, ending)]
    programs = [line for line in _lines_with(text, "/bin/") if line.startswith("../")]
    programs += [line for line in _lines_with(text, "/Scripts/") if line.startswith("../")]
    return RecordSummary(
        tops - nobodys,
        tuple(line.rsplit(",", 2)[0] for line in compiled),
        tuple(line.rsplit(",", 2)[0] for line in programs),
        tuple(tags),
    )


def _lines_with(text: str, part: str) -> Iterator[str]:
    """Yield the lines in which something stands; a search is faster than a look at each line."""
    at = text.find(part)
    while at >= 0:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield text[text.rfind("\n", 0, at) + 1 : end]
        at = text.find(part, end)


Lengths: TypeAlias = dict[str, int | None]
"""Length by name; None for a file whose length is of no account."""
_MOST_FILES = 400_000
"""Files that are kept of the RECORDs read so far."""
_NO_DIGESTS: Mapping[str, str] = MappingProxyType({})


def digest_of(record: bytes) -> str:
    """Return what a RECORD is told from others by."""
    return blake2b(record, digest_size=8).hexdigest()


@dataclass(slots=True)
class PresenceReader:
    """Reads what RECORDs list; environments of the same packages have the same ones."""

    _known: dict[str, Mapping[str, Lengths]] = field(default_factory=dict)
    _count: int = 0

    def expect(
        self, root: str, folders: Iterable[str], digests: Mapping[str, str] = _NO_DIGESTS
    ) -> "Presence":
        """Return what should be in the folders of the environment at `root`, whose package folders
        are `folders`. `digests` are those of RECORDs that were read just now, by the path of their
        metadata folder: what is known of them is not read again."""
        found = Presence(root)
        for folder in folders:
            try:
                names = reach.listdir(folder)
            except (OSError, ValueError):
                found.complete = False
                continue
            for name in names:
                if name.endswith(".dist-info"):
                    self._add(found, folder, name, digests.get(f"{folder}/{name}", ""))
        return found

    def _add(self, found: "Presence", folder: str, info: str, digest: str) -> None:
        listed = self._known.get(digest)
        if listed is None:
            data = read_bounded(f"{folder}/{info}/RECORD", RECORD_LIMIT)
            if isinstance(data, Unread):
                # without one nothing is known to lack; `interrupted-install` tells of it
                found.complete = found.complete and not reach.lexists(f"{folder}/{info}/RECORD")
                return
            listed = self._list(data)
        for below, lengths in listed.items():
            place = f"{folder}/{below}" if below else folder
            if below.startswith((".", "/")) or "/." in below or "//" in below:
                place = os.path.normpath(os.path.join(folder, below))
            found.add(place, lengths, counts=not below.startswith(".."))

    def _list(self, data: bytes) -> Mapping[str, Lengths]:
        digest = digest_of(data)
        listed = self._known.get(digest)
        if listed is None:
            listed = _listed(data)
            if self._count > _MOST_FILES:
                self._known.clear()
                self._count = 0
            self._known[digest] = listed
            self._count += sum(map(len, listed.values()))
        return listed


def _listed(data: bytes) -> Mapping[str, Lengths]:
    """Return what a RECORD lists by folder, but for what it has of its own and what Python
    compiles: as `claims` judges it."""
    found: dict[str, Lengths] = {}
    if b'"' in data or b"\\" in data:
        for row in rows(data):
            path = row.path.replace("\\", "/")
            if (row.hash or row.size is not None) and not is_compiled(path, row.hash):
                folder, _, name = path.rpartition("/")
                found.setdefault(folder, {})[name] = row.size
    else:
        _cut(decode(data), found)
    return {folder: lengths for folder, lengths in found.items() if ".dist-info" not in folder}


def _cut(text: str, found: dict[str, Lengths]) -> None:
    """Add what the lines of a RECORD list by folder: in one loop without a call for each line,
    since every file that is installed anywhere has one."""
    before: str | None = None
    lengths: Lengths = {}
    for line in text.split("\n"):
        head, _, last = line.rpartition(",")
        path, comma, digest = head.rpartition(",")
        last = last.removesuffix("\r")
        if not comma:
            path, digest = head, ""
        size = int(last) if last.isdecimal() and last.isascii() and len(last) <= DIGITS else None
        if not digest and size is None:
            continue
        if path.endswith(COMPILED) and is_compiled(path, digest):
            continue
        folder, _, name = path.rpartition("/")
        if folder != before:
            before, lengths = folder, found.setdefault(folder, {})
        lengths[name] = size


@dataclass(slots=True)
class Presence:
    """What a tree should hold, compared folder by folder as a walk meets them."""

    root: str
    complete: bool = True
    """Whether nothing lacks so far, and every RECORD could be read."""
    _folders: dict[str, Lengths] = field(default_factory=dict)

    def add(self, folder: str, lengths: Lengths, *, counts: bool) -> None:
        """Expect these files in a folder; of those outside of the package folders (programs, data)
        only that they are there, since what they are for rewrites them."""
        if folder != self.root and not folder.startswith(self.root + os.sep):
            return  # never looked at
        known = self._folders.get(folder)
        wanted = lengths if counts else dict.fromkeys(lengths)
        self._folders[folder] = wanted if known is None else {**known, **wanted}

    def folders(self) -> tuple[str, ...]:
        """Return the folders in which something is expected and that were not compared."""
        return tuple(self._folders)

    def wants(self, folder: str) -> bool:
        """Tell whether anything is expected in a folder."""
        return folder in self._folders

    def compare(self, folder: str, found: Mapping[str, int | None]) -> None:
        """Compare a folder with what is in it, each length once."""
        wanted = self._folders.pop(folder)
        if wanted.items() <= found.items():
            return
        self.complete = self.complete and all(
            name in found and size in {None, found[name]} for name, size in wanted.items()
        )

    def end(self) -> bool:
        """Tell, after the walk, whether all is there."""
        return self.complete and not self._folders


def listed_places(info: str, environment: str) -> set[str]:
    """Return what the RECORD in a metadata folder lists of an environment; with an empty name
    where it lists more, or names the place of that."""
    rows = read_rows(os.path.join(info, "RECORD")) if info.endswith(".dist-info") else ()
    if isinstance(rows, Unread):
        return set()
    folder, found = os.path.dirname(info), set()
    for row in rows:
        found.add(place_of(row.path, folder, environment) or "")
        if os.path.isabs(row.path):
            found.add("")
    return found
