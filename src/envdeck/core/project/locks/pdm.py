"""`pdm.lock`, versions 3 and 4."""

import os
from collections.abc import Mapping
from typing import Any

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.project.documents import DataDocument, string_at, strings, table_at, tables
from envdeck.core.project.locks.base import hashes_of, newer, pinned, read_toml_lock
from envdeck.core.project.model import Lock, LockedPackage, Problem
from envdeck.core.project.requirements import direct, is_name, line_of

_VERSIONS = (3, 4)


def read_pdm_lock(path: str, *, hashes: bool = True) -> Lock:
    """Read a `pdm.lock`. A package stands there once more for each set of extras it is asked
    with; those count as one. Where packages tell no groups, all of them count."""
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
    return Lock(
        document.file, "pdm.lock", tuple(packages), _python(told),
        groups, (), groups, problems=tuple(problems),
    )  # fmt: skip


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
