"""`poetry.lock`, versions 1.1 to 2.x."""

import os
from collections.abc import Mapping
from typing import Any

from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.project.lock_parts import hashes_of, newer, pinned, read_toml_lock
from envdeck.core.project.model import Lock, LockedPackage, Problem
from envdeck.core.project.reading import Document, string_at, strings, table_at, tables
from envdeck.core.project.requirement_text import direct, is_name, line_of

_VERSIONS = (1, 2)


def read_poetry_lock(path: str) -> Lock:
    """Read a `poetry.lock`. From 2.1 on each package tells its groups and marker; before, every
    one that is not optional counts (poetry itself would look into `pyproject.toml`)."""
    return read_toml_lock(path, "poetry.lock", _read)


def _read(document: Document) -> Lock:
    told = table_at(document.table, "metadata")
    problems = list(newer(document, told.get("lock-version"), _VERSIONS))
    packages: list[LockedPackage] = []
    for table in tables(document.table.get("package")):
        package = _package(document, table, told)
        if isinstance(package, Problem):
            problems.append(package)
        elif package is not None:
            packages.append(package)
    groups = tuple(dict.fromkeys(group for one in packages for group in one.groups if group))
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


def _package(
    document: Document, table: Mapping[str, Any], metadata: Mapping[str, Any]
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
        return document.problem("what it says of this package is not understood", f'"{name}"')
    files = table.get("files") or table_at(metadata, "files").get(name)
    return LockedPackage(
        normalise(name), version, line, hashes_of(files), kind, _marker(table), _groups(table)
    )


def _groups(table: Mapping[str, Any]) -> tuple[str, ...]:
    told = strings(table.get("groups")) or strings(table.get("category"))
    return tuple("" if group == "main" else normalise(group) for group in told)


def _marker(table: Mapping[str, Any]) -> str:
    """Return when it is wanted: one marker, or one for each group."""
    told = table.get("markers")
    if isinstance(told, dict):
        return " or ".join(f"({one})" for one in told.values() if isinstance(one, str))
    if isinstance(told, str):
        return told
    return "extra == 'not-chosen'" if table.get("optional") is True else ""
