"""Sessions of a noxfile, read as syntax and never run."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.core.files import Unread, read_bounded
from envdeck.core.onboarding.tasks.found import LIMIT, FoundTask, task

if TYPE_CHECKING:
    import ast

    from envdeck.core.onboarding.situation import Situation


def nox_sessions(situation: "Situation") -> Iterator[FoundTask]:
    """Yield every session, those whose name begins with `test` as tests."""
    data = read_bounded(os.path.join(situation.folder, "noxfile.py"), LIMIT)
    if isinstance(data, Unread):
        return
    for name in session_names(data):
        yield task(situation, "nox", "-s", name, tests=name.startswith("test"))


def session_names(source: bytes) -> tuple[str, ...]:
    """Return the names of the sessions that a noxfile defines at its top; none where it is no
    Python."""
    import ast  # only a project that has a noxfile pays for it

    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    names = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if _is_session(decorator):
                    names.append(_named(decorator) or node.name)
                    break
    return tuple(names)


def _is_session(decorator: "ast.expr") -> bool:
    import ast

    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(called, ast.Attribute):
        return called.attr == "session"
    return isinstance(called, ast.Name) and called.id in {"session", "nox_session"}


def _named(decorator: "ast.expr") -> str:
    import ast

    if not isinstance(decorator, ast.Call):
        return ""
    for keyword in decorator.keywords:
        value = keyword.value
        if keyword.arg == "name" and isinstance(value, ast.Constant):
            return value.value if isinstance(value.value, str) else ""
    return ""
