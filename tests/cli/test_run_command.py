"""`envdeck run`: a command in the place of the program, with an environment active."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from envdeck.cli import launch
from envdeck.core.index import database
from envdeck.core.model import Status
from support.program import run_program

SAYS = "import os, sys; print(sys.prefix, os.getcwd(), os.environ['VIRTUAL_ENV']); sys.exit(7)"


@pytest.fixture
def project(home, make_venv):
    """A project with an environment in it."""
    path = home / "work/api/.venv"
    make_venv(path)
    (home / "work/api/pyproject.toml").write_text("[project]\nname = 'api'\n")
    return path.parent


def envdeck(*arguments, home, **options):
    return subprocess.run(
        [sys.executable, "-m", "envdeck", *arguments],
        env={**os.environ, "HOME": str(home), "PYTHONHOME": "", "SHELL": "/bin/sh"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def forked(*arguments, home):
    environ = {**os.environ, "HOME": str(home), "PYTHONHOME": "", "SHELL": "/bin/sh"}
    return run_program(*arguments, environ=environ, cwd=home)


@pytest.mark.parametrize("name", ["work/api", "work/api/.venv", "api", "api/.venv"])
def test_the_command_runs_in_the_project_with_the_environment_active(project, home, name):
    done = envdeck("run", name, "--", "python", "-c", SAYS, home=home, cwd=home)
    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout.split() == [f"{project}/.venv", str(project), f"{project}/.venv"]


def test_without_a_command_it_is_the_shell(project, home):
    done = envdeck("run", "work/api", home=home, cwd=home, input='echo "$VIRTUAL_ENV"; exit 4\n')
    assert (done.returncode, done.stdout.strip()) == (4, f"{project}/.venv")
    assert done.stderr == "note: shell with ~/work/api/.venv active; `exit` ends it\n"


def test_a_command_that_cannot_be_started(project, home):
    missing = envdeck("run", "work/api", "--", "no-such", home=home, cwd=home)
    assert (missing.returncode, missing.stderr) == (127, "error: command not found: no-such\n")
    (project / "plain").touch()
    refused = envdeck("run", "work/api", "--", "./plain", home=home, cwd=home)
    assert refused.returncode == 126
    assert refused.stderr == "error: cannot run ./plain: permission denied\n"


def test_what_stands_in_its_project_waits_for_no_import(project):
    code = """
import os, sys
before = set(sys.modules)
os.execvpe = lambda *_: sys.exit(" ".join(sorted(set(sys.modules) - before)))
from envdeck.__main__ import main
main(["run", sys.argv[1], "--", "true"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(project)], capture_output=True, text=True, check=False
    )
    loaded = done.stderr.split()
    assert "envdeck.cli.launch" in loaded
    read = set(loaded) - set(sys.builtin_module_names)  # what is built in is there already
    assert len(read) <= 13, loaded


def test_a_broken_environment_runs_nothing(cli, catalog, environment, home, monkeypatch):
    ran = []
    monkeypatch.setattr(launch.os, "execvpe", lambda *given: ran.append(given))
    broken = environment("work/api/.venv", status=Status.BROKEN, reason="base not found")
    catalog.environments = [broken]
    result = cli("run", "api", "--", "true")
    assert (result.code, ran) == (1, [])
    assert result.err.splitlines() == [
        "error: `~/work/api/.venv` is broken: base not found",
        "hint: envdeck recreate ~/work/api/.venv",
    ]
    catalog.environments = [replace(broken, status=Status.OK)]
    monkeypatch.chdir(home)
    assert cli("run", "nothing", "--", "true").code == 2
    assert ran == []


def test_the_command_stands_behind_two_dashes(cli):
    result = cli("run", "api", "pytest")
    assert result.code == 2
    assert "hint: envdeck run api -- pytest" in result.err


def test_where_a_process_cannot_be_replaced(cli, catalog, environment, host, home, monkeypatch):
    catalog.environments = [environment("work/api/.venv")]
    (home / "work/api/.venv/Scripts").mkdir(parents=True)
    (home / "work/api/.venv/bin").mkdir()
    program = home / "work/api/.venv/bin/tool"
    program.write_text(f"#!/bin/sh\npwd > {home}/said\nexit 5\n")
    program.chmod(0o755)
    windows = replace(host, platform="win32")
    assert cli("run", "api", "--", "tool", host=windows).code == 5
    assert (home / "said").read_text() == f"{home}/work/api\n"
    assert cli("run", "api", "--", "nothing", host=windows).code == 1


@pytest.fixture
def known(project, home, make_venv):
    """An environment elsewhere that belongs to a project, and another project's; all in the
    index."""
    tool = home / "envs/tool"
    make_venv(tool)
    (tool / ".project").write_text(str(project))
    other = home / "work/web/.venv"
    make_venv(other)
    (other.parent / "pyproject.toml").write_text("[project]\nname = 'web'\n")
    assert forked("list", "--no-size", home=home).returncode == 0
    return home


@pytest.mark.parametrize(
    "name", ["web", "web/.venv", "work/web/.venv", "api/.venv", "envs/tool", "tool", "nothing",
             ".venv", "e", "work", "web/"],
)  # fmt: skip
def test_the_index_finds_at_once_what_a_whole_look_finds(known, home, name, monkeypatch):
    monkeypatch.chdir(home)
    environ = {"HOME": str(home)}
    found = launch.find_directly(name) or launch.find_remembered(name, environ)
    slow = ["-q", "run", name, "--", "sh", "-c", 'echo "$VIRTUAL_ENV $PWD"']
    done = forked(*slow, home=home)
    if found is not None:
        assert done.stdout.split() == [*found]
        assert done.returncode == 0


def test_a_name_is_found_in_the_index_without_the_rest_of_the_program(known, home, monkeypatch):
    monkeypatch.chdir(home)
    found = launch.find_remembered("web", {"HOME": str(home)})
    assert found == (f"{home}/work/web/.venv", f"{home}/work/web")
    code = f"""
import sys
from envdeck.cli.launch import find_remembered
assert find_remembered("web", {{"HOME": {str(home)!r}}})
print(*(name for name in sys.modules if name.startswith(("envdeck.core", "envdeck.config"))))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=home
    )
    assert set(done.stdout.split()) <= {
        *("envdeck.core", "envdeck.core.system", "envdeck.core.system.activate"),
    }


def test_the_index_is_not_asked_where_a_configuration_names_other_roots(known, home, monkeypatch):
    monkeypatch.chdir(home)
    (home / ".config/envdeck").mkdir(parents=True)
    (home / ".config/envdeck/config.toml").write_text("")
    assert launch.find_remembered("web", {"HOME": str(home)}) is None
    environ = {"HOME": "/nowhere", "ENVDECK_CONFIG": "/x"}
    assert launch.find_remembered("web", environ) is None


def test_an_index_that_is_damaged_or_newer_is_left_to_the_rest_of_the_program(
    known, home, monkeypatch
):
    monkeypatch.chdir(home)
    (index,) = home.glob(".cache/envdeck/index.sqlite3")
    with sqlite3.connect(index) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert launch.find_remembered("web", {"HOME": str(home)}) is None
    index.write_bytes(b"SQLite format 3\0 no more")
    assert launch.find_remembered("web", {"HOME": str(home)}) is None
    index.unlink()
    assert launch.find_remembered("web", {"HOME": str(home)}) is None


def test_the_marks_of_the_index_are_its_own():
    assert (launch._MARK, launch._VERSION) == (database.APPLICATION_ID, database.VERSION)
