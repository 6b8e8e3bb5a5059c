"""The registry of managers: one file is a manager, and each look makes its own."""

from dataclasses import replace

import pytest

from envdeck.core.discovery import managers as package
from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import lock_files, lock_manager, manager_classes, managers

HUAK = """
from envdeck.core.discovery.managers.base import LockFile, Manager

class Huak(Manager):
    name = "huak"
    rank = 5
    lock = LockFile("huak.lock", ("huak", "lock"), sync=("huak", "sync"))

    def claims(self, candidate):
        return candidate.path.endswith("-huak")
"""


@pytest.fixture
def one_more(tmp_path, monkeypatch):
    """Give the package one more file for the time of a test."""
    (tmp_path / "huak_of_a_test.py").write_text(HUAK)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    caches = (manager_classes, lock_files)
    for one in caches:
        one.cache_clear()
    yield
    monkeypatch.undo()
    for one in caches:
        one.cache_clear()


def test_one_more_manager_is_one_file(one_more, host, make_candidate):
    assert manager_of(make_candidate("/x/blog-huak"), managers(host)).name == "huak"
    assert lock_manager("huak.lock") == "huak"
    assert lock_files()["huak"].commands(["rich"]) == (("huak", "lock", "rich"), ("huak", "sync"))


def test_each_has_its_own_name_rank_and_lock_file():
    kinds = manager_classes()
    for told in ([kind.name for kind in kinds], [kind.rank for kind in kinds]):
        assert len(set(told)) == len(told)
    assert {name: lock.name for name, lock in lock_files().items()} == {
        "poetry": "poetry.lock", "pipenv": "Pipfile.lock", "pdm": "pdm.lock", "uv": "uv.lock",
    }  # fmt: skip
    assert lock_manager("pylock.toml") == ""


def test_a_new_look_sees_what_was_changed(host, home, write, make_candidate):
    candidate = make_candidate(home / "envs/blog-Ldddji1h-py3.12")
    before = managers(host)
    assert manager_of(candidate, before).name == "venv"
    write(home / ".config/pypoetry/config.toml", f'[virtualenvs]\npath = "{home}/envs"\n')
    assert manager_of(candidate, managers(host)).name == "poetry"
    assert manager_of(candidate, before).name == "venv", "one look is true of one moment"


def test_two_hosts_share_nothing(on, home, make_candidate):
    told = on(POETRY_VIRTUALENVS_PATH="~/envs")
    untold = replace(told, environ={})
    candidate = make_candidate(home / "envs/blog-Ldddji1h-py3.12")
    both = managers(told), managers(untold)
    for _ in range(2):  # asked by turns
        assert [manager_of(candidate, every).name for every in both] == ["poetry", "venv"]
