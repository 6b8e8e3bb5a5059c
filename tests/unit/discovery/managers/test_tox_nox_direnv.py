"""Tools whose environments are told by the folder they are in: tox, Nox and direnv."""

import os

import pytest

from envdeck.core.discovery.managers import direnv, nox, tox
from envdeck.core.discovery.prefix import Kind
from envdeck.core.model import ProjectState

TOOLS = [(tox.TOX, ".tox"), (nox.NOX, ".nox"), (direnv.DIRENV, ".direnv")]


def paths(tool, host):
    return [(os.path.relpath(place.path, host.home), place.depth) for place in tool.places(host)]


@pytest.mark.parametrize(("tool", "folder"), TOOLS)
def test_the_folder_above_tells(host, home, make_candidate, tool, folder):
    assert tool.claims(make_candidate(home / "blog" / folder / "python-3.13"), host)
    assert tool.claims(make_candidate(home / "blog" / folder / "x", Kind.LEGACY), host)
    assert not tool.claims(make_candidate(home / "blog" / folder / "x", Kind.CONDA), host)
    assert not tool.claims(make_candidate(home / "blog" / folder), host)
    assert not tool.claims(make_candidate(home / "blog" / folder / "a" / "b"), host)


@pytest.mark.parametrize(("tool", "folder"), TOOLS)
def test_the_project_holds_that_folder(host, home, write, make_candidate, tool, folder):
    write(home / "blog/.envrc", "layout python\n")
    link = tool.project(make_candidate(home / "blog" / folder / "x"), host)
    assert (link.state, link.path) == (ProjectState.FOUND, str(home / "blog"))
    assert link.source == f"parent of {folder}"
    assert tool.project(make_candidate(home / "blog/else/x"), host) is None


def test_tox_is_known_by_its_record_in_a_work_folder_elsewhere(on, home, write, make_candidate):
    host = on(TOX_WORK_DIR="~/tox")
    assert paths(tox.TOX, host) == [("tox", 1)]
    assert paths(tox.TOX, on()) == []
    path = home / "tox/py313"
    assert not tox.TOX.claims(make_candidate(path), host)
    write(path / ".tox-info.json", "{}")
    assert tox.TOX.claims(make_candidate(path), host)
    assert tox.TOX.project(make_candidate(path), host) is None


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_direnv_may_keep_its_layouts_outside_of_projects(on, home, make_candidate, platform):
    host = on(platform, XDG_CACHE_HOME="~/c", direnv_layout_dir="~/layouts")
    assert paths(direnv.DIRENV, host) == [(".direnv", 1), ("c/direnv/layouts", 2), ("layouts", 1)]
    assert paths(direnv.DIRENV, on(platform)) == [(".direnv", 1), (".cache/direnv/layouts", 2)]
    assert direnv.DIRENV.claims(make_candidate(home / "c/direnv/layouts/1f/python-3.13"), host)
    assert direnv.DIRENV.claims(make_candidate(home / "layouts/python-3.13"), host)
    assert not direnv.DIRENV.claims(make_candidate(home / "c/python-3.13"), host)


def test_without_an_envrc_direnv_names_no_project(host, home, make_candidate):
    assert direnv.DIRENV.project(make_candidate(home / ".direnv/python-3.13"), host) is None
