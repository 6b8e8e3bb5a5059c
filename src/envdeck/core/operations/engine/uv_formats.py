"""What uv writes, read: its JSON is marked preview, so each format has a text fallback."""

import json
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from envdeck.core.operations.engine.command import Completed

_CHANGE = re.compile(r" ([-+~]) (\S+?)(?:==(\S+))?(?: \(.*\))?\s*\Z")
_COUNT = re.compile(r"(?:Would )?((?:un)?install)(?:ed)? (\d{1,6}) packages?\b", re.IGNORECASE)
_NONE = re.compile(r"Would make no changes|(?:Checked|Audited) \d+ packages?\b")
_ACTIONS = {"installed": (False,), "uninstalled": (True,), "reinstalled": (True, False)}
"""Whether a package goes, for each thing that one row of the JSON stands for."""
_Row: TypeAlias = tuple[str, str | None, bool]
"""Name, version, and whether it goes."""
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


def read_plan(completed: Completed) -> tuple[Change, ...] | None:
    """Return what a plan changes, in the order of names; None where it cannot be read.

    A package that is reinstalled at its version has the same `before` and `after`. What is not
    understood never counts as nothing: JSON of another form is passed over, and of the text the
    numbers that uv writes with it tell whether it is all there.
    """
    rows = _json_changes(_json(completed.stdout))
    rows = _text_changes(completed) if rows is None else rows
    if rows is None:
        return None
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
    return tuple(Outdated(*row) for row in rows) if all(rows) else None


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


def _json_changes(table: object) -> list[_Row] | None:
    changes = table.get("changes") if isinstance(table, dict) else None
    if not isinstance(changes, list):
        return None
    found: list[_Row] = []
    for row in changes:
        texts = _texts(row, "name", "version", "action")
        gone = _ACTIONS.get(texts[2]) if texts else None
        if gone is None:
            return None
        found += [(texts[0], texts[1], each) for each in gone]
    return found


def _text_changes(completed: Completed) -> list[_Row] | None:
    """Read the lines that uv writes for people, on either of its streams."""
    lines = (*completed.stdout.splitlines(), *completed.tail)
    found: list[_Row] = []
    for match in filter(None, map(_CHANGE.match, lines)):
        if match[1] in "-~":
            found.append((match[2], match[3], True))
        if match[1] in "+~":
            found.append((match[2], match[3], False))
    counted = {match[1].lower(): int(match[2]) for match in filter(None, map(_COUNT.match, lines))}
    if not counted:
        return found if any(map(_NONE.match, lines)) else None
    numbers = (counted.get("uninstall", 0), counted.get("install", 0))
    gone = sum(row[2] for row in found)
    return found if numbers == (gone, len(found) - gone) else None
