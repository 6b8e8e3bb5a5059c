"""`uv.lock`, version 1: a graph of packages, its edges under markers, extras and groups."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.project.documents import (
    LOCK_LIMIT,
    DataDocument,
    read_toml,
    string_at,
    strings,
    table_at,
    tables,
)
from envdeck.core.project.locks.base import hashes_of, newer, pinned, read_toml_lock
from envdeck.core.project.model import Edge, Lock, LockedPackage, Problem
from envdeck.core.project.requirements import file_url, is_name, line_of

_VERSIONS = (1,)


def read_uv_lock(path: str, *, hashes: bool = True) -> Lock:
    """Read a `uv.lock`. Its edges are uv's resolution: nothing has to be resolved again."""
    return read_toml_lock(path, "uv.lock", _read, hashes=hashes)


def uv_lock_revision(path: str) -> int | None:
    """Return the revision within version 1 of a `uv.lock`. Any uv reads any revision, and writes
    its own: one that is older drops what newer ones have added. None where none is told."""
    document = read_toml(path, LOCK_LIMIT)
    revision = None if isinstance(document, Problem) else document.table.get("revision")
    return revision if isinstance(revision, int) else None


def _read(document: DataDocument) -> Lock:
    problems = list(newer(document, document.table.get("version"), _VERSIONS))
    packages: list[LockedPackage] = []
    extras: list[str] = []
    groups: list[str] = []
    listed = list(tables(document.table.get("package")))
    members = {
        normalise(one) for one in strings(table_at(document.table, "manifest").get("members"))
    }
    if any(_place(table) == "." for table in listed):
        members = set()  # the others are installed where the root of the workspace needs them
    for table in listed:
        package = _package(document, table, members)
        if isinstance(package, Problem):
            problems.append(package)
            continue
        packages.append(package)
        if package.root:
            extras += [edge.extra for edge in package.edges if edge.extra]
            groups += [edge.group for edge in package.edges if edge.group]
            extras += map(normalise, strings(table_at(table, "metadata").get("provides-extras")))
            groups += map(normalise, table_at(table, "metadata", "requires-dev"))
    manifest = table_at(document.table, "manifest")
    own = tuple(_edges({"dev-dependencies": manifest.get("dependency-groups")}))
    if own:  # those of a root that is no project itself
        packages.append(LockedPackage("", None, "", kind="virtual", edges=own, root=True))
        groups += [edge.group for edge in own]
    if not problems and not any(package.root for package in packages):
        asked = [string_at(one, "name") for one in tables(manifest.get("requirements"))]
        edges = tuple(Edge(normalise(name)) for name in asked if name)
        if packages and not edges:
            problems.append(document.problem("does not identify the project's own package"))
        packages.append(LockedPackage("", None, "", kind="virtual", edges=edges, root=True))
    return Lock(
        document.file,
        "uv.lock",
        tuple(packages),
        string_at(document.table, "requires-python") or None,
        tuple(dict.fromkeys(groups)),
        tuple(dict.fromkeys(extras)),
        ("dev",) if "dev" in groups else (),
        conflicts=tuple(_conflicts(document)),
        problems=tuple(problems),
    )


def _conflicts(document: DataDocument) -> Iterator[frozenset[tuple[str, str]]]:
    """Yield `[tool.uv] conflicts` as the lock file repeats it."""
    listed = document.table.get("conflicts")
    for members in listed if isinstance(listed, list) else ():
        found = {
            (normalise(string_at(one, "package")), f"{kind}:{normalise(string_at(one, kind))}")
            for one in tables(members)
            for kind in ("extra", "group")
            if kind in one
        }
        if len(found) > 1:
            yield frozenset(found)


def _package(
    document: DataDocument, table: Mapping[str, Any], members: set[str]
) -> LockedPackage | Problem:
    name, version = string_at(table, "name"), string_at(table, "version") or None
    source, folder = table_at(table, "source"), os.path.dirname(document.file)
    if not is_name(name):
        return document.problem("has a package without a name")
    here = _place(table)
    root = here == "." or normalise(name) in members
    kind, line = "index", pinned(name, version)
    url = string_at(source, "url")
    if "virtual" in source:
        kind, line = "virtual", ""
    elif "editable" in source:
        kind, line = "editable", f"-e {file_url(_join_folder(folder, here))}"
    elif "directory" in source or "path" in source:
        place = string_at(source, "directory") or string_at(source, "path")
        kind = "directory" if "directory" in source else "archive"
        line = line_of(name, f"@ {file_url(_join_folder(folder, place))}")
    elif "git" in source:
        kind, line = "vcs", line_of(name, f"@ {_git(string_at(source, 'git'))}")
    elif url:
        kind, line = "archive", line_of(name, f"@ {url}")
    if line is None:
        return document.problem("has an unsupported entry for this package", f'"{name}"')
    hashes = hashes_of(table.get("sdist"), table.get("wheels"))
    return LockedPackage(
        normalise(name), version, line, hashes, kind, edges=tuple(_edges(table)), root=root
    )


def _place(table: Mapping[str, Any]) -> str:
    """Return where a package of the project is in it; empty for one from elsewhere."""
    source = table_at(table, "source")
    return string_at(source, "editable") or string_at(source, "virtual")


def _edges(table: Mapping[str, Any]) -> Iterator[Edge]:
    yield from (_edge(one) for one in tables(table.get("dependencies")))
    for extra, listed in table_at(table, "optional-dependencies").items():
        yield from (_edge(one, extra=normalise(extra)) for one in tables(listed))
    for group, listed in table_at(table, "dev-dependencies").items():
        yield from (_edge(one, group=normalise(group)) for one in tables(listed))


def _edge(table: Mapping[str, Any], extra: str = "", group: str = "") -> Edge:
    asked = tuple(map(normalise, strings(table.get("extra"))))
    version = string_at(table, "version") or None
    name, marker = normalise(string_at(table, "name")), string_at(table, "marker")
    return Edge(name, version, asked, marker, extra, group)


def _git(url: str) -> str:
    """`https://host/repo?rev=main#<commit>` as `git+https://host/repo@<commit>`."""
    place, _, commit = url.partition("#")
    place, _, query = place.partition("?")
    under = next((part for part in query.split("&") if part.startswith("subdirectory=")), "")
    return f"git+{place}" + (f"@{commit}" if commit else "") + (f"#{under}" if under else "")


def _join_folder(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path))
