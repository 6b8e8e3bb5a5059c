"""`poetry.lock`, old and new.

Poetry itself looks into `pyproject.toml` then, and follows what that declares through the
dependencies of the locked packages; so do we.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from envdeck.core.inspection.packages.requirements import satisfied
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.project.documents import DataDocument, string_at, strings, table_at, tables
from envdeck.core.project.locks.base import hashes_of, newer, pinned, read_toml_lock
from envdeck.core.project.manifests.poetry import poetry_specifier
from envdeck.core.project.manifests.pyproject import read_pyproject
from envdeck.core.project.model import Edge, Lock, LockedPackage, Manifest, Problem
from envdeck.core.project.requirements import direct, is_name, line_of, parsed
from envdeck.core.system import reach

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
            for version in match_versions(one.name, requirement.specifier, versions)
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
            for version in match_versions(normalise(name), specifier, versions):
                for extra in asked:
                    yield Edge(normalise(name), version, extras, marker, extra)


def match_versions(
    name: str, specifier: str | None, versions: Versions
) -> tuple[str, ...] | tuple[None]:
    """Return which of several locked versions are meant; None where the name tells."""
    known = versions.get(name, ())
    if len(known) < 2 or not specifier:
        return known if len(known) > 1 else (None,)
    requirement = parsed(f"x{specifier}")
    if requirement is None:
        return known

    return tuple(one for one in known if satisfied(requirement, (one,)))


_VERSIONS = (1, 2)


def read_poetry_lock(path: str, *, hashes: bool = True) -> Lock:
    """Read a `poetry.lock`. From 2.1 on each package tells its groups and marker; before, what
    the `pyproject.toml` beside it declares leads to them, and where there is none that can be
    read, every one counts that is not optional."""
    return read_toml_lock(path, "poetry.lock", _read, hashes=hashes)


def _read(document: DataDocument) -> Lock:
    told = table_at(document.table, "metadata")
    problems = list(newer(document, told.get("lock-version"), _VERSIONS))
    packages: list[LockedPackage] = []
    for table in tables(document.table.get("package")):
        package = _package(document, table, told)
        if isinstance(package, Problem):
            problems.append(package)
        elif package is not None:
            packages += _split_groups(package, table)
    groups = tuple(dict.fromkeys(group for one in packages for group in one.groups if group))
    if not any("groups" in table for table in tables(document.table.get("package"))):
        manifest = declaration(document.file)
        if manifest is not None:
            packages = _joined(document, packages, manifest)
            groups = manifest.groups
    python = string_at(told, "python-versions")
    return Lock(
        document.file,
        "poetry.lock",
        tuple(packages),
        python if python not in ("", "*") else None,
        groups,
        tuple(map(normalise, table_at(document.table, "extras"))),
        groups,
        problems=tuple(problems),
    )


def _joined(
    document: DataDocument, packages: list[LockedPackage], manifest: Manifest
) -> list[LockedPackage]:
    """Return the packages with what each needs, and what stands for the declaration."""
    versions = versions_of(packages)
    needs = {
        (normalise(string_at(table, "name")), string_at(table, "version") or None): table
        for table in tables(document.table.get("package"))
    }
    return [
        root_of(manifest, versions),
        *(
            replace(one, edges=tuple(edges_of(needs.get((one.name, one.version), {}), versions)))
            for one in packages
        ),
    ]


def _package(
    document: DataDocument, table: Mapping[str, Any], metadata: Mapping[str, Any]
) -> LockedPackage | Problem | None:
    name, version = string_at(table, "name"), string_at(table, "version") or None
    if not is_name(name):
        return document.problem("has a package without a name")
    kind, line = "index", pinned(name, version)
    source, where = table_at(table, "source"), string_at(table, "source", "type")
    url = string_at(source, "url")
    if where in ("git", "directory", "file", "url"):
        key = {"git": "git", "url": "url"}.get(where, "path")
        found = direct({**source, "url": None, key: url}, os.path.dirname(document.file))
        kind, line = (found[1], line_of(name, f"@ {found[0]}")) if found else (kind, None)
        if table.get("develop") is True and kind == "directory" and found:
            kind, line = "editable", f"-e {found[0]}"
    if line is None:
        return document.problem("has an unsupported entry for this package", f'"{name}"')
    files = table.get("files") or table_at(metadata, "files").get(name)
    return LockedPackage(
        normalise(name), version, line, hashes_of(files), kind, _marker(table), _groups(table)
    )


def _groups(table: Mapping[str, Any]) -> tuple[str, ...]:
    told = strings(table.get("groups")) or strings(table.get("category"))
    return tuple(map(_group, told))


def _group(name: str) -> str:
    return "" if name == "main" else normalise(name)


def _split_groups(package: LockedPackage, table: Mapping[str, Any]) -> Iterator[LockedPackage]:
    """Yield a package once for each marker that its groups have; a group of which none is told
    wants it always."""
    told = table.get("markers")
    if not isinstance(told, dict) or not package.groups:
        yield package
        return
    markers = {_group(name): one for name, one in told.items() if isinstance(one, str)}
    for marker in dict.fromkeys(markers.get(group, "") for group in package.groups):
        groups = tuple(one for one in package.groups if markers.get(one, "") == marker)
        yield replace(package, marker=marker, groups=groups)


def _marker(table: Mapping[str, Any]) -> str:
    """Return when it is wanted, where that is the same for all of its groups."""
    told = table.get("markers")
    if isinstance(told, str):
        return told
    return "extra == 'not-chosen'" if table.get("optional") is True else ""
