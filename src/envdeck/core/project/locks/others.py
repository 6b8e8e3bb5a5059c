"""`pylock.toml` and `pylock.NAME.toml` (PEP 751, version 1), `Pipfile.lock` (version 6) and
`pdm.lock` (versions 3 and 4)."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.project.documents import (
    DataDocument,
    read_json,
    string_at,
    strings,
    table_at,
    tables,
)
from envdeck.core.project.locks.base import hashes_of, newer, pinned, read_toml_lock
from envdeck.core.project.locks.poetry import (
    Versions,
    declaration,
    match_versions,
    root_of,
    versions_of,
)
from envdeck.core.project.manifests.others import pipenv_line, pipenv_sources
from envdeck.core.project.model import Edge, Lock, LockedPackage, Manifest, Problem
from envdeck.core.project.requirements import direct, is_name, line_of, parsed

_PYLOCK_VERSIONS = (1,)


def read_pylock(path: str, *, hashes: bool = True) -> Lock:
    """Read a `pylock.toml`: every package tells by its marker whether it is wanted.

    Read here and not by `packaging.pylock`, which gives up on the whole file at its first
    mistake, and which the oldest `packaging` that will do does not have.
    """
    return read_toml_lock(path, "pylock", _parse_pylock, hashes=hashes)


def _parse_pylock(document: DataDocument) -> Lock:
    problems = list(newer(document, document.table.get("lock-version"), _PYLOCK_VERSIONS))
    packages: list[LockedPackage] = []
    for table in tables(document.table.get("packages")):
        package = _pylock_package(document, table)
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


def _pylock_package(document: DataDocument, table: Mapping[str, Any]) -> LockedPackage | Problem:
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


_PIPFILE_VERSIONS = (6,)


def read_pipfile_lock(path: str) -> Lock:
    """Read a `Pipfile.lock`; `develop` is the group `dev`."""
    document = read_json(path)
    if isinstance(document, Problem):
        return Lock(path, "Pipfile.lock", problems=(document,))
    spec = table_at(document.table, "_meta").get("pipfile-spec")
    problems = list(newer(document, spec, _PIPFILE_VERSIONS))
    packages: list[LockedPackage] = []
    groups: list[str] = []
    for category, entries in document.table.items():
        if category == "_meta" or not isinstance(entries, dict):
            continue
        group = {"default": "", "develop": "dev"}.get(category, normalise(category))
        groups += [group] if group else []
        for package in _packages(document, entries, group):
            (problems if isinstance(package, Problem) else packages).append(package)  # type: ignore[arg-type]
    return Lock(
        path, "Pipfile.lock", _merged(packages), _pipfile_python(document), tuple(groups), (),
        ("dev",) if "dev" in groups else (), pipenv_sources(document), tuple(problems),
    )  # fmt: skip


def _packages(
    document: DataDocument, entries: Mapping[str, object], group: str
) -> Iterator[LockedPackage | Problem]:
    folder = os.path.dirname(document.file)
    for name, told in entries.items():
        table = told if isinstance(told, dict) else {}
        marker = string_at(table, "markers")
        bare = {key: value for key, value in table.items() if key != "markers"}
        text = pipenv_line(name, bare, folder)
        requirement = parsed(text) if text else None
        version = string_at(table, "version").removeprefix("==") or None
        direct = text is not None and ("@" in text or text.startswith("-e"))
        if text is None or not (direct or version):
            yield document.problem("has an unsupported entry for this package", f'"{name}"')
            continue
        hashes = tuple(one for one in strings(table.get("hashes")) if one.isascii() and ":" in one)
        kind = "editable" if text.startswith("-e") else "directory" if direct else "index"
        known = requirement.name if requirement else normalise(name)
        if direct or version == "*":  # pipenv leaves a few without a pin
            version = None
        yield LockedPackage(known, version, text, hashes, kind, marker, (group,))


def _merged(packages: list[LockedPackage]) -> tuple[LockedPackage, ...]:
    """Return each package once, under all of its groups: what both sections hold is one pin."""
    found: dict[tuple[str, str, str], LockedPackage] = {}
    for one in packages:
        key = (one.name, one.requirement, one.marker)
        same = found.get(key)
        groups = (*same.groups, *one.groups) if same else one.groups
        found[key] = LockedPackage(
            one.name, one.version, one.requirement, one.hashes, one.kind, one.marker, groups
        )
    return tuple(found.values())


def _pipfile_python(document: DataDocument) -> str | None:
    wanted = table_at(document.table, "_meta", "requires")
    version = string_at(wanted, "python_full_version") or string_at(wanted, "python_version")
    return None if not version else f"=={version}" + ("" if version.count(".") > 1 else ".*")


_PDM_VERSIONS = (3, 4)


def read_pdm_lock(path: str, *, hashes: bool = True) -> Lock:
    """Read a `pdm.lock`. A package stands there once more for each set of extras it is asked
    with; those count as one. Without PDM's `inherit_metadata` packages tell no groups and no
    markers: what the `pyproject.toml` beside it declares leads to them, and where there is none
    that can be read, all of them count."""
    return read_toml_lock(path, "pdm.lock", _parse_pdm, hashes=hashes)


def _parse_pdm(document: DataDocument) -> Lock:
    told = table_at(document.table, "metadata")
    problems = list(newer(document, told.get("lock_version"), _PDM_VERSIONS))
    packages: list[LockedPackage] = []
    for table in tables(document.table.get("package")):
        package = _pdm_package(document, table, told)
        if isinstance(package, Problem):
            problems.append(package)
        elif not table.get("extras"):
            packages.append(package)
    groups = tuple(normalise(group) for group in strings(told.get("groups")) if group != "default")
    if not any(one.groups or one.marker for one in packages):
        manifest = declaration(document.file)
        packages = packages if manifest is None else _joined(document, packages, manifest)
    return Lock(
        document.file, "pdm.lock", tuple(packages), _pdm_python(told),
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


def _pdm_python(metadata: Mapping[str, Any]) -> str | None:
    targets = [string_at(one, "requires_python") for one in tables(metadata.get("targets"))]
    return targets[0] if len(targets) == 1 and targets[0] else None


def _pdm_package(
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
