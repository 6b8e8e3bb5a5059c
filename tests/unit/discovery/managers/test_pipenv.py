"""Pipenv's places, its sign on an environment, and its names.

The names were made by Pipenv 2026.10.3: `VenvLocator._get_virtualenv_hash` for a Pipfile at the
path shown; for Windows the path was given in Windows' form.
"""

import os

import pytest

from envdeck.core.discovery.managers.pipenv import Pipenv
from envdeck.core.discovery.prefix import Kind
from envdeck.core.model import ProjectState

NAMES = [
    ("/home/ada/work/blog", "blog-gTTtlNLs"),
    ("/home/ada/work/My (Shop) [v2] & co", "My__Shop___v2____co-pcP0IemN"),
    ("/home/ada/work/höhle", "höhle-kudqhWRC"),
    (
        "/home/ada/work/a-very-long-project-folder-name-that-goes-on-and-on",
        "a-very-long-project-folder-name-that-goes--VwfAk6I8",
    ),
]


def paths(host):
    return [os.path.relpath(place.path, host.home) for place in Pipenv(host).places()]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", ".local/share/virtualenvs"),
        ("darwin", ".local/share/virtualenvs"),
        ("win32", ".virtualenvs"),
    ],
)
def test_the_default_place_on_each_platform(on, platform, expected):
    assert paths(on(platform)) == [expected]


def test_the_variables_move_it(on):
    assert paths(on(WORKON_HOME="~/Envs")) == ["Envs", ".local/share/virtualenvs"]
    assert paths(on("darwin", XDG_DATA_HOME="~/data")) == ["data/virtualenvs"]


@pytest.mark.parametrize(("root", "name"), NAMES)
def test_the_hash_is_pipenvs_and_is_read_back_from_the_name(host, make_candidate, root, name):
    assert list(Pipenv(host).project_names(root)) == [name[-8:]]
    assert Pipenv(host).project_name_of(make_candidate(f"/stores/{name}")) == name[-8:]


@pytest.mark.parametrize("root", ["C:\\Users\\Ada\\Work\\Blog", "c:/Users/Ada/Work/Blog"])
def test_windows_writes_the_drive_in_upper_case_and_may_spell_the_folder_otherwise(on, root):
    names = list(Pipenv(on("win32")).project_names(root))
    assert names[0] == "AxOvLTQO"
    assert names[1] in Pipenv(on("win32")).project_names("C:\\Users\\Ada\\Work\\blog")


def test_it_claims_by_form_or_by_project_file_in_its_own_folder(on, home, write, make_candidate):
    host, store = on(), home / ".local/share/virtualenvs"
    assert Pipenv(host).claims(make_candidate(store / "blog-gTTtlNLs"))
    assert Pipenv(host).claims(make_candidate(store / "blog-gTTtlNLs", Kind.LEGACY))
    assert not Pipenv(host).claims(make_candidate(store / "custom"))
    write(store / "custom/.project", str(home))
    assert Pipenv(host).claims(make_candidate(store / "custom"))
    assert not Pipenv(host).claims(make_candidate(store / "blog-gTTtlNLs", Kind.CONDA))


def test_elsewhere_the_project_file_must_hash_to_the_name(on, home, write, make_candidate):
    host = on(WORKON_HOME="~/Envs")
    mine, other = home / "Envs/blog-gTTtlNLs", home / "Envs/shop-gTTtlNLs"
    write(mine / ".project", "/home/ada/work/blog")
    write(other / ".project", "/home/ada/work/shop")
    assert Pipenv(host).claims(make_candidate(mine))
    assert not Pipenv(host).claims(make_candidate(other))
    assert not Pipenv(host).claims(make_candidate(home / "Envs/none-gTTtlNLs"))


def test_a_name_with_the_python_at_its_end_is_recognised(on, home, write, make_candidate):
    """`PIPENV_PYTHON=3.12` adds `-3.12`."""
    path = home / "Envs/blog-gTTtlNLs-3.12"
    write(path / ".project", "/home/ada/work/blog")
    assert Pipenv(on(WORKON_HOME="~/Envs")).claims(make_candidate(path))


@pytest.mark.parametrize(
    ("files", "cfg", "claimed"),
    [
        (["Pipfile"], {"virtualenv": "21"}, True),
        (["Pipfile", ".pdm-python"], {"virtualenv": "21"}, False),
        (["Pipfile", ".pdm-python", ".venv/.project"], {"virtualenv": "21"}, True),
        (["Pipfile", ".venv/.project"], {"command": "-m venv"}, True),
        (["Pipfile"], {"uv": "0.13.8"}, False),
        ([".venv/.project"], {"virtualenv": "21"}, False),
    ],
)
def test_in_a_project_it_goes_by_the_pipfile(
    host, home, write, make_candidate, files, cfg, claimed
):
    for name in files:
        write(home / "blog" / name)
    assert Pipenv(host).claims(make_candidate(home / "blog/.venv", **cfg)) is claimed


def test_the_project_file_names_the_project(host, home, write, make_candidate):
    path = home / ".local/share/virtualenvs/blog-x"
    candidate = make_candidate(path)
    assert Pipenv(host).project(candidate) is None
    write(path / ".project", f"{home}\n")
    link = Pipenv(host).project(candidate)
    assert (link.state, link.path, link.source) == (
        ProjectState.FOUND, str(home), ".project file",
    )  # fmt: skip
    write(path / ".project", f"{home}/no more/")
    link = Pipenv(host).project(candidate)
    assert (link.state, link.path) == (ProjectState.GONE, f"{home}/no more")


@pytest.mark.parametrize("content", [b"", b"\n", b"relative", b"/a\0b", b"/" * 9000])
def test_a_project_file_that_names_nothing_is_no_link(host, home, write, make_candidate, content):
    write(home / "x/.project", content)
    assert Pipenv(host).project(make_candidate(home / "x")) is None


def test_a_project_whose_name_is_not_utf8_is_found(host, home, write, make_candidate):
    root = os.fsencode(home) + b"/caf\xe9"
    os.mkdir(root)
    write(home / "x/.project", root)
    link = Pipenv(host).project(make_candidate(home / "x"))
    assert (link.state, os.fsencode(link.path)) == (ProjectState.FOUND, root)
