"""Tools whose environments are told by the folder they are in: tox, Nox and direnv."""

import os

import pytest

from envdeck.core.discovery.managers.direnv import Direnv
from envdeck.core.discovery.managers.tox import Nox, Tox
from envdeck.core.discovery.prefix import Kind
from envdeck.core.model import ProjectState

TOOLS = [(Tox, ".tox"), (Nox, ".nox"), (Direnv, ".direnv")]


def paths(tool, host):
    return [(os.path.relpath(place.path, host.home), place.depth) for place in tool(host).places()]


@pytest.mark.parametrize(("tool", "folder"), TOOLS)
def test_the_folder_above_tells(host, home, make_candidate, tool, folder):
    assert tool(host).claims(make_candidate(home / "blog" / folder / "python-3.13"))
    assert tool(host).claims(make_candidate(home / "blog" / folder / "x", Kind.LEGACY))
    assert not tool(host).claims(make_candidate(home / "blog" / folder / "x", Kind.CONDA))
    assert not tool(host).claims(make_candidate(home / "blog" / folder))
    assert not tool(host).claims(make_candidate(home / "blog" / folder / "a" / "b"))


@pytest.mark.parametrize(("tool", "folder"), TOOLS)
def test_the_project_holds_that_folder(host, home, write, make_candidate, tool, folder):
    write(home / "blog/.envrc", "layout python\n")
    link = tool(host).project(make_candidate(home / "blog" / folder / "x"))
    assert (link.state, link.path) == (ProjectState.FOUND, str(home / "blog"))
    assert link.source == f"parent of {folder}"
    assert tool(host).project(make_candidate(home / "blog/else/x")) is None


def test_tox_is_known_by_its_record_in_a_work_folder_elsewhere(on, home, write, make_candidate):
    host = on(TOX_WORK_DIR="~/tox")
    assert paths(Tox, host) == [("tox", 1)]
    assert paths(Tox, on()) == []
    path = home / "tox/py313"
    assert not Tox(host).claims(make_candidate(path))
    write(path / ".tox-info.json", "{}")
    assert Tox(host).claims(make_candidate(path))
    assert Tox(host).project(make_candidate(path)) is None


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_direnv_may_keep_its_layouts_outside_of_projects(on, home, make_candidate, platform):
    host = on(platform, XDG_CACHE_HOME="~/c", direnv_layout_dir="~/layouts")
    assert paths(Direnv, host) == [(".direnv", 1), ("c/direnv/layouts", 2), ("layouts", 1)]
    assert paths(Direnv, on(platform)) == [(".direnv", 1), (".cache/direnv/layouts", 2)]
    assert Direnv(host).claims(make_candidate(home / "c/direnv/layouts/1f/python-3.13"))
    assert Direnv(host).claims(make_candidate(home / "layouts/python-3.13"))
    assert not Direnv(host).claims(make_candidate(home / "c/python-3.13"))


def test_without_an_envrc_direnv_names_no_project(host, home, make_candidate):
    assert Direnv(host).project(make_candidate(home / ".direnv/python-3.13")) is None
