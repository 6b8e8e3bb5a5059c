"""What uv writes, read: its JSON is marked preview, so each format has a text fallback."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from envdeck.core.operations.engine.command import Completed

_CHANGE = re.compile(r" ([-+~]) (\S+?)(?:==(\S+))?(?: \(.*\))?\s*\Z")
_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")


@dataclass(frozen=True, slots=True)
class Change:
    """A package that a command changes."""

    name: str
    before: str | None
    """The version that is there; None where there is none yet."""
    after: str | None
    """The version that will be there; None where it is removed."""


@dataclass(frozen=True, slots=True)
class Outdated:
    """An installed package of which the index has a newer release."""

    name: str
    installed: str
    latest: str


def read_plan(completed: Completed) -> tuple[Change, ...]:
    """Return what a plan changes, in the order of names.

    A package that is reinstalled at its version has the same `before` and `after`.
    """
    table = _json(completed.stdout)
    rows = _json_changes(table) if isinstance(table, dict) else _text_changes(completed)
    before: dict[str, str | None] = {}
    after: dict[str, str | None] = {}
    for name, version, gone in rows:
        (before if gone else after)[name] = version
    names = sorted(before.keys() | after.keys())
    return tuple(Change(name, before.get(name), after.get(name)) for name in names)


def read_check(completed: Completed) -> tuple[str, ...]:
    """Return what does not fit together, a sentence each; empty where all does, or where the
    check itself failed (its code is then neither 0 nor 1)."""
    if completed.code != 1:
        return ()
    return tuple(line for line in completed.tail if line.startswith("The package "))


def read_outdated(completed: Completed) -> tuple[Outdated, ...] | None:
    """Return what is outdated; None where the list cannot be read."""
    table = _json(completed.stdout)
    if not isinstance(table, list):
        return None
    rows = [_texts(row, "name", "version", "latest_version") for row in table]
    return tuple(Outdated(*row) for row in rows if row)


def read_pins(completed: Completed) -> tuple[tuple[str, str], ...]:
    """Return name and version of each `name==version` line; direct references are left out."""
    found = (_PIN.match(line) for line in completed.stdout.splitlines())
    return tuple((match[1], match[2]) for match in found if match)


def _json(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _texts(row: object, *keys: str) -> tuple[str, ...]:
    if not isinstance(row, dict):
        return ()
    values = [row.get(key) for key in keys]
    texts = tuple(value for value in values if isinstance(value, str))
    return texts if len(texts) == len(keys) else ()


def _json_changes(table: dict[str, Any]) -> Iterator[tuple[str, str | None, bool]]:
    changes = table.get("changes")
    for row in changes if isinstance(changes, list) else ():
        texts = _texts(row, "name", "version", "action")
        if texts and texts[2] in {"installed", "uninstalled"}:
            yield texts[0], texts[1], texts[2] == "uninstalled"
        elif texts and texts[2] == "reinstalled":
            yield texts[0], texts[1], True
            yield texts[0], texts[1], False


def _text_changes(completed: Completed) -> Iterator[tuple[str, str | None, bool]]:
    """Read the lines that uv writes for people, on either of its streams."""
    for line in (*completed.stdout.splitlines(), *completed.tail):
        match = _CHANGE.match(line)
        if match and match[1] in "-~":
            yield match[2], match[3], True
        if match and match[1] in "+~":
            yield match[2], match[3], False
