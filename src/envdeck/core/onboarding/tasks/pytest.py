"""pytest: configured, installed, or what a folder of tests is for."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.core import reach
from envdeck.core.files import Unread, decode, read_bounded
from envdeck.core.onboarding.tasks.found import LIMIT, FoundTask
from envdeck.core.project.reading import table_at

if TYPE_CHECKING:
    from envdeck.core.onboarding.situation import Situation

_SECTIONS = (("tox.ini", "[pytest]"), ("setup.cfg", "[tool:pytest]"))
_FOLDERS = ("tests", "test")


def pytest_run(situation: "Situation") -> Iterator[FoundTask]:
    """Yield pytest where it is configured, or is installed and there are tests; `unittest` where
    there are tests and nothing says pytest."""
    installed = any(one.name == "pytest" for one in situation.distributions)
    configured, tests = _configured(situation), _has_tests(situation.folder)
    if configured or (installed and tests):
        program = os.path.join(situation.bin, "pytest")
        python = situation.python
        if installed and reach.isfile(program):
            yield FoundTask("pytest", (program,), tests=True)
        elif installed and python is not None:
            yield FoundTask("pytest", (python, "-m", "pytest"), tests=True)
        else:
            yield FoundTask("pytest", (), tests=True, missing="pytest")
    elif tests and situation.python is None:
        yield FoundTask("python -m unittest", (), tests=True, missing="python")
    elif tests and situation.python is not None and not installed:
        words = "python -m unittest discover"
        start = ("-s", tests, "-t", ".") if _is_package(situation.folder, tests) else ("-s", tests)
        yield FoundTask(
            " ".join((words, *start)),
            (situation.python, "-m", "unittest", "discover", *start),
            tests=True,
        )


def _configured(situation: "Situation") -> bool:
    folder = situation.folder
    if any(reach.isfile(os.path.join(folder, name)) for name in ("pytest.ini", "conftest.py")):
        return True
    if table_at(situation.pyproject, "tool", "pytest"):
        return True
    for name, section in _SECTIONS:
        data = read_bounded(os.path.join(folder, name), LIMIT)
        if not isinstance(data, Unread) and section in decode(data):
            return True
    return any(reach.isfile(os.path.join(folder, name, "conftest.py")) for name in _FOLDERS)


def _has_tests(folder: str) -> str:
    """Return the folder that holds tests, by its name; empty without one."""
    for name in _FOLDERS:
        try:
            with reach.scandir(os.path.join(folder, name)) as entries:
                if any(
                    entry.name.startswith("test_") and entry.name.endswith(".py")
                    for _, entry in zip(range(1000), entries, strict=False)
                ):
                    return name
        except OSError:
            continue
    return ""


def _is_package(folder: str, name: str) -> bool:
    return reach.isfile(os.path.join(folder, name, "__init__.py"))
