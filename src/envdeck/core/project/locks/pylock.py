"""`pylock.toml` and `pylock.NAME.toml` (PEP 751), version 1."""

import os
from collections.abc import Mapping
from typing import Any

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.project.documents import DataDocument, string_at, strings, table_at, tables
from envdeck.core.project.locks.base import hashes_of, newer, pinned, read_toml_lock
from envdeck.core.project.model import Lock, LockedPackage, Problem
from envdeck.core.project.requirements import direct, is_name, line_of

_VERSIONS = (1,)


def read_pylock(path: str, *, hashes: bool = True) -> Lock:
    """Read a `pylock.toml`: every package tells by its marker whether it is wanted.

    Read here and not by `packaging.pylock`, which gives up on the whole file at its first
    mistake, and which the oldest `packaging` that will do does not have.
    """
    return read_toml_lock(path, "pylock", _read, hashes=hashes)


def _read(document: DataDocument) -> Lock:
    problems = list(newer(document, document.table.get("lock-version"), _VERSIONS))
    packages: list[LockedPackage] = []
    for table in tables(document.table.get("packages")):
        package = _package(document, table)
        if isinstance(package, Problem):
            problems.append(package)
        else:
            packages.append(package)
    return Lock(
        document.file,
        "pylock",
        tuple(packages),
        string_at(document.table, "requires-python") or None,
        tuple(map(normalise, strings(document.table.get("dependency-groups")))),
        tuple(map(normalise, strings(document.table.get("extras")))),
        tuple(map(normalise, strings(document.table.get("default-groups")))),
        problems=tuple(problems),
    )


def _package(document: DataDocument, table: Mapping[str, Any]) -> LockedPackage | Problem:
    name, version = string_at(table, "name"), string_at(table, "version") or None
    folder = os.path.dirname(document.file)
    if not is_name(name):
        return document.problem("has a package without a name")
    kind, line = "index", pinned(name, version)
    files: list[object] = [table.get("sdist"), table.get("wheels")]
    checkout, archive = table_at(table, "vcs"), table_at(table, "archive")
    place = table_at(table, "directory")
    if checkout:
        system, commit = string_at(checkout, "type"), string_at(checkout, "commit-id")
        told = {**checkout, system: string_at(checkout, "url"), "resolved_reference": commit}
        found = direct({**told, "path": None, "url": None}, folder)
        line = line_of(name, f"@ {found[0]}") if found and commit else None
        kind = "vcs"
    elif archive:
        found = direct(archive, folder)
        kind, line = "archive", line_of(name, f"@ {found[0]}") if found else None
        files = [archive]
    elif place:
        found = direct({"path": string_at(place, "path")}, folder)
        kind, line = "directory", line_of(name, f"@ {found[0]}") if found else None
        if found and place.get("editable") is True:
            kind, line = "editable", f"-e {found[0]}"
    elif version is None and table.get("wheels"):
        return document.problem("has no version for this package", f'"{name}"')
    if line is None:
        return document.problem("has an unsupported entry for this package", f'"{name}"')
    marker, hashes = string_at(table, "marker"), hashes_of(*files)
    return LockedPackage(normalise(name), version, line, hashes, kind, marker)
