"""What each folder held when it was last read, so that the next walk reads only what changed.

A folder is kept as a mark (its inode and the time of its last change) and the names that matter, in
segments of some thousand folders in the order of the walk. Its path is not kept: the names before
it tell it, so that a record can lead nowhere but into the folder that it is in. A walk that goes
the same way again needs one segment at a time, however large the disk is.
"""

import zlib
from array import array
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from envdeck.core.index.database import key, unkey

if TYPE_CHECKING:
    from envdeck.core.discovery.walk import FolderRecord  # start-up: the first frame walks nowhere

SEGMENT_FOLDERS = 16_384
_LIMIT = 64 * 1024 * 1024
"""Bytes of one segment unpacked."""
_RACY_NS = 2_000_000_000
"""A change within the resolution of the time stamps would not be seen (two seconds on FAT)."""
_NO_MARK = 0
_COUNT_BYTES = 4
_MARK_BYTES = 8


class FolderMemory:
    """The memory of the folders below one root, for one walk.

    Whoever goes through it says of each record whether it stays (:attr:`keep`) or is another now
    (:meth:`put`): a folder of which nothing is said is forgotten. One that changed within two
    seconds before `now` (seconds since the epoch, when the walk began) is kept without the mark:
    another change at the same time stamp would pass unseen.
    """

    __slots__ = ("_latest", "_load", "_met", "_pending", "_sealed", "_whole", "changed", "keep")

    def __init__(
        self, *, now: float, load: Callable[[int], bytes | None] = lambda _part: None
    ) -> None:
        self._latest = int(now * 1_000_000_000) - _RACY_NS
        self._load = load
        self._pending: list[FolderRecord] = []
        self._sealed: list[bytes] = []
        self._met = 0
        self._whole = True
        self.keep: Callable[[FolderRecord], object] = self._pending.append
        """Keep a record that came from here."""
        self.changed = False
        """Whether anything is to be kept that was not remembered so."""

    def __iter__(self) -> "Iterator[FolderRecord]":
        """Yield what was remembered, once and in the order of the walk; only the mark
        tells whether a folder still holds that."""
        return chain.from_iterable(self._segments())

    def put(self, record: "FolderRecord", before: "FolderRecord | None", changed: int) -> None:
        """Keep a record in the place of the one before, if there was one. The folder last
        changed at that time, in nanoseconds since the epoch."""
        if not 0 < changed <= self._latest:
            record = (_NO_MARK, *record[1:])
        if record != before:
            self.changed, self._whole = True, False
        self._pending.append(record)
        if len(self._pending) >= SEGMENT_FOLDERS:
            self._seal()

    def segments(self) -> Iterator[bytes]:
        """Yield everything to be kept, packed."""
        if self._pending:
            self._seal()
        yield from self._sealed

    @property
    def met(self) -> int:
        """How many folders are to be kept."""
        return self._met + len(self._pending)

    def _segments(self) -> "Iterator[list[FolderRecord]]":
        part = 0
        while (packed := self._load(part)) is not None:
            records = _records(packed)
            if not records:  # what comes after it has lost its place
                return
            self._whole = not self._pending
            yield records
            met = len(self._pending)
            if met != len(records):
                self.changed, self._whole = True, False
            if self._whole:  # nothing in it is news
                self._sealed.append(packed)
                self._met += met
                self._pending.clear()
            elif met > SEGMENT_FOLDERS // 2:
                self._seal()
            part += 1

    def _seal(self) -> None:
        pending = self._pending
        marks = array("Q", [record[0] for record in pending])
        names = "\0".join(record[1] for record in pending)
        notes = "\0".join(record[2] for record in pending)
        data = len(pending).to_bytes(_COUNT_BYTES, "little") + marks.tobytes()
        self._sealed.append(zlib.compress(data + key(f"{names}\0{notes}"), 1))
        self._met += len(pending)
        pending.clear()  # the same list: `keep` adds to it


def _records(packed: bytes) -> "list[FolderRecord]":
    """Return one segment; what is damaged remembers nothing."""
    worker = zlib.decompressobj()
    try:
        data = worker.decompress(packed, _LIMIT)
        count = int.from_bytes(data[:_COUNT_BYTES], "little")
        start = _COUNT_BYTES + count * _MARK_BYTES
        if not worker.eof or len(data) < start:
            return []
        marks = array("Q", data[_COUNT_BYTES:start])
        values = unkey(data[start:]).split("\0")
    except (zlib.error, UnicodeDecodeError):
        return []
    names, notes = values[:count], values[count:]
    if not count or len(notes) != count or _leads_back("\0".join(names)):
        return []
    return list(zip(marks, names, notes, strict=True))


def _leads_back(names: str) -> bool:
    """Tell whether a name would lead out of its folder or to nowhere, as none does that was
    listed."""
    listed = f"\0{names}\0"
    if "//" in listed or "/\0" in listed or "\0/" in listed:
        return True
    text = listed.replace("\0", "/")
    return "/../" in text or "/./" in text
