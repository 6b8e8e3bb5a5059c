"""The memory of the last look: read, write, forget."""

import os
import re
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType, TracebackType
from typing import Any, Self

from envdeck.core.index.database import (
    GUARD,
    TORN,
    Connect,
    connect,
    is_busy,
    is_damage,
    key,
    no_memory,
    open_memory,
    quarantine,
    transaction,
    unkey,
    why,
)
from envdeck.core.index.folders import FolderMemory
from envdeck.core.index.records import (
    StoredEnvironment,
    decode_environments,
    decode_interpreters,
    decode_texts,
    deflate,
    encode_environment,
    encode_interpreter,
    encode_texts,
    inflate,
)
from envdeck.core.model import Interpreter, Notice, SharedFiles
from envdeck.core.system.files import is_missing
from envdeck.core.system.host import Host, lies_under, own_path

_NONE: Mapping[str, Sequence[str]] = MappingProxyType({})
WALKS_KEPT = 16
"""Roots whose folders are remembered, the latest first."""
_NAME_BYTES = 16


def typed(rows: list[tuple[Any, ...]], *kinds: type) -> list[tuple[Any, ...]]:
    """Leave out rows with values that nothing here has written; SQLite takes any type anywhere."""
    return [row for row in rows if tuple(map(type, row)) == kinds]


def sealed(record: str) -> str:
    """Return a record with its checksum in front: SQLite has none, and a torn letter in a path
    or a version would be shown as true."""
    return f"{zlib.crc32(record.encode('ascii')):08x}{record}"


def unsealed(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return keys with the records as :func:`sealed` was given them; torn ones are left out."""
    crc32 = zlib.crc32
    return [
        (key, record[8:])
        for key, record in rows
        if record.isascii() and record[:8] == f"{crc32(record[8:].encode('ascii')):08x}"
    ]


def keep_walk(
    root: bytes, rules: bytes, now: float, memory: FolderMemory
) -> Callable[[sqlite3.Connection], None]:
    """Return what writes the memory of one walk in the place of the one before.

    The parts have the name of their walk, which no other has: whoever still reads the memory of
    the one before finds no more of that, and not the parts of a walk by other rules.
    """
    name = os.urandom(_NAME_BYTES)
    segments = [(name, part, packed) for part, packed in enumerate(memory.segments())]
    walk = (root, name, rules, now, memory.met)

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO walk VALUES (?, ?, ?, ?, ?)", walk)
        connection.executemany("INSERT INTO folders VALUES (?, ?, ?)", segments)
        connection.execute(
            "DELETE FROM walk WHERE root NOT IN"
            " (SELECT root FROM walk ORDER BY saved_at DESC LIMIT ?)",
            (WALKS_KEPT,),
        )
        connection.execute("DELETE FROM folders WHERE walk NOT IN (SELECT walk FROM walk)")

    return write


_DEVICE = re.compile(r"[0-9]{1,20}")


def index_path(host: Host) -> str:
    """Return where the memory is kept: `envdeck/index.sqlite3` in the user's cache folder.

    In a locale of another encoding than UTF-8 it is another file: paths are other texts there
    (PEP 383), and those of one encoding need not exist in the other.
    """
    encoding = sys.getfilesystemencoding()
    name = "index.sqlite3" if encoding == "utf-8" else f"index-{encoding}.sqlite3"
    return own_path(host, "cache", name)


class Index:
    """What was seen, kept in SQLite; a context manager, for any thread, one call at a time.

    The disk is the truth and this only a memory of it, so nothing here raises: whatever goes
    wrong (a full disk, a read-only home, a damaged file, another copy of the program) leaves a
    :attr:`notice`, and from then on less is remembered, or nothing. Paths, names, versions,
    times and sizes are kept; of the content of files the lines of `pyvenv.cfg`.

    Sizes come without :attr:`Size.shared`: for a thousand environments linked from a cache
    those take hundreds of megabytes, and they are only asked for when a selection is counted.
    :meth:`shared` brings them.
    """

    def __init__(
        self,
        path: str,
        host: Host,
        connection: sqlite3.Connection | None,
        notice: Notice | None = None,
    ) -> None:
        self.notice = notice
        """What the person should know, once; the first thing that went wrong."""
        self._path = path
        self._host = host
        self._connection = connection
        self._writes = connection is not None
        self._unsaved: dict[str, tuple[int, float, bytes]] = {}
        self._walks: dict[str, tuple[FolderMemory, bytes, int]] = {}

    @classmethod
    def open(cls, path: str, *, host: Host, connector: Connect = connect) -> Self:
        """Open the memory at `path`, making it where there is none; never raises."""
        if lies_under(path, host.home) and is_missing(host.home):  # making it is not for us
            notice = no_memory(f"the home folder {host.home} does not exist")
            return cls(path, host, None, notice)
        opened = open_memory(path, connector)
        return cls(path, host, opened.connection, opened.notice)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Keep the folders walked meanwhile, and let go of the file."""
        self.save_folders()
        self._disconnect()

    # Environments

    def environments(self, roots: Sequence[str] | None = None) -> tuple[StoredEnvironment, ...]:
        """Return the environments at or below the roots, or all of them. In no order."""
        rows = unsealed(typed(self._read("SELECT path, record FROM environment"), bytes, str))
        if roots is not None:
            exact = {key(root) for root in roots}
            below = tuple(key(root.rstrip(os.sep) + os.sep) for root in roots)
            rows = [row for row in rows if row[0] in exact or row[0].startswith(below)]
        stored = decode_environments([record for _, record in rows])
        return tuple(
            found
            for found, (path, _) in zip(stored, rows, strict=True)
            if found is not None and key(found.environment.path) == path
        )

    def save_environments(
        self, stored: Iterable[StoredEnvironment], held: Mapping[str, Sequence[str]] = _NONE
    ) -> bool:
        """Keep these environments, each in the place of what was known of it, and what some hold:
        a `name==version` for every distribution, by their paths.

        The files of a size are kept apart: with :attr:`Size.shared` they are replaced, without
        they stay if they are of the same measurement, so that a record that came from here can
        be saved again. Returns whether it is remembered.
        """
        stored = tuple(stored)
        rows = [(key(one.environment.path), sealed(encode_environment(one))) for one in stored]
        packages = [(key(path), sealed(encode_texts(some))) for path, some in held.items()]
        files = []
        stale = []
        for one in stored:
            path, size = one.environment.path, one.environment.size
            if size is None or size.shared is None:
                stale.append((key(path), None if size is None else size.measured_at))
            else:
                packed = deflate(size.shared)
                files.append((key(path), str(size.shared.device), size.measured_at, packed))
                if not self._writes:
                    self._unsaved[path] = (size.shared.device, size.measured_at, packed)

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT OR REPLACE INTO environment VALUES (?, ?)", rows)
            connection.executemany(
                "DELETE FROM shared WHERE path = ? AND measured_at IS NOT ?", stale
            )
            connection.executemany("INSERT OR REPLACE INTO shared VALUES (?, ?, ?, ?)", files)
            connection.executemany("INSERT OR REPLACE INTO packages VALUES (?, ?)", packages)

        return self._write(write)

    def forget(self, paths: Iterable[str]) -> bool:
        """Drop environments that are no longer there."""
        keys = [(key(path),) for path in paths]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM environment WHERE path = ?", keys)
            connection.executemany("DELETE FROM shared WHERE path = ?", keys)
            connection.executemany("DELETE FROM packages WHERE path = ?", keys)

        return not keys or self._write(write)

    def shared(self, path: str) -> SharedFiles | None:
        """Return the files of an environment that have links elsewhere, as last measured.

        Without a memory they are kept in this object while it lives.
        """
        if path in self._unsaved:
            device, _, packed = self._unsaved[path]
            return inflate(device, packed)
        rows = self._read("SELECT device, files FROM shared WHERE path = ?", (key(path),))
        for device, packed in typed(rows, str, bytes):
            if _DEVICE.fullmatch(device):
                return inflate(int(device), packed)
        return None

    # Packages

    def packages(self) -> dict[str, list[str]]:
        """Return what environments held when that was last read, by the path of each: a
        `name==version` for every distribution. Some may be gone or changed since."""
        rows = unsealed(typed(self._read("SELECT path, record FROM packages"), bytes, str))
        found: dict[str, list[str]] = {}
        for path, record in rows:
            texts = decode_texts(record)
            if texts is not None:
                with suppress(UnicodeDecodeError):
                    found[unkey(path)] = texts
        return found

    # Interpreters and projects

    def interpreters(self) -> tuple[Interpreter, ...]:
        """Return the interpreters that the last look saw, in its order."""
        query = "SELECT executable, record FROM interpreter ORDER BY rowid"
        rows = unsealed(typed(self._read(query), bytes, str))
        found = decode_interpreters([record for _, record in rows])
        return tuple(one for one in found if one is not None)

    def save_interpreters(self, interpreters: Iterable[Interpreter]) -> bool:
        """Keep these interpreters in the place of all that were known."""
        rows = [(key(one.executable), sealed(encode_interpreter(one))) for one in interpreters]

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM interpreter")
            connection.executemany("INSERT OR REPLACE INTO interpreter VALUES (?, ?)", rows)

        return self._write(write)

    def project_roots(self) -> tuple[str, ...]:
        """Return the folders with a project file in them that were met, in the order met."""
        rows = typed(self._read("SELECT path FROM project_root ORDER BY rowid"), bytes)
        return tuple(unkey(path) for (path,) in rows)

    def save_project_roots(self, roots: Iterable[str]) -> bool:
        """Keep these folders in the place of all that were known."""
        rows = [(key(root),) for root in roots]

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM project_root")
            connection.executemany("INSERT OR REPLACE INTO project_root VALUES (?)", rows)

        return self._write(write)

    # Folders

    def folders(self, root: str, rules: str, *, believed: bool = True) -> FolderMemory | None:
        """Return the memory of the folders below a root, or None where nothing is remembered.

        It is of one walk by the same `rules` and the same user: what others passed over, or could
        read, is not known. Where it is not `believed`, it is empty. What a walk keeps and puts
        there is saved by :meth:`save_folders`, or on closing.
        """
        if not self._writes:
            return None
        mark = key(f"{self._host.user()}\n{rules}")
        query = "SELECT walk, folders FROM walk WHERE root = ? AND rules = ?"
        walks = typed(self._read(query, (key(root), mark)), bytes, int) if believed else []
        name, before = walks[0] if walks else (b"", 0)

        def load(part: int) -> bytes | None:
            found = self._read(
                "SELECT listing FROM folders WHERE walk = ? AND part = ?", (name, part)
            )
            return next((listing for (listing,) in typed(found, bytes)), None)

        now = self._host.now()
        memory = FolderMemory(now=now, load=load) if before else FolderMemory(now=now)
        self._walks[root] = (memory, mark, before)
        return memory

    def save_folders(self) -> bool:
        """Keep what the walks since :meth:`folders` met, where that is news.

        A walk that met less than half of what was remembered was stopped early: the memory of
        the one before stays, which is as true as it was.
        """
        walks, self._walks = self._walks, {}
        saved = True
        for root, (memory, rules, before) in walks.items():
            if memory.changed and memory.met * 2 >= before:
                work = keep_walk(key(root), rules, self._host.now(), memory)
                saved = self._write(work) and saved
        return saved

    # The file

    def _read(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with GUARD:
            if self._connection is None:
                return []
            try:
                return self._connection.execute(query, values).fetchall()
            except (sqlite3.Error, TORN) as error:
                self._fail(error)
                return []

    def _write(self, work: Callable[[sqlite3.Connection], None]) -> bool:
        with GUARD:
            if self._connection is None or not self._writes:
                return False
            try:
                with transaction(self._connection):
                    work(self._connection)
            except (sqlite3.Error, TORN) as error:
                self._fail(error)
                return False
            return True

    def _fail(self, error: sqlite3.Error | UnicodeDecodeError) -> None:
        """Go on with less: without this one answer, without writing, or without a memory."""
        if is_busy(error):
            notice = Notice("another envdeck is writing the index; part of this scan is not saved")
        elif is_damage(error):
            self._disconnect()
            notice = quarantine(self._path)
        else:
            self._writes = False
            notice = no_memory(f"{self._path}: {why(error)}")
        self.notice = self.notice or notice

    def _disconnect(self) -> None:
        with GUARD:
            connection, self._connection = self._connection, None
            self._writes = False
            if connection is not None:
                connection.close()
