"""`Pipfile`: pipenv's manifest."""

import os
from collections.abc import Mapping
from typing import Any

from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.project.documents import (
    DataDocument,
    read_toml,
    string_at,
    strings,
    table_at,
    tables,
)
from envdeck.core.project.manifests.indexes import IndexTable, pipenv_indexes
from envdeck.core.project.manifests.sources import index_checked
from envdeck.core.project.model import DeclaredRequirement, Manifest, Problem
from envdeck.core.project.requirements import direct, is_name, line_of

_NO_PACKAGES = frozenset({"source", "requires", "pipenv", "scripts"})


def read_pipfile(path: str) -> Manifest:
    """Read the packages, the development packages (group `dev`) and other categories."""
    document = read_toml(path)
    if isinstance(document, Problem):
        return Manifest(path, "Pipfile", problems=(document,))
    found: list[DeclaredRequirement] = []
    problems: list[Problem] = []
    for category, table in document.table.items():
        if category in _NO_PACKAGES or not isinstance(table, dict):
            continue
        group = {"packages": "", "dev-packages": "dev"}.get(category, normalise(category))
        for name, told in table.items():
            text = pipenv_line(name, told, os.path.dirname(path))
            if text is None:
                told_of = "unsupported entry for this package"
                problems.append(document.problem(told_of, name))
            else:
                line = document.line_of(f"\n{name}")
                found.append(
                    DeclaredRequirement(
                        text, normalise(name), path, None if line is None else line + 1, group,
                        index=string_at(told, "index"),
                    )
                )  # fmt: skip
    options = pipenv_sources(document)
    known = pipenv_indexes(document)
    found = list(index_checked(document, found, IndexTable(known, options), problems))
    named = dict.fromkeys(one.index for one in found if one.index)
    return Manifest(
        path, "Pipfile", tuple(found), options=options,
        indexes=tuple(known[one] for one in named if one in known), problems=tuple(problems),
    )  # fmt: skip


def pipenv_line(name: str, told: object, folder: str) -> str | None:
    """Return one entry as a line for an installer; None where it is not understood."""
    table: Mapping[str, Any] = told if isinstance(told, dict) else {"version": told}
    if not is_name(name):
        return None
    extras, marker = strings(table.get("extras")), _marker(table)
    found = direct(table, folder)
    if found is not None:
        url, kind = found
        if table.get("editable") is True and kind == "directory":
            return f"-e {url}" + (f"[{','.join(extras)}]" if extras else "")
        return line_of(name, f"@ {url}", extras=extras, marker=marker)
    version = table.get("version", "*")
    if not isinstance(version, str):
        return None
    return line_of(name, "" if version == "*" else version, extras=extras, marker=marker)


def pipenv_sources(document: DataDocument) -> tuple[str, ...]:
    """Return its indexes as options, the first being the one in place of PyPI."""
    listed = document.table.get("source") or table_at(document.table, "_meta").get("sources")
    urls = [string_at(one, "url") for one in tables(listed)]
    urls = [url for url in urls if "://" in url and not any(map(str.isspace, url))]
    return tuple(
        f"{'--extra-index-url' if at else '--index-url'} {url}" for at, url in enumerate(urls)
    )


def _marker(table: Mapping[str, Any]) -> str:
    keys = ("os_name", "sys_platform", "platform_machine", "platform_python_implementation",
            "platform_system", "python_version", "python_full_version")  # fmt: skip
    parts = [f"{key} {table[key]}" for key in keys if isinstance(table.get(key), str)]
    if string_at(table, "markers"):
        parts.append(f"({string_at(table, 'markers')})")
    return " and ".join(parts)
