"""virtualenvwrapper's places, its sign on an environment, and its way back to the project."""

import os

import pytest

from envdeck.core.discovery.managers.venv import Virtualenvwrapper
from envdeck.core.discovery.prefix import Kind
from envdeck.core.model import ProjectState


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", [".virtualenvs"]),
        ("darwin", [".virtualenvs"]),
        ("win32", ["Envs", ".virtualenvs", "virtualenvs"]),
    ],
)
def test_places_on_each_platform(on, platform, expected):
    host = on(platform, WORKON_HOME="~/w")
    found = [os.path.relpath(place.path, host.home) for place in Virtualenvwrapper(host).places()]
    assert found == ["w", *expected]
    assert [place.path for place in Virtualenvwrapper(on(platform)).places()] == [
        os.path.join(host.home, name) for name in expected
    ]


def test_what_is_in_the_chosen_folder_is_its_own_whoever_made_it(on, home, make_candidate):
    host = on(WORKON_HOME="~/w")
    assert Virtualenvwrapper(host).claims(make_candidate(home / "w/a", command="-m venv"))
    assert Virtualenvwrapper(host).claims(make_candidate(home / "w/a", Kind.LEGACY))
    assert not Virtualenvwrapper(host).claims(make_candidate(home / "w/a", Kind.CONDA))
    assert not Virtualenvwrapper(host).claims(make_candidate(home / "w/a/b"))


def test_in_the_default_folder_it_needs_a_sign(on, home, write, make_candidate):
    host, path = on(), home / ".virtualenvs/a"
    assert Virtualenvwrapper(host).claims(make_candidate(path, virtualenv="21"))
    assert not Virtualenvwrapper(host).claims(make_candidate(path, uv="0.13.8"))
    write(path / ".project", str(home))
    assert Virtualenvwrapper(host).claims(make_candidate(path, uv="0.13.8"))


def test_the_project_file_names_the_project(host, home, write, make_candidate):
    path = home / ".virtualenvs/a"
    assert Virtualenvwrapper(host).project(make_candidate(path)) is None
    write(path / ".project", f"{home}/gone\n")
    link = Virtualenvwrapper(host).project(make_candidate(path))
    assert (link.state, link.path) == (ProjectState.GONE, f"{home}/gone")
