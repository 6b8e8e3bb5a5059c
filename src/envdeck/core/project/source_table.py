"""Where a requirement comes from, by a table beside it: `[tool.uv.sources]` and the like.

A requirement is never taken without its table: its name alone may be that of another project on
a public index. What cannot be followed is a problem of the file.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.inspection.requirements import ParsedRequirement
from envdeck.core.project.index_table import IndexTable
from envdeck.core.project.reading import Document, string_at, table_at, tables
from envdeck.core.project.requirement_text import direct, editable_line, file_url, line_of, parsed
from envdeck.core.project.uv_workspace import member_folder

_INVERSE = {
    "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in",
    "not in": "in",
}  # fmt: skip
UNKNOWN_INDEX = "names an index that nothing defines: define it, or give the source by its URL"
NOT_UNDERSTOOD = "is not understood: make a lock file with the project's own tool"


@dataclass(frozen=True, slots=True)
class Sourced:
    """A requirement with its source."""

    text: str
    index: str = ""
    """The name of the index that it comes from alone; empty for any, and for none."""


class SourceError(Exception):
    """Why the source of a requirement cannot be followed; its text goes behind "the source"."""


class UvSources:
    """`[tool.uv.sources]` of a project, and of the root of its workspace for what it leaves out."""

    def __init__(self, document: Document, root: Document | None, indexes: IndexTable) -> None:
        self._root, self._indexes = root, indexes
        self._tables: dict[str, tuple[object, str]] = {}
        for one in dict.fromkeys(filter(None, (root and root.file, document.file))):
            said = document if one == document.file else root
            if said is None:
                continue
            for name, told in table_at(said.table, "tool", "uv", "sources").items():
                self._tables[normalise(name)] = (told, os.path.dirname(said.file))

    def __contains__(self, name: str) -> bool:
        return name in self._tables

    def lines(self, text: str, group: str = "", extra: str = "") -> Iterator[Sourced]:
        """Yield what a requirement comes to: one line for each source whose marker may hold, and
        one without a source where none of them may. Raises :class:`SourceError`."""
        requirement = parsed(text)
        if requirement is None or requirement.name not in self._tables or "@" in _before(text):
            yield Sourced(text)
            return
        told, folder = self._tables[requirement.name]
        several = list(tables(told)) if isinstance(told, list) else [told]
        if not several or not all(isinstance(one, Mapping) for one in several):
            raise SourceError(NOT_UNDERSTOOD)
        own = str(requirement.marker) if requirement.marker is not None else ""
        rest = ""
        applied = covered = False
        for one in several:
            table = one if isinstance(one, Mapping) else {}
            if not _applies(table, group, extra):
                continue
            applied = True
            marker = string_at(table, "marker")
            yield self._line(requirement, text, table, folder, _both(own, marker))
            if marker:
                rest = _both(rest, _negated(marker))
            else:
                covered = True
        if not covered:
            yield Sourced(text) if not applied else _with_marker(text, _both(own, rest))

    def _line(
        self,
        requirement: ParsedRequirement,
        text: str,
        table: Mapping[str, Any],
        folder: str,
        marker: str,
    ) -> Sourced:
        name, extras = requirement.name, requirement.extras
        if "index" in table:
            index = string_at(table, "index")
            if index not in self._indexes.named:
                raise SourceError(UNKNOWN_INDEX)
            return Sourced(_with_marker(text, marker).text, index)
        if table.get("package") is False:
            raise SourceError(NOT_UNDERSTOOD)
        if table.get("workspace") is True:
            member = None if self._root is None else member_folder(self._root, name)
            if member is None:
                raise SourceError("names the workspace, which has no such member")
            found: tuple[str, str] | None = (file_url(member), "directory")
            editable = table.get("editable") is not False
        else:
            found = direct(table, folder)
            editable = table.get("editable") is True
        if found is None:
            raise SourceError(NOT_UNDERSTOOD)
        return direct_line(name, found, extras=extras, marker=marker, editable=editable)


def direct_line(
    name: str,
    found: tuple[str, str],
    *,
    extras: tuple[str, ...] = (),
    marker: str = "",
    editable: bool = False,
) -> Sourced:
    """Return a requirement of a URL as :func:`direct` gives it. Raises :class:`SourceError`."""
    url, kind = found
    if editable and kind == "directory":
        line: str | None = editable_line(url, extras=extras, marker=marker)
    else:
        line = line_of(name, f"@ {url}", extras=extras, marker=marker)
    if line is None:
        raise SourceError(NOT_UNDERSTOOD)
    return Sourced(line)


def _applies(table: Mapping[str, Any], group: str, extra: str) -> bool:
    for key, here in (("group", group), ("extra", extra)):
        asked = string_at(table, key)
        if asked and normalise(asked) != here:
            return False
    return True


def _before(text: str) -> str:
    return text.partition(";")[0]


def _both(first: str, second: str) -> str:
    return f"({first}) and ({second})" if first and second else first or second


def _with_marker(text: str, marker: str) -> Sourced:
    line = _before(text).strip() + (f" ; {marker}" if marker else "")
    if parsed(line) is None:
        raise SourceError(NOT_UNDERSTOOD)
    return Sourced(line)


def _negated(marker: str) -> str:
    """Return a marker that holds where the other does not. Raises :class:`SourceError`."""
    requirement = parsed(f"x ; {marker}")
    if requirement is None or requirement.marker is None:
        raise SourceError(NOT_UNDERSTOOD)
    return _negate(requirement.marker._markers)  # noqa: SLF001 - its only structure


def _negate(part: object) -> str:
    if isinstance(part, list):
        groups: list[list[str]] = [[]]
        for one in part:
            if one == "or":
                groups.append([])
            elif one != "and":
                groups[-1].append(_negate(one))
        return "(" + " and ".join(f"({' or '.join(group)})" for group in groups) + ")"
    if not isinstance(part, tuple):
        raise SourceError(NOT_UNDERSTOOD)
    left, operator, right = part
    inverse = _INVERSE.get(operator.serialize())
    if inverse is None:
        raise SourceError(NOT_UNDERSTOOD)
    return f"{left.serialize()} {inverse} {right.serialize()}"
