"""What the database looks like, and how to tell ours from another's without opening it."""

import struct
from typing import Final

APPLICATION_ID: Final = 0x456E7644
"""`EnvD`, in the header of the file: what is not marked so is not ours to touch."""
VERSION: Final = 1
"""Raised with every change of the tables or of a record. Older ones are made anew (the disk
tells it all again), newer ones are left alone."""

HEADER_BYTES: Final = 100
"""The length of a SQLite header (https://www.sqlite.org/fileformat2.html, section 1.3)."""
_MAGIC = b"SQLite format 3\0"
_USER_VERSION, _APPLICATION_ID = 60, 68

TABLES: Final = {
    "environment": "path BLOB PRIMARY KEY, record TEXT NOT NULL",
    "shared": "path BLOB PRIMARY KEY, device TEXT NOT NULL, measured_at REAL, files BLOB NOT NULL",
    "interpreter": "executable BLOB PRIMARY KEY, record TEXT NOT NULL",
    "project_root": "path BLOB PRIMARY KEY",
    "walk": "root BLOB PRIMARY KEY, saved_at REAL NOT NULL, folders INTEGER NOT NULL",
    "folders": "root BLOB, part INTEGER, places BLOB NOT NULL, listing BLOB NOT NULL,"
    " PRIMARY KEY (root, part)",
}


def marks_of(header: bytes) -> tuple[int, int] | None:
    """Return the application id and the schema version in a header, or None where it is none."""
    if len(header) < HEADER_BYTES or not header.startswith(_MAGIC):
        return None
    (application,) = struct.unpack_from(">I", header, _APPLICATION_ID)
    (version,) = struct.unpack_from(">i", header, _USER_VERSION)
    return application, version


def key(text: str) -> bytes:
    """Return a path as bytes: SQLite's text takes no lone surrogates (PEP 383)."""
    return text.encode("utf-8", "surrogatepass")


def unkey(data: bytes) -> str:
    """Return what :func:`key` was made from. Raises UnicodeDecodeError."""
    return data.decode("utf-8", "surrogatepass")
