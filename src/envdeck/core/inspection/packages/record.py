"""RECORD (PEP 376, PEP 627): the files that an installer put down for a distribution."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from envdeck.core.system.files import Unread, decode, read_bounded

RECORD_LIMIT = 32 * 1024 * 1024
"""Bytes; packages of 20,000 files have some 3 MiB."""
ROW_LIMIT = 500_000
"""Rows that are read at most."""

_SIZE = re.compile(rb",([0-9]{1,15})\r?\n")
_NUMBER = re.compile(r"[0-9]{1,15}")


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
    anew, and RECORD itself. The size is what ends a line, so the rows need no parsing.
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
    size = int(fields[-1]) if len(fields) > 1 and _NUMBER.fullmatch(fields[-1]) else None
    return RecordRow(fields[0], fields[1] if len(fields) > 2 else "", size)
