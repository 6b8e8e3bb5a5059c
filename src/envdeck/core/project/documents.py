"""Reading a project's files: bounded, never run, and every failure a value with file and line.

No message holds anything of what a file says: a project can name any file that its user may read
(`-r ../.env`, or a link in place of a manifest), and messages get into logs and onto screens.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.project.model import Problem
from envdeck.core.system.files import Unread, decode, read_bounded

MANIFEST_LIMIT = 2 * 1024 * 1024
"""Bytes; the largest real manifests have some 100 KiB."""
LOCK_LIMIT = 64 * 1024 * 1024
"""Bytes; the lock file of a workspace of 1,500 packages has some 10 MiB."""

NO_REQUIREMENT = "this line is not a requirement (PEP 508)"

_LINE = re.compile(r"\(?at line (\d+)")
_MULTILINE = ('"""', "'''")
_JSON_LINE = re.compile(r"line (\d+) column")


@dataclass(frozen=True, slots=True)
class DataDocument:
    """A file of TOML or JSON, read; its values are hostile: of any type whatsoever."""

    file: str
    table: Mapping[str, Any]
    text: str

    def line_of(self, words: str) -> int | None:
        """Return the first line that holds these words, or None (they are written otherwise)."""
        at = self.text.find(words) if words else -1
        return self.text.count("\n", 0, at) + 1 if at >= 0 else None

    def problem(self, message: str, words: str = "") -> Problem:
        """Return a problem with this file, where these words stand."""
        return Problem(self.file, message, self.line_of(words))


def read_toml(
    path: str, limit: int = MANIFEST_LIMIT, *, without: re.Pattern[str] | None = None
) -> DataDocument | Problem:
    """Read a file of TOML; entries that `without` finds, whole lines, are passed over.

    What is passed over is the bulk of a lock file, and a parser written in Python takes most of
    its time there. Where strings may go over several lines nothing is passed over, since it could
    not be told what is an entry; and what is no TOML then is read again, for the true line.
    """
    if without is None:
        return _read(path, limit, _parse_toml, _LINE, "TOML")

    def parse(text: str) -> dict[str, Any]:
        if any(quotes in text for quotes in _MULTILINE):
            return tomllib.loads(text)
        try:
            return tomllib.loads(without.sub("", text))
        except ValueError:
            return tomllib.loads(text)

    return _read(path, limit, parse, _LINE, "TOML")


@lru_cache(maxsize=4)
def _parse_toml(text: str) -> dict[str, Any]:
    """Several readers in turn ask one `pyproject.toml` for their own table."""
    return tomllib.loads(text)


def read_json(path: str, limit: int = LOCK_LIMIT) -> DataDocument | Problem:
    """Read a file of JSON whose outermost value is an object."""
    return _read(path, limit, json.loads, _JSON_LINE, "JSON")


def _read(
    path: str, limit: int, parse: Callable[[str], Any], line: re.Pattern[str], format_: str
) -> DataDocument | Problem:
    data = read_bounded(path, limit)
    if isinstance(data, Unread):
        return Problem(path, f"cannot be read: {data.reason}")
    text = decode(data)
    try:
        table = parse(text)
    except RecursionError:
        return Problem(path, f"is nested too deeply for {format_}")
    except ValueError as error:  # both decoders' errors, and numbers of too many digits
        found = line.search(str(error))
        number = int(found[1]) if found else None
        return Problem(path, f"is not {format_}", number)
    if not isinstance(table, dict):
        return Problem(path, f"is not a {format_} object")
    return DataDocument(path, table, text)


def table_at(table: object, *keys: str) -> Mapping[str, Any]:
    """Return the table that these keys lead to; an empty one where there is none."""
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table if isinstance(table, dict) else {}


def string_at(table: object, *keys: str) -> str:
    """Return the string that these keys lead to; empty where there is none."""
    value = table_at(table, *keys[:-1]).get(keys[-1])
    return value if isinstance(value, str) else ""


def tables(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the tables in an array, passing over what is none."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def strings(value: object) -> tuple[str, ...]:
    """Return the strings in an array (or a string alone), passing over what is none."""
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
