"""Settings files of the tools, read for the places they name; a broken one names none."""

import os
from collections.abc import Mapping

from envdeck.core.files import Unread, read_bounded

_LIMIT = 256 * 1024
"""Bytes; settings have some hundred, a `pyproject.toml` some ten thousand."""


def read_toml(path: str, holding: bytes = b"") -> Mapping[str, object]:
    """Return a TOML file's table; an empty one when it is missing, broken or too large, since
    a tool that cannot read its settings keeps to its defaults too.

    With `holding`, a file without those bytes is not parsed at all, which is much cheaper.
    """
    data = read_bounded(path, _LIMIT)
    if isinstance(data, Unread) or holding not in data:
        return {}
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}


def value_at(table: Mapping[str, object], *keys: str) -> object:
    """Return what is under nested keys, or None."""
    value: object = table
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def text_at(table: Mapping[str, object], *keys: str) -> str | None:
    """Return a text that is not empty and could be a path, or None."""
    value = value_at(table, *keys)
    if not isinstance(value, str) or not value or "\0" in value:
        return None
    try:
        os.fsencode(value)
    except UnicodeEncodeError:  # the system's encoding of names does not have it
        return None
    return value
