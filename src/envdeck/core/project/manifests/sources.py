"""Where requirements come from by a table beside them: `[tool.uv.sources]`, Poetry, PDM, uv's
workspaces.

A requirement is never taken without its table: its name alone may be that of another project on
a public index. What cannot be followed is a problem of the file.
"""

import fnmatch
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from envdeck.core.inspection.packages.requirements import ParsedRequirement
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.project.documents import (
    DataDocument,
    read_toml,
    string_at,
    strings,
    table_at,
    tables,
)
from envdeck.core.project.manifests.indexes import IndexTable, pdm_index_of
from envdeck.core.project.model import DeclaredRequirement, Problem
from envdeck.core.project.requirements import direct, editable_line, file_url, line_of, parsed
from envdeck.core.system import reach

_CLIMB = 20
_FOLDERS = 2_000
"""So many folders are looked at for members."""
_DEEPEST = 8


def workspace_root(document: DataDocument) -> DataDocument | None:
    """Return the manifest of the workspace that a `pyproject.toml` is in, that file itself among
    what it may be; None where there is none."""
    if _is_root(document):
        return document
    folder = os.path.dirname(document.file)
    for _ in range(_CLIMB):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
        found = read_toml(os.path.join(folder, "pyproject.toml"))
        if not isinstance(found, Problem) and _is_root(found):
            return found
    return None


def member_folder(root: DataDocument, name: str) -> str | None:
    """Return the folder of the member of a workspace that has a name (PEP 503), or None."""
    top = os.path.dirname(root.file)
    if normalise(string_at(root.table, "project", "name")) == name:
        return top
    for folder in _members(root, top):
        found = read_toml(os.path.join(folder, "pyproject.toml"))
        if isinstance(found, Problem):
            continue
        if normalise(string_at(found.table, "project", "name")) == name:
            return folder
    return None


def member_folders(root: DataDocument) -> Iterator[str]:
    """Yield the folders of the members of a workspace that have a manifest, its root not among
    them."""
    for folder in _members(root, os.path.dirname(root.file)):
        if reach.isfile(os.path.join(folder, "pyproject.toml")):
            yield os.path.normpath(folder)


def _is_root(document: DataDocument) -> bool:
    return "workspace" in table_at(document.table, "tool", "uv")


def _members(root: DataDocument, top: str) -> Iterator[str]:
    workspace = table_at(root.table, "tool", "uv", "workspace")
    excluded = strings(workspace.get("exclude"))
    left = [_FOLDERS]
    for pattern in strings(workspace.get("members")):
        parts = [part for part in pattern.replace("\\", "/").split("/") if part not in ("", ".")]
        if ".." in parts or pattern.startswith("/"):
            continue
        for folder in _match_folders(top, parts, left):
            relative = os.path.relpath(folder, top).replace(os.sep, "/")
            if not any(fnmatch.fnmatch(relative, one.rstrip("/")) for one in excluded):
                yield folder


def _match_folders(folder: str, parts: list[str], left: list[int], depth: int = 0) -> Iterator[str]:
    """Yield the folders below one that a pattern names, as long as there are any `left` to look
    at; links are not followed."""
    if not parts:
        yield folder
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        yield from _match_folders(folder, rest, left, depth)
    try:
        with reach.scandir(folder) as entries:
            found = [one for one in entries if one.is_dir(follow_symlinks=False)]
    except (OSError, ValueError):
        return
    for entry in sorted(found, key=lambda one: one.name):
        left[0] -= 1
        if left[0] < 0 or depth > _DEEPEST:
            return
        if part == "**":
            if not entry.name.startswith("."):
                yield from _match_folders(entry.path, parts, left, depth + 1)
        elif fnmatch.fnmatch(entry.name, part):
            yield from _match_folders(entry.path, rest, left, depth + 1)


_INVERSE = {
    "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in",
    "not in": "in",
}  # fmt: skip
UNKNOWN_INDEX = "names an undefined index: define it or use a URL"
NOT_UNDERSTOOD = "is not supported: create a lock file with the project's tool"


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

    def __init__(
        self, document: DataDocument, root: DataDocument | None, indexes: IndexTable
    ) -> None:
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
        if (
            requirement is None
            or requirement.name not in self._tables
            or "@" in _version_below(text)
        ):
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
            yield Sourced(text) if not applied else _add_marker(text, _both(own, rest))

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
            return Sourced(_add_marker(text, marker).text, index)
        if table.get("package") is False:
            raise SourceError(NOT_UNDERSTOOD)
        if table.get("workspace") is True:
            member = None if self._root is None else member_folder(self._root, name)
            if member is None:
                raise SourceError("names a workspace member that does not exist")
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


def _version_below(text: str) -> str:
    return text.partition(";")[0]


def _both(first: str, second: str) -> str:
    return f"({first}) and ({second})" if first and second else first or second


def _add_marker(text: str, marker: str) -> Sourced:
    line = _version_below(text).strip() + (f" ; {marker}" if marker else "")
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


_PUBLIC = "pypi"


def uv_sourced(
    document: DataDocument,
    found: Iterable[DeclaredRequirement],
    sources: UvSources,
    problems: list[Problem],
) -> Iterator[DeclaredRequirement]:
    """Yield requirements as `[tool.uv.sources]` has them."""
    for one in found:
        if one.name not in sources:
            yield one
            continue
        try:
            for line in sources.lines(one.text, one.group, one.extra):
                yield replace(one, text=line.text, index=line.index or one.index)
        except SourceError as error:
            problems.append(_problem(document, one, "`[tool.uv.sources]`", error))
            yield one


def poetry_joined(
    document: DataDocument, found: Iterable[DeclaredRequirement], problems: list[Problem]
) -> Iterator[DeclaredRequirement]:
    """Yield requirements of `[project]` with what poetry's own table adds to them: the index, the
    folder, the checkout or the archive."""
    poetry = table_at(document.table, "tool", "poetry")
    by_name = {
        normalise(name): list(tables(told if isinstance(told, list) else [told]))
        for name, told in table_at(poetry, "dependencies").items()
    }
    for one in found:
        try:
            yield _joined(one, by_name.get(one.name, []), os.path.dirname(document.file))
        except SourceError as error:
            problems.append(_problem(document, one, "`[tool.poetry.dependencies]`", error))
            yield one


def _joined(
    one: DeclaredRequirement, told_of: list[Mapping[str, Any]], folder: str
) -> DeclaredRequirement:
    requirement = parsed(one.text)
    telling = [table for table in told_of if "source" in table or direct(table, folder)]
    if requirement is None or not telling:
        return one
    if len(told_of) > 1:
        raise SourceError(NOT_UNDERSTOOD)
    table = telling[0]
    found = direct(table, folder)
    if found is None:
        return replace(one, index=string_at(table, "source"))
    marker = str(requirement.marker) if requirement.marker is not None else ""
    line = direct_line(
        requirement.name,
        found,
        extras=requirement.extras,
        marker=marker,
        editable=table.get("develop") is True,
    )
    return replace(one, text=line.text)


def index_checked(
    document: DataDocument,
    found: Iterable[DeclaredRequirement],
    indexes: IndexTable,
    problems: list[Problem],
) -> Iterator[DeclaredRequirement]:
    """Yield requirements whose index is one that is known; the others are problems of the file.

    The public one is known to poetry by its name: where no other index holds for every package,
    it needs not be named."""
    for one in found:
        if not one.index or one.index in indexes.named:
            yield one
            continue
        if one.index.lower() == _PUBLIC and not indexes.options:
            yield replace(one, index="")
            continue
        problems.append(_problem(document, one, "its table", SourceError(UNKNOWN_INDEX)))
        yield one


def pdm_sourced(
    document: DataDocument, found: Iterable[DeclaredRequirement]
) -> Iterator[DeclaredRequirement]:
    """Yield requirements with the index that `include_packages` of `[[tool.pdm.source]]` ties
    them to."""
    for one in found:
        index = pdm_index_of(document, one.name) if one.name and "@" not in one.text else ""
        yield replace(one, index=index) if index else one


def _problem(
    document: DataDocument, one: DeclaredRequirement, table: str, error: SourceError
) -> Problem:
    return Problem(document.file, f"the source of {one.name} in {table} {error}", one.line)
