"""Why an environment must not be deleted, said before anyone asks."""

import sys
from dataclasses import replace

import pytest

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection.protection import protection


def asked(path, host):
    candidate = recognise(str(path))
    return protection(candidate, manager_of(candidate, managers(host)), host)


def test_an_ordinary_one_may_go(home, host, make_venv):
    assert asked(make_venv(home / "api" / ".venv"), host) is None


@pytest.mark.parametrize("name", [".git", "pyproject.toml", "setup.py", "requirements.txt"])
def test_the_root_of_a_project_stays(home, host, make_venv, name):
    path = make_venv(home / "app")
    (path / name).mkdir()
    assert asked(path, host) == f"protected-path: root of a project (has {name})"


def test_what_is_not_one_for_sure_stays(home, host):
    (home / "work").mkdir()
    (home / "work" / "pyvenv.cfg").touch()
    assert asked(home / "work", host) == "not-an-environment: pyvenv.cfg has no home key"


def test_the_home_folder_stays(home, host, make_venv):
    made = make_venv(home / "made")
    at_home = replace(host, home=str(made))
    assert asked(made, at_home).startswith("protected-path: ")


def test_the_one_that_runs_us_stays(home, host, make_venv, monkeypatch):
    path = make_venv(home / "own")
    monkeypatch.setattr(sys, "prefix", str(path))
    assert asked(path, host) == "self: EnvDeck runs from this environment"
