"""What each folder held when it was last read, so that the next walk reads only what changed.

A folder is kept by its path with the time of its last change and the names that matter, in
segments of some thousand folders in the order of the walk. A walk that goes the same way again
needs one or two segments at a time, however large the disk is.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from envdeck.core.index.database import key, unkey

FolderRecord: TypeAlias = tuple[int, tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""The time of change in nanoseconds, then the names of folders, of marks and of links."""
Segment: TypeAlias = tuple[bytes, bytes]
"""The places it covers, and the records, both packed."""

SEGMENT_FOLDERS = 16_384
_LOADED = 8
"""Segments held at once: some 40 MB at most."""
_LIMIT = 64 * 1024 * 1024
"""Bytes of one segment unpacked."""
_RACY_NS = 2_000_000_000
"""A change within the resolution of the time stamps would not be seen (two seconds on FAT)."""
_FIELDS = 5
_TIME = re.compile(r"[0-9]{1,20}")

_Raw: TypeAlias = tuple[str, str, str, str]
"""A record as it is kept: a number in digits, and names joined by what no name can hold."""


class FolderMemory:
    """The memory of the folders below one root; a mapping from paths, for one walk.

    :meth:`get` also keeps what it returns for the next walk, and :meth:`put` replaces it: a
    folder that is not asked for is forgotten, which is how vanished ones go. Folders that
    changed within two seconds before `now` (seconds since the epoch, when the walk began) are
    not kept: another change at the same time stamp would pass unseen.
    """

    __slots__ = (
        "_current",
        "_latest",
        "_load",
        "_loaded",
        "_met",
        "_pending",
        "_places",
        "_root",
        "_sealed",
        "changed",
    )

    def __init__(
        self,
        root: str,
        *,
        now: float,
        places: Iterable[tuple[int, bytes]] = (),
        load: Callable[[int], bytes | None] = lambda _part: None,
    ) -> None:
        self._root = root.rstrip("/")
        self._latest = int(now * 1_000_000_000) - _RACY_NS
        self._load = load
        self._loaded: dict[int, dict[str, _Raw]] = {}
        self._current: dict[str, _Raw] = {}
        self._pending: dict[str, _Raw] = {}
        self._sealed: list[Segment] = []
        self._met = 0
        self._places: dict[str, list[int]] = {}
        self.changed = False
        """Whether anything is to be kept that was not remembered so."""
        for part, packed in places:
            for place in _unpack(packed):
                self._places.setdefault(place, []).append(part)

    def get(self, path: str) -> FolderRecord | None:
        """Return what a folder held when it was last read; only the time tells if it still does."""
        if not self._places:
            return None
        raw = self._current.get(path)
        if raw is None:
            raw = self._find(path)
            if raw is None:
                return None
        pending = self._pending
        pending[path] = raw
        if len(pending) >= SEGMENT_FOLDERS:
            self._seal()
        time, folders, marks, links = raw
        return (
            int(time),
            tuple(folders.split("/")) if folders else (),
            tuple(marks.split("/")) if marks else (),
            tuple(links.split("/")) if links else (),
        )

    def put(self, path: str, record: FolderRecord) -> None:
        """Keep what a folder holds now."""
        time, folders, marks, links = record
        self.changed = True
        pending = self._pending
        if not 0 <= time <= self._latest:
            pending.pop(path, None)
            return
        pending[path] = (str(time), "/".join(folders), "/".join(marks), "/".join(links))
        if len(pending) >= SEGMENT_FOLDERS:
            self._seal()

    def segments(self) -> Iterator[Segment]:
        """Yield everything to be kept, packed."""
        if self._pending:
            self._seal()
        yield from self._sealed

    @property
    def met(self) -> int:
        """How many folders are to be kept."""
        return self._met + len(self._pending)

    def _find(self, path: str) -> _Raw | None:
        for part in self._places.get(self._place(path), ())[:_LOADED]:
            segment = self._loaded.get(part)
            if segment is None:
                segment = self._loaded[part] = _records(self._load(part))
                if len(self._loaded) > _LOADED:
                    del self._loaded[next(iter(self._loaded))]
            raw = segment.get(path)
            if raw is not None:
                self._current = segment
                return raw
        return None

    def _seal(self) -> None:
        pending, self._pending = self._pending, {}
        self._met += len(pending)
        places = dict.fromkeys(map(self._place, pending))
        columns = ["\0".join(pending)]
        columns += ["\0".join(column) for column in zip(*pending.values(), strict=True)]
        self._sealed.append((_pack("\0".join(places)), _pack("\0".join(columns))))

    def _place(self, path: str) -> str:
        """Return the first two names below the root: what a segment is found by."""
        return "/".join(path[len(self._root) + 1 :].split("/", 2)[:2])


def _records(packed: bytes | None) -> dict[str, _Raw]:
    """Return one segment; what is damaged remembers nothing."""
    if packed is None:
        return {}
    values = _unpack(packed)
    count = len(values) // _FIELDS
    if not count or len(values) % _FIELDS:
        return {}
    paths, times, *names = (values[count * n : count * (n + 1)] for n in range(_FIELDS))
    if not all(map(_TIME.fullmatch, times)) or _leads_back(names):
        return {}
    return dict(zip(paths, zip(times, *names, strict=True), strict=True))


def _leads_back(names: list[list[str]]) -> bool:
    """Tell whether a name would lead out of its folder, which none that was listed can."""
    text = "/".join("/".join(column) for column in names)
    return "/../" in f"/{text}/" or "/./" in f"/{text}/"


def _pack(text: str) -> bytes:
    return zlib.compress(key(text), 1)


def _unpack(packed: bytes) -> list[str]:
    worker = zlib.decompressobj()
    try:
        data = worker.decompress(packed, _LIMIT)
        return unkey(data).split("\0") if worker.eof else []
    except (zlib.error, UnicodeDecodeError):
        return []
