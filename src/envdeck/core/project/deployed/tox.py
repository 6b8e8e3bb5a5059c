"""tox: the Pythons of its environments, by their names (`py312`, `3.12-django5`)."""

import os
import re
from collections.abc import Iterator

from envdeck.core import reach
from envdeck.core.files import Unread, decode, read_bounded
from envdeck.core.project.deployed.model import NamedPython, Where
from envdeck.core.project.deployed.source import Found
from envdeck.core.project.deployed.versions import version_in
from envdeck.core.project.model import Problem
from envdeck.core.project.reading import read_toml, string_at, strings, table_at

_LIMIT = 256 * 1024
_SECTION = re.compile(r"\[([^\]]*)\]")
_KEY = re.compile(r"([A-Za-z_]+)\s*[=:]\s*(.*)")
_BRACES = re.compile(r"([\w.-]{0,40})\{([\w.,\s-]{0,1000})\}")
_RANGE = re.compile(r"(\d{1,2})-(\d{1,2})\Z")
_FACTOR = re.compile(r"(?:py(?:thon)?(?:\d{2,3}|\d\.\d{1,2})|\d\.\d{1,2}(?:\.\d{1,2})?)t?\Z")
_MANY = 500


def tox(folder: str) -> Iterator[Found]:
    """Yield the Pythons of `tox.ini`, `setup.cfg`, `tox.toml` and `pyproject.toml`."""
    for name, section in (("tox.ini", "tox"), ("setup.cfg", "tox:tox")):
        path = os.path.join(folder, name)
        if not reach.isfile(path):
            continue
        data = read_bounded(path, _LIMIT)
        if isinstance(data, Unread):
            yield Problem(path, f"cannot be read: {data.reason}")
            continue
        yield from _of_ini(path, decode(data), section, 0)
    for name, keys in (("tox.toml", ()), ("pyproject.toml", ("tool", "tox"))):
        path = os.path.join(folder, name)
        if reach.isfile(path):
            yield from _of_toml(path, keys)


def _of_toml(path: str, keys: tuple[str, ...]) -> Iterator[Found]:
    document = read_toml(path)
    if isinstance(document, Problem):
        if not keys:  # that of a pyproject.toml is told by who reads it first
            yield document
        return
    table = table_at(document.table, *keys)
    for text in (*strings(table.get("env_list")), *strings(table.get("envlist"))):
        for version in _versions(text):
            line = document.line_of(f'"{text}"') or document.line_of(f"'{text}'")
            yield NamedPython(version, Where.TESTED, "tox", path, line)
    old = string_at(table, "legacy_tox_ini")
    if old:
        yield from _of_ini(path, old, "tox", (document.line_of(old) or 1) - 1)


def _of_ini(path: str, text: str, wanted: str, before: int) -> Iterator[NamedPython]:
    """Yield what the list of environments, and any `basepython`, names; the parser of the
    standard library would tell no lines."""
    section, key = "", ""
    for number, line in enumerate(text.splitlines(), before + 1):
        line = re.split(r"(?:\A|\s)[#;]", line, maxsplit=1)[0].rstrip()
        if not line:
            continue
        if not line[0].isspace():
            key, opened, pair = "", _SECTION.match(line), _KEY.match(line)
            if opened:
                section = opened[1].strip()
            elif pair:
                key, line = pair[1].lower(), pair[2]
        found: Iterator[str] = iter(())
        if section == wanted and key in ("envlist", "env_list"):
            found = _versions(line)
        elif key in ("basepython", "base_python") and section.startswith("testenv"):
            found = (one for word in line.split(",") if (one := version_in(word)))
        for version in found:
            yield NamedPython(version, Where.TESTED, "tox", path, number)


def _versions(text: str) -> Iterator[str]:
    """Yield the versions among the factors of environments, braces and ranges spelt out."""
    names: list[str] = []
    for start, inside in _BRACES.findall(text):
        for part in inside.split(","):
            part = part.strip()
            span = _RANGE.match(part)
            parts = [part]
            if span:
                parts = [str(one) for one in range(int(span[1]), int(span[2]) + 1)]
            names += [start + one for one in parts]
    names += re.split(r"[,\s]+", _BRACES.sub(" ", text))
    seen: set[str] = set()
    for name in names[:_MANY]:
        for factor in name.strip().split("-"):
            version = version_in(factor) if _FACTOR.match(factor) else None
            if version is not None and version not in seen:
                seen.add(version)
                yield version
