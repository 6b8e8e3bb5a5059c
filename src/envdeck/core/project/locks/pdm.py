"""`pdm.lock`, versions 3 and 4."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.project.documents import DataDocument, string_at, strings, table_at, tables
from envdeck.core.project.locks.base import hashes_of, newer, pinned, read_toml_lock
from envdeck.core.project.locks.poetry import (
    Versions,
    declaration,
    match_versions,
    root_of,
    versions_of,
)
from envdeck.core.project.model import Edge, Lock, LockedPackage, Manifest, Problem
from envdeck.core.project.requirements import direct, is_name, line_of, parsed

_VERSIONS = (3, 4)


def read_pdm_lock(path: str, *, hashes: bool = True) -> Lock:
    """Read a `pdm.lock`. A package stands there once more for each set of extras it is asked
    with; those count as one. Without PDM's `inherit_metadata` packages tell no groups and no
    markers: what the `pyproject.toml` beside it declares leads to them, and where there is none
    that can be read, all of them count."""
    return read_toml_lock(path, "pdm.lock", _read, hashes=hashes)


def _read(document: DataDocument) -> Lock:
    told = table_at(document.table, "metadata")
    problems = list(newer(document, told.get("lock_version"), _VERSIONS))
    packages: list[LockedPackage] = []
    for table in tables(document.table.get("package")):
        package = _package(document, table, told)
        if isinstance(package, Problem):
            problems.append(package)
        elif not table.get("extras"):
            packages.append(package)
    groups = tuple(normalise(group) for group in strings(told.get("groups")) if group != "default")
    if not any(one.groups or one.marker for one in packages):
        manifest = declaration(document.file)
        packages = packages if manifest is None else _joined(document, packages, manifest)
    return Lock(
        document.file, "pdm.lock", tuple(packages), _python(told),
        groups, (), groups, problems=tuple(problems),
    )  # fmt: skip


def _joined(
    document: DataDocument, packages: list[LockedPackage], manifest: Manifest
) -> list[LockedPackage]:
    """Return the packages with what each needs, and what stands for the declaration, of which PDM
    asks for an extra as for a group."""
    versions = versions_of(packages)
    edges: dict[tuple[str, str | None], list[Edge]] = {}
    for table in tables(document.table.get("package")):
        key = normalise(string_at(table, "name")), string_at(table, "version") or None
        edges.setdefault(key, []).extend(_edges(table, key[0], versions))
    root = root_of(manifest, versions)
    optional = [replace(edge, extra="", group=edge.extra) for edge in root.edges if edge.extra]
    return [
        replace(root, edges=(*root.edges, *optional)),
        *(replace(one, edges=tuple(edges.get((one.name, one.version), ()))) for one in packages),
    ]


def _edges(table: Mapping[str, Any], name: str, versions: Versions) -> Iterator[Edge]:
    """Yield what one table says that a package needs, under the extras that it stands for."""
    for line in strings(table.get("dependencies")):
        requirement = parsed(line)
        if requirement is None or normalise(requirement.name) == name:
            continue
        needed, marker = normalise(requirement.name), str(requirement.marker or "")
        asked = tuple(map(normalise, requirement.extras))
        for version in match_versions(needed, str(requirement.specifier), versions):
            for extra in map(normalise, strings(table.get("extras")) or ("",)):
                yield Edge(needed, version, asked, marker, extra)


def _python(metadata: Mapping[str, Any]) -> str | None:
    targets = [string_at(one, "requires_python") for one in tables(metadata.get("targets"))]
    return targets[0] if len(targets) == 1 and targets[0] else None


def _package(
    document: DataDocument, table: Mapping[str, Any], metadata: Mapping[str, Any]
) -> LockedPackage | Problem:
    name, version = string_at(table, "name"), string_at(table, "version") or None
    if not is_name(name):
        return document.problem("has a package without a name")
    kind, line = "index", pinned(name, version)
    found = direct({**table, "ref": table.get("revision")}, os.path.dirname(document.file))
    if found is not None:
        kind, line = found[1], line_of(name, f"@ {found[0]}")
        if table.get("editable") is True and kind == "directory":
            kind, line = "editable", f"-e {found[0]}"
    if line is None:
        return document.problem("has an unsupported entry for this package", f'"{name}"')
    files = table.get("files")
    if files is None and version is not None:
        files = table_at(metadata, "files").get(f"{name} {version}")
    groups = tuple(
        "" if group == "default" else normalise(group) for group in strings(table.get("groups"))
    )
    marker = string_at(table, "marker")
    return LockedPackage(normalise(name), version, line, hashes_of(files), kind, marker, groups)
