"""Pythons of nox and tox; a noxfile is parsed and never run."""

import ast
import os
import re
import warnings
from collections.abc import Iterator

from envdeck.core.project.deployed.base import Found, version_in
from envdeck.core.project.documents import read_toml, string_at, strings, table_at
from envdeck.core.project.model import NamedPython, Problem, Where
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded

_NOX_LIMIT = 128 * 1024
"""Bytes; a longer file takes a second to parse."""
_MANY = 500
"""So many expressions are followed, which also bounds their depth."""


def nox(folder: str) -> Iterator[Found]:
    """Yield the versions written in place, or as the name of a list in the same file."""
    path = os.path.join(folder, "noxfile.py")
    if not reach.isfile(path):
        return
    data = read_bounded(path, _NOX_LIMIT)
    if isinstance(data, Unread):
        yield Problem(path, f"cannot be read: {data.reason}")
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in its strings
            tree = ast.parse(data)
    except SyntaxError as error:
        yield Problem(path, "is not Python", error.lineno or None)
        return
    except (ValueError, RecursionError, MemoryError):  # MemoryError: too deep for the parser
        yield Problem(path, "cannot be read as Python")
        return
    names = {
        target.id: one.value
        for one in tree.body
        if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None
        for target in (one.targets if isinstance(one, ast.Assign) else [one.target])
        if isinstance(target, ast.Name)
    }
    for version, line in _asked(tree, names):
        yield NamedPython(version, Where.TESTED, "nox", path, line)


def _asked(tree: ast.Module, names: dict[str, ast.expr]) -> Iterator[tuple[str, int]]:
    seen: set[ast.expr] = set()
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for call in function.decorator_list:
            if not isinstance(call, ast.Call):
                continue
            called = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            called = call.func.id if isinstance(call.func, ast.Name) else called
            if called == "session":
                for keyword in call.keywords:
                    if keyword.arg in ("python", "py"):
                        yield from _nox_versions(keyword.value, names, seen)
            elif called == "parametrize" and len(call.args) > 1:
                what = call.args[0]
                if isinstance(what, ast.Constant) and what.value == "python":
                    yield from _nox_versions(call.args[1], names, seen)


def _nox_versions(
    value: ast.expr, names: dict[str, ast.expr], seen: set[ast.expr]
) -> Iterator[tuple[str, int]]:
    """Yield the versions of an expression, each place once: a list may contain itself by its
    name."""
    if value in seen or len(seen) > _MANY:
        return
    seen.add(value)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        version = version_in(value.value)
        if version is not None:
            yield version, value.lineno
    elif isinstance(value, ast.List | ast.Tuple | ast.Set):
        for one in value.elts:
            yield from _nox_versions(one, names, seen)
    elif isinstance(value, ast.Name) and value.id in names:
        yield from _nox_versions(names[value.id], names, seen)
    elif isinstance(value, ast.Starred):
        yield from _nox_versions(value.value, names, seen)
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        yield from _nox_versions(value.left, names, seen)
        yield from _nox_versions(value.right, names, seen)


_TOX_LIMIT = 256 * 1024
_SECTION = re.compile(r"\[([^\]]*)\]")
_KEY = re.compile(r"([A-Za-z_]+)\s*[=:]\s*(.*)")
_BRACES = re.compile(r"([\w.-]{0,40})\{([\w.,\s-]{0,1000})\}")
_RANGE = re.compile(r"(\d{1,2})-(\d{1,2})\Z")
_FACTOR = re.compile(r"(?:py(?:thon)?(?:\d{2,3}|\d\.\d{1,2})|\d\.\d{1,2}(?:\.\d{1,2})?)t?\Z")


def tox(folder: str) -> Iterator[Found]:
    """Yield the Pythons of `tox.ini`, `setup.cfg`, `tox.toml` and `pyproject.toml`."""
    for name, section in (("tox.ini", "tox"), ("setup.cfg", "tox:tox")):
        path = os.path.join(folder, name)
        if not reach.isfile(path):
            continue
        data = read_bounded(path, _TOX_LIMIT)
        if isinstance(data, Unread):
            yield Problem(path, f"cannot be read: {data.reason}")
            continue
        yield from _read_ini(path, decode(data), section, 0)
    for name, keys in (("tox.toml", ()), ("pyproject.toml", ("tool", "tox"))):
        path = os.path.join(folder, name)
        if reach.isfile(path):
            yield from _read_toml(path, keys)


def _read_toml(path: str, keys: tuple[str, ...]) -> Iterator[Found]:
    document = read_toml(path)
    if isinstance(document, Problem):
        if not keys:  # the manifest reader reports pyproject.toml
            yield document
        return
    table = table_at(document.table, *keys)
    for text in (*strings(table.get("env_list")), *strings(table.get("envlist"))):
        for version in _tox_versions(text):
            line = document.line_of(f'"{text}"') or document.line_of(f"'{text}'")
            yield NamedPython(version, Where.TESTED, "tox", path, line)
    old = string_at(table, "legacy_tox_ini")
    if old:
        yield from _read_ini(path, old, "tox", (document.line_of(old) or 1) - 1)


def _read_ini(path: str, text: str, wanted: str, before: int) -> Iterator[NamedPython]:
    """Yield the versions of the list of environments and of any `basepython`. The parser of the
    standard library knows no lines."""
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
            found = _tox_versions(line)
        elif key in ("basepython", "base_python") and section.startswith("testenv"):
            found = (one for word in line.split(",") if (one := version_in(word)))
        for version in found:
            yield NamedPython(version, Where.TESTED, "tox", path, number)


def _tox_versions(text: str) -> Iterator[str]:
    """Yield the versions among the factors of environments, with braces and ranges expanded."""
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
