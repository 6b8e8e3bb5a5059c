"""Requirements as lines for an installer: put together from the parts that each format has."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_from_bytes

from envdeck.core.inspection.packages.requirements import ParsedRequirement, parse_requirement

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
        return url + _under(table, url), "archive"
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
    return prefix + url + (f"@{at}" if at else "") + _under(table, url)


def _under(table: Mapping[str, Any], url: str) -> str:
    """Return the fragment for what lies below the top of an archive or a checkout."""
    under = table.get("subdirectory")
    if not isinstance(under, str) or not under:
        return ""
    return f"{'&' if '#' in url else '#'}subdirectory={under}"


def _unsafe(text: str) -> bool:
    return any(letter in text for letter in "\r\n\0")
