"""Requirements as lines for an installer, put together from the parts that each format has; and
those that a project puts in place of what packages ask for."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote_from_bytes

from envdeck.core.inspection.packages.requirements import (
    MarkerEnvironment,
    ParsedRequirement,
    holds,
    parse_requirement,
    satisfied,
)
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.project.documents import (
    DataDocument,
    read_toml,
    string_at,
    strings,
    table_at,
    tables,
)
from envdeck.core.project.model import Overrides, Problem

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
_VCS = ("git", "hg", "svn", "bzr")


def parsed(text: str) -> ParsedRequirement | None:
    """Return a requirement parsed, or None for what is none; line breaks are never part of it."""
    return None if _unsafe(text) else parse_requirement(text)


def is_name(name: str) -> bool:
    """Tell whether this can be a distribution's name."""
    return len(name) < 256 and _NAME.match(name) is not None


def line_of(
    name: str, rest: str = "", *, extras: Iterable[str] = (), marker: str = ""
) -> str | None:
    """Return `name[extras]rest ; marker` as one line, or None where that is no requirement.

    `rest` is a specifier (`==1.0`), or `@ ` and a URL.
    """
    asked = f"[{','.join(extras)}]" if extras else ""
    gap = " " if rest.startswith("@") else ""
    text = f"{name}{asked}{gap}{rest}" + (f" ; {marker}" if marker else "")
    return text if parsed(text) is not None else None


def editable_line(url: str, *, extras: Iterable[str] = (), marker: str = "") -> str:
    """Return the line that installs a folder in place."""
    asked = f"[{','.join(extras)}]" if extras else ""
    return f"-e {url}{asked}" + (f" ; {marker}" if marker else "")


def direct(table: Mapping[str, Any], folder: str) -> tuple[str, str] | None:
    """Return the URL and kind (`vcs`, `archive`, `directory`) that a table of poetry, pipenv or
    pdm names (`git`, `rev`, `url`, `path` …); None where it names none of them."""
    for system in _VCS:
        url = table.get(system)
        if isinstance(url, str) and url:
            return _checkout(system, url, table), "vcs"
    url = table.get("url") or table.get("file")
    if isinstance(url, str) and "://" in url:
        return url + _fragment(table, url), "archive"
    path = table.get("path") or table.get("file")
    if isinstance(path, str) and path:
        whole = os.path.normpath(os.path.join(folder, path))
        kind = "archive" if whole.endswith((".whl", ".tar.gz", ".zip", ".tar.bz2")) else "directory"
        return file_url(whole), kind
    return None


def file_url(path: str) -> str:
    """Return a path as a `file:` URL, bytes that are not UTF-8 counted in."""
    slashed = path.replace(os.sep, "/")
    start = "" if slashed.startswith("/") else "/"
    return "file://" + start + quote_from_bytes(os.fsencode(slashed), "/:" if start else "/")


def _checkout(system: str, url: str, table: Mapping[str, Any]) -> str:
    if "://" not in url:  # git@host:path, as ssh writes it
        host, colon, path = url.partition(":")
        url = f"ssh://{host}/{path}" if colon and "/" not in host else url
    prefix = "" if url.startswith(f"{system}+") else f"{system}+"
    keys = ("resolved_reference", "revision", "ref", "rev", "tag", "branch")
    at = next((table[key] for key in keys if isinstance(table.get(key), str)), "")
    return prefix + url + (f"@{at}" if at else "") + _fragment(table, url)


def _fragment(table: Mapping[str, Any], url: str) -> str:
    """Return the fragment for what is below the top of an archive or a checkout."""
    under = table.get("subdirectory")
    if not isinstance(under, str) or not under:
        return ""
    return f"{'&' if '#' in url else '#'}subdirectory={under}"


def _unsafe(text: str) -> bool:
    return any(letter in text for letter in "\r\n\0")


_NEVER = "python_version < '0'"
"""uv and PDM leave a requirement out whose override never holds."""


def read_overrides(document: DataDocument, root: DataDocument) -> Overrides:
    """Read what a `pyproject.toml` overrides: `[tool.uv]` of the root of its workspace, or the
    `uv.toml` that takes its place, and `[tool.pdm.resolution]`.

    An environment that was made by these has packages whose own metadata excludes what is
    installed. The project wants it so: nothing is amiss there, and nothing is to be put right.
    """
    own = read_toml(os.path.join(os.path.dirname(root.file), "uv.toml"))
    told = table_at(root.table, "tool", "uv") if isinstance(own, Problem) else own.table
    pdm = table_at(document.table, "tool", "pdm", "resolution")
    lines = [
        *(one for one in strings(told.get("override-dependencies")) if parsed(one)),
        *_never(strings(told.get("exclude-dependencies"))),
        *_read_pdm(table_at(pdm, "overrides")),
        *_never(strings(pdm.get("excludes"))),
    ]
    metadata = tuple(
        (normalise(name), string_at(one, "version"), strings(one.get("requires-dist")))
        for one in tables(told.get("dependency-metadata"))
        if is_name(name := string_at(one, "name")) and "requires-dist" in one
    )
    if not lines and not metadata:
        return Overrides()
    file = root.file if isinstance(own, Problem) else own.file
    return Overrides(document.file if pdm else file, tuple(dict.fromkeys(lines)), metadata)


def _never(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if is_name(name):
            yield f"{name} ; {_NEVER}"


def _read_pdm(table: Mapping[str, Any]) -> Iterator[str]:
    """Yield `{idna = "2.4", six = ">=1.15"}` as requirements: a version alone is that one."""
    for name, told in table.items():
        asked = told.strip() if isinstance(told, str) else "-"
        exact = asked[:1].isdigit()
        text = f"{name} @ {asked}" if "://" in asked else f"{name}{'==' * exact}{asked}"
        if parsed(text):
            yield text


def permits(
    overrides: Overrides,
    requirer: tuple[str, str],
    requirement: ParsedRequirement,
    there: Sequence[str],
    markers: MarkerEnvironment,
) -> bool:
    """Tell whether a project says in place of a requirer (a name and a version) that what is
    `there` of a requirement, perhaps nothing, will do."""
    asked = _asked(overrides.lines, requirement.name)
    if not asked:
        replaced = [
            lines
            for name, version, lines in overrides.metadata
            if name == requirer[0] and version in ("", requirer[1])
        ]
        if not replaced:
            return False
        asked = _asked(replaced[0], requirement.name)
    return all(
        satisfied(one, there) for text, one in asked if holds(text, "", markers) is not False
    )


def _asked(lines: Sequence[str], name: str) -> list[tuple[str, ParsedRequirement]]:
    read = ((text, parse_requirement(text)) for text in lines)
    return [(text, one) for text, one in read if one is not None and one.name == name]
