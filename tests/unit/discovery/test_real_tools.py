"""Environments of real tools, sent elsewhere by a setting that is not in force when they are found.

Run with `-m network`: the tools have to be on the PATH, and may ask the configured index.
"""

import os
import shutil
import subprocess
import sys

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.model import Found

pytestmark = pytest.mark.network

PATH = os.environ.get("PATH", "")
MANIFEST = '[project]\nname = "blog"\nversion = "1"\nrequires-python = ">=3.8"\n'
CASES = {
    "poetry": (["env", "use", sys.executable], {"POETRY_VIRTUALENVS_PATH": "{home}/elsewhere"}),
    "pipenv": (["--python", sys.executable, "run", "true"], {"WORKON_HOME": "{home}/elsewhere"}),
    "pdm": (["venv", "create", sys.executable], {"PDM_CONFIG_FILE": "{home}/pdm.toml"}),
    "hatch": (["env", "create"], {"HATCH_DATA_DIR": "{home}/elsewhere"}),
}


@pytest.mark.parametrize("tool", CASES)
def test_tool_and_project_are_found_without_the_setting(tool, home, host, tmp_path):
    program = shutil.which(tool, path=PATH)
    if program is None:
        pytest.skip(f"{tool} is not on the PATH")
    words, variables = CASES[tool]
    project = home / "work/blog"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text(MANIFEST)
    if tool == "pipenv":
        (project / "Pipfile").touch()
    (home / "pdm.toml").write_text(f'[venv]\nin_project = false\nlocation = "{home}/elsewhere"\n')
    environ = {"PATH": PATH, "HOME": str(home), "LANG": "C.UTF-8"}
    environ |= {name: value.format(home=home) for name, value in variables.items()}
    done = subprocess.run(
        [program, *words], cwd=project, env=environ, capture_output=True, text=True, timeout=300,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    catalog = Catalog(host, str(tmp_path / "index.sqlite3"))
    events = catalog.scan(Scope(sizes=False, interpreters=False))
    found = {
        (one.environment.manager, one.environment.project.path)
        for one in events
        if type(one) is Found and "elsewhere" in one.environment.path
    }
    if done.returncode and not found:
        pytest.skip(f"{tool} made no environment: {done.stderr[-300:]}")
    assert found == {(tool, str(project))}
