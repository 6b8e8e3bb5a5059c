"""Rye: its mark, its folder, and what it keeps for itself."""

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.model import ProjectState


def manager(host, candidate):
    return manager_of(candidate, managers(host))


@pytest.mark.parametrize(
    ("environ", "folder"), [({}, ".rye"), ({"RYE_HOME": "~/opt/rye"}, "opt/rye")]
)
@pytest.mark.parametrize("place", ["self/venv", "tools/black"])
def test_its_own_environment_and_its_tools(on, home, write, tmp_path, environ, folder, place):
    path = home / folder / place
    write(path / "pyvenv.cfg", "home = /usr/bin\nuv = 0.5.1\n")
    write(path / "bin/python")
    (path / "lib/python3.12/site-packages").mkdir(parents=True)
    write(path / "rye-venv.json", "{}")
    host = on(**environ)
    found = Catalog(host, str(tmp_path / "index.sqlite3")).lookup(str(path))
    assert found.manager == "rye"
    assert (found.project.state, found.project.source) == (
        ProjectState.NONE, "environment of an installed tool",
    )  # fmt: skip
    own = "owned-by-tool: rye itself is installed in it" if place == "self/venv" else None
    assert found.protected == own


def test_a_tool_is_removed_by_rye(host, home, make_candidate):
    candidate = make_candidate(home / ".rye/tools/black")
    assert manager(host, candidate).removal(candidate) == ("rye", "uninstall", "black")
    beside = make_candidate(home / ".rye/other/black")
    assert manager(host, beside).name == "venv"


def test_its_mark_in_a_project(host, home, write, make_candidate):
    candidate = make_candidate(home / "blog/.venv", uv="0.5.1")
    assert manager(host, candidate).name == "uv"
    write(home / "blog/.venv/rye-venv.json", "{}")
    assert manager(host, candidate).name == "rye"
    assert manager(host, candidate).removal(candidate) is None
    assert manager(host, candidate).project(candidate) is None
    write(home / "blog/uv.lock")
    assert manager(host, candidate).name == "uv", "the project went on to uv, the mark stayed"


def test_its_mark_elsewhere_tells_nothing(host, home, write, make_candidate):
    write(home / "blog/other/rye-venv.json", "{}")
    assert manager(host, make_candidate(home / "blog/other")).name == "venv"
