"""The graph of a `poetry.lock` from before 2.1, whose packages tell no groups and no markers.

Poetry itself looks into `pyproject.toml` then, and follows what that declares through the
dependencies of the locked packages; so do we.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from envdeck.core import reach
from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.inspection.requirements import satisfied
from envdeck.core.project.model import Edge, LockedPackage, Manifest
from envdeck.core.project.poetry_table import poetry_specifier
from envdeck.core.project.pyproject import read_pyproject
from envdeck.core.project.reading import string_at, strings, table_at, tables
from envdeck.core.project.requirement_text import parsed

DECLARED = "declared"
"""The kind of what stands for the declaration in such a graph; it is never installed."""

_EXTRA = re.compile(r"""\bextra\s*==\s*(?:"[^"]*"|'[^']*')""")
_ALWAYS = 'python_version >= "0"'
_NAME = re.compile(r"[A-Za-z0-9._-]+")

Versions = Mapping[str, tuple[str, ...]]


def declaration(lock: str) -> Manifest | None:
    """Return what the `pyproject.toml` beside a lock file declares; None where that cannot be
    read whole, or declares nothing."""
    path = os.path.join(os.path.dirname(lock), "pyproject.toml")
    if not reach.isfile(path):
        return None
    manifest = read_pyproject(path)
    return manifest if manifest.requirements and not manifest.problems else None


def root_of(manifest: Manifest, versions: Versions) -> LockedPackage:
    """Return what a declaration leads to, as a package whose edges are followed first."""
    edges: list[Edge] = []
    for one in manifest.requirements:
        requirement = parsed(one.text)
        if requirement is None:
            continue
        marker = "" if requirement.marker is None else str(requirement.marker)
        edges += [
            Edge(one.name, version, requirement.extras, marker, one.extra, one.group)
            for version in _fitting(one.name, requirement.specifier, versions)
        ]
    return LockedPackage("", None, "", kind=DECLARED, edges=tuple(edges), root=True)


def versions_of(packages: Iterable[LockedPackage]) -> Versions:
    """Return the versions at which each name is locked."""
    found: dict[str, tuple[str, ...]] = {}
    for one in packages:
        if one.version is not None:
            found[one.name] = (*found.get(one.name, ()), one.version)
    return found


def edges_of(table: Mapping[str, Any], versions: Versions) -> Iterator[Edge]:
    """Yield what one locked package needs."""
    under: dict[str, list[str]] = {}
    for extra, lines in table_at(table, "extras").items():
        for line in strings(lines):
            match = _NAME.match(line)
            if match:
                under.setdefault(normalise(match[0]), []).append(normalise(extra))
    for name, told in table_at(table, "dependencies").items():
        for one in tables(told) if isinstance(told, list) else (told,):
            row = one if isinstance(one, dict) else {"version": one}
            asked = under.get(normalise(name), []) if row.get("optional") is True else [""]
            # under which extra is told by the edge: here the others of the marker count
            marker = _EXTRA.sub(_ALWAYS, string_at(row, "markers"))
            specifier = poetry_specifier(string_at(row, "version"))
            extras = tuple(map(normalise, strings(row.get("extras"))))
            for version in _fitting(normalise(name), specifier, versions):
                for extra in asked:
                    yield Edge(normalise(name), version, extras, marker, extra)


def _fitting(name: str, specifier: str | None, versions: Versions) -> tuple[str, ...] | tuple[None]:
    """Return which of several locked versions are meant; None where the name tells."""
    known = versions.get(name, ())
    if len(known) < 2 or not specifier:
        return known if len(known) > 1 else (None,)
    requirement = parsed(f"x{specifier}")
    if requirement is None:
        return known

    return tuple(one for one in known if satisfied(requirement, (one,)))
