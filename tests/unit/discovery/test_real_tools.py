"""Environments of real tools, sent elsewhere by a setting that is not in force when they are found.

Run with `-m network`: each tool is installed once from the configured index, and may ask it too.
Hermetic twins of all of them are in `test_projects_anywhere.py` and in `managers/`.
"""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.inspection.interpreters import find_interpreters
from envdeck.core.model import Found, Interpreter
from envdeck.core.system.host import Host

pytestmark = pytest.mark.network

PATH = os.environ.get("PATH", "")
OLD = "3.8"
"""The newest Python that virtualenv before 20 makes environments of."""
MANIFEST = (
    '[project]\nname = "blog"\nversion = "1"\nrequires-python = ">=3.8"\n'
    '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    '[tool.hatch.build.targets.wheel]\npackages = ["blog"]\n'
)
NOXFILE = 'import nox\n@nox.session\ndef test(session):\n    session.run("python", "-V")\n'
TOX = "[tox]\nenv_list = py\n[testenv]\npackage = skip\ncommands = python -V\n"


@dataclass(frozen=True)
class Case:
    """A tool, what makes an environment with it, and what is right to say of that."""

    words: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    requirement: str = ""
    manager: str = ""
    project: bool = True
    """Whether anything in it leads back to the project: a hash, a file, an editable install."""


CASES = {
    "poetry": Case(
        ("env", "use", sys.executable), {"POETRY_VIRTUALENVS_PATH": "{home}/elsewhere"}
    ),
    "pipenv": Case(
        ("--python", sys.executable, "run", "true"), {"WORKON_HOME": "{home}/elsewhere"},
        {"Pipfile": ""},
    ),
    "pdm": Case(
        ("venv", "create", sys.executable), {"PDM_CONFIG_FILE": "{home}/pdm.toml"},
        {"../../pdm.toml": '[venv]\nin_project = false\nlocation = "{home}/elsewhere"\n'},
    ),
    "hatch": Case(("env", "create"), {"HATCH_DATA_DIR": "{home}/elsewhere"}),
    "tox": Case(
        ("run", "--notest"), {"TOX_WORK_DIR": "{home}/elsewhere"}, {"tox.ini": TOX}, project=False
    ),
    # Nox leaves no trace of itself outside of `.nox`
    "nox": Case(
        ("--envdir", "{home}/elsewhere"), files={"noxfile.py": NOXFILE}, manager="virtualenv",
        project=False,
    ),
    "pipx": Case(("install", "pycowsay"), {"PIPX_HOME": "{home}/elsewhere"}, project=False),
    "uv": Case(("sync",), {"UV_PROJECT_ENVIRONMENT": "{home}/elsewhere/env"}),
    "virtualenv": Case(
        ("{home}/elsewhere/env",), {"VIRTUALENV_NO_SETUPTOOLS": "1"}, project=False
    ),
    "virtualenv 16": Case(
        ("-p", OLD, "--no-download", "{home}/elsewhere/env"), requirement="virtualenv==16.7.10",
        manager="virtualenv", project=False,
    ),
}  # fmt: skip


def call(command: list[str], environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=300,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="session")
def tools(tmp_path_factory):
    """Return a function that gives the program of a tool, in an environment of its own."""
    folder, known = tmp_path_factory.mktemp("tools"), {}

    def program(name: str, requirement: str) -> Path:
        place = folder / name
        if name not in known:
            uv, environ = find_uv_bin(), {**os.environ, "UV_CACHE_DIR": str(folder / "cache")}
            call([uv, "venv", "-q", "--python", sys.executable, str(place)], environ, folder)
            target = ["--python", str(place / "bin/python")]
            seeds = ["setuptools<71"] if requirement != name else []
            done = call([uv, "pip", "install", "-q", *target, requirement, *seeds], environ, folder)
            known[name] = done.stderr[-300:] if done.returncode else ""
        if known[name]:
            pytest.skip(f"{requirement} cannot be installed: {known[name]}")
        return place / "bin" / requirement.partition("=")[0]

    return program


@pytest.fixture(scope="session")
def old_python() -> str:
    """Return a Python for virtualenv before 20, looked for before a test has a home of its own;
    empty where there is none."""
    for one in find_interpreters(Host.current()):
        told = isinstance(one, Interpreter) and one.implementation == "cpython" and one.version
        if told and told.startswith(f"{OLD}."):
            return os.path.realpath(one.executable)
    return ""


@pytest.mark.parametrize("tool", CASES)
def test_tool_and_project_are_found_without_the_setting(
    tool, home, host, tools, old_python, tmp_path
):
    case = CASES[tool]
    if OLD in case.words and not old_python:
        pytest.skip(f"no Python {OLD} here")
    program = tools(tool, case.requirement or tool)
    project = home / "work/blog"
    (project / "blog").mkdir(parents=True)
    (project / "blog/__init__.py").touch()
    for name, text in {"pyproject.toml": MANIFEST, **case.files}.items():
        (project / name).write_text(text.replace("{home}", str(home)))
    environ = {"PATH": f"{program.parent}{os.pathsep}{PATH}", "HOME": str(home), "LANG": "C.UTF-8"}
    environ |= {name: os.environ[name] for name in ("SSL_CERT_FILE",) if name in os.environ}
    environ |= {name: value.format(home=home) for name, value in case.variables.items()}
    words = [old_python if word == OLD else word.format(home=home) for word in case.words]
    done = call([str(program), *words], environ, project)
    catalog = Catalog(host, str(tmp_path / "index.sqlite3"))
    events = list(catalog.scan(Scope(sizes=False, interpreters=False)))
    found = {
        (one.environment.manager, one.environment.project.path)
        for one in events
        if type(one) is Found
        and "elsewhere" in one.environment.path
        and not one.environment.path.endswith("/shared")
    }
    if done.returncode and not found:
        pytest.skip(f"{tool} made no environment: {done.stderr[-300:]}")
    manager = case.manager or tool
    assert found == {(manager, str(project) if case.project else None)}
