"""Rows that need more than a statement: what may be anybody's, and what is written together."""

import sqlite3
import zlib
from collections.abc import Callable
from typing import Any

from envdeck.core.index.folders import FolderMemory

WALKS_KEPT = 16
"""Roots whose folders are remembered, the latest first."""


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
    root: bytes, now: float, memory: FolderMemory
) -> Callable[[sqlite3.Connection], None]:
    """Return what writes the memory of one walk in the place of the one before."""
    segments = [(root, part, *packed) for part, packed in enumerate(memory.segments())]
    walk = (root, now, memory.met)

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO walk VALUES (?, ?, ?)", walk)
        connection.execute("DELETE FROM folders WHERE root = ?", (root,))
        connection.executemany("INSERT INTO folders VALUES (?, ?, ?, ?)", segments)
        latest = "SELECT root FROM walk ORDER BY saved_at DESC LIMIT ?"
        for table in ("folders", "walk"):
            connection.execute(
                f"DELETE FROM {table} WHERE root NOT IN ({latest})",  # noqa: S608 – names of ours
                (WALKS_KEPT,),
            )

    return write
