"""Which Python a project asks for: `requires-python` and its like, and version files."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from envdeck.core import reach
from envdeck.core.files import Unread, decode, read_bounded
from envdeck.core.project.model import Problem, WantedPython
from envdeck.core.project.poetry_table import poetry_specifier
from envdeck.core.project.reading import Document, read_toml, string_at
from envdeck.core.project.setup_cfg import parse_setup_cfg

_LIMIT = 64 * 1024
_VERSION = re.compile(
    r"(?:(?P<name>cpython|pypy|graalpy|python)[-@]?)?(?P<version>\d{1,2}(?:\.\d{1,4}){0,2}"
    r"(?:(?:a|b|rc)\d{1,3})?)t?(?:[-+].*)?\Z"
)


@dataclass(frozen=True, slots=True)
class _Pin:
    version: str
    implementation: str | None
    file: str


def wanted_python(folder: str) -> WantedPython:
    """Return which Python the files of a project ask for.

    The specifier is that of `pyproject.toml` (PEP 621, else poetry's), else of `setup.cfg`; the
    exact version that of `.python-version` (pyenv's or uv's form), else `.tool-versions` (asdf,
    mise), else `runtime.txt`, else the `Pipfile`.
    """
    problems: list[Problem] = []
    specifier, specifier_file = "", None
    for file, text in _specifiers(folder, problems):
        if text:
            specifier, specifier_file = text, file
            break
    pin = next(_pins(folder, problems), None)
    return WantedPython(
        specifier,
        pin.version if pin else None,
        pin.implementation if pin else None,
        specifier_file,
        pin.file if pin else None,
        tuple(problems),
    )


def _specifiers(folder: str, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    path = os.path.join(folder, "pyproject.toml")
    document = _document(path, problems)
    if document is not None:
        told = string_at(document.table, "project", "requires-python")
        yield path, _checked(document, told, told, problems)
        told = string_at(document.table, "tool", "poetry", "dependencies", "python")
        yield path, _checked(document, poetry_specifier(told) or "", told, problems)
    path = os.path.join(folder, "setup.cfg")
    if reach.isfile(path):
        parser = parse_setup_cfg(path)
        if isinstance(parser, Problem):
            problems.append(parser)
        else:
            told = parser.get("options", "python_requires", fallback="").strip()
            yield path, _checked(Document(path, {}, told), told, told, problems)


def _checked(document: Document, specifier: str, told: str, problems: list[Problem]) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return str(SpecifierSet(specifier)) and specifier
    except (InvalidSpecifier, ValueError):
        problems.append(document.problem("what it asks of Python is no range of versions", told))
        return ""


def _pins(folder: str, problems: list[Problem]) -> Iterator[_Pin]:
    readers: tuple[tuple[str, Callable[[str], Iterator[str]]], ...] = (
        (".python-version", _plain_lines),
        (".tool-versions", _tool_versions),
        ("runtime.txt", _plain_lines),
    )
    for name, read in readers:
        path = os.path.join(folder, name)
        if not reach.isfile(path):
            continue
        data = read_bounded(path, _LIMIT)
        if isinstance(data, Unread):
            problems.append(Problem(path, f"cannot be read: {data.reason}"))
            continue
        yield from _first(path, read(decode(data)))
    path = os.path.join(folder, "Pipfile")
    document = _document(path, problems)
    if document is not None:
        wanted = ("requires", "python_full_version"), ("requires", "python_version")
        yield from _first(path, (string_at(document.table, *keys) for keys in wanted))


def _first(path: str, candidates: Iterator[str]) -> Iterator[_Pin]:
    """Yield the first version among these; names of environments (pyenv) and `system` are none."""
    for text in candidates:
        match = _VERSION.match(text.strip().lower())
        if match is not None:
            name = match["name"]
            implementation = None if name in (None, "python") else name
            yield _Pin(match["version"], implementation, path)
            return


def _plain_lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from line.partition("#")[0].split()[:1]


def _tool_versions(text: str) -> Iterator[str]:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["python"]:
            yield from words[1:]


def _document(path: str, problems: list[Problem]) -> Document | None:
    if not reach.isfile(path):
        return None
    document = read_toml(path)
    if isinstance(document, Problem):
        problems.append(document)
        return None
    return document
