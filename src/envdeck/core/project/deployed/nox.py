"""`noxfile.py`: the `python=` of its sessions, read by their syntax alone. It is never run."""

import ast
import os
import warnings
from collections.abc import Iterator

from envdeck.core import reach
from envdeck.core.files import Unread, read_bounded
from envdeck.core.project.deployed.model import NamedPython, Where
from envdeck.core.project.deployed.source import Found
from envdeck.core.project.deployed.versions import version_in
from envdeck.core.project.model import Problem

_LIMIT = 128 * 1024
"""Bytes; what is longer takes a second to be parsed."""
_MANY = 500
"""So many expressions are followed; they may lie in each other as deep."""


def nox(folder: str) -> Iterator[Found]:
    """Yield the versions that are written as such, or by the name of a list in the same file."""
    path = os.path.join(folder, "noxfile.py")
    if not reach.isfile(path):
        return
    data = read_bounded(path, _LIMIT)
    if isinstance(data, Unread):
        yield Problem(path, f"cannot be read: {data.reason}")
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its strings' escapes: not ours to tell
            tree = ast.parse(data)
    except SyntaxError as error:
        yield Problem(path, "is not Python", error.lineno or None)
        return
    except (ValueError, RecursionError, MemoryError):  # the last: too deep for the parser
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
                        yield from _versions(keyword.value, names, seen)
            elif called == "parametrize" and len(call.args) > 1:
                what = call.args[0]
                if isinstance(what, ast.Constant) and what.value == "python":
                    yield from _versions(call.args[1], names, seen)


def _versions(
    value: ast.expr, names: dict[str, ast.expr], seen: set[ast.expr]
) -> Iterator[tuple[str, int]]:
    """Yield the versions of an expression, each place that names one once: lists may stand in
    themselves, by their names."""
    if value in seen or len(seen) > _MANY:
        return
    seen.add(value)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        version = version_in(value.value)
        if version is not None:
            yield version, value.lineno
    elif isinstance(value, ast.List | ast.Tuple | ast.Set):
        for one in value.elts:
            yield from _versions(one, names, seen)
    elif isinstance(value, ast.Name) and value.id in names:
        yield from _versions(names[value.id], names, seen)
    elif isinstance(value, ast.Starred):
        yield from _versions(value.value, names, seen)
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        yield from _versions(value.left, names, seen)
        yield from _versions(value.right, names, seen)
