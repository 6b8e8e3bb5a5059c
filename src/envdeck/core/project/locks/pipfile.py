"""`Pipfile.lock`, version 6: pins by category, each with its hashes and marker."""

import os
from collections.abc import Iterator, Mapping

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.project.documents import DataDocument, read_json, string_at, strings, table_at
from envdeck.core.project.locks.base import newer
from envdeck.core.project.manifests.others import pipenv_line, pipenv_sources
from envdeck.core.project.model import Lock, LockedPackage, Problem
from envdeck.core.project.requirements import parsed

_VERSIONS = (6,)


def read_pipfile_lock(path: str) -> Lock:
    """Read a `Pipfile.lock`; `develop` is the group `dev`."""
    document = read_json(path)
    if isinstance(document, Problem):
        return Lock(path, "Pipfile.lock", problems=(document,))
    spec = table_at(document.table, "_meta").get("pipfile-spec")
    problems = list(newer(document, spec, _VERSIONS))
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
        path, "Pipfile.lock", _merged(packages), _python(document), tuple(groups), (),
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


def _python(document: DataDocument) -> str | None:
    wanted = table_at(document.table, "_meta", "requires")
    version = string_at(wanted, "python_full_version") or string_at(wanted, "python_version")
    return None if not version else f"=={version}" + ("" if version.count(".") > 1 else ".*")
