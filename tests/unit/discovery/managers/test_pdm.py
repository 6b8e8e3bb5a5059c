"""PDM's places, its sign on an environment, and its names.

The names were made by PDM 2.29.3: `get_venv_prefix` for a project with that root; for Windows
with a `PureWindowsPath`.
"""

import os

import pytest

from envdeck.core.discovery.managers.pdm import Pdm

NAMES = [
    ("/home/ada/work/blog", "blog-PgukVryC"),
    ("/home/ada/work/My Blog [v2]", "My Blog [v2]-rh6Ip3zq"),
    ("/home/ada/work/höhle", "höhle-_f3hLvCw"),
    ("/home/ada/work/a-b-c", "a-b-c-0lHlstDY"),
]


def paths(host):
    return [os.path.relpath(place.path, host.home) for place in Pdm(host).places()]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", ".local/share/pdm/venvs"),
        ("darwin", "Library/Application Support/pdm/venvs"),
        ("win32", "AppData/Local/pdm/pdm/venvs"),
    ],
)
def test_the_default_place_on_each_platform(on, platform, expected):
    assert paths(on(platform)) == [expected]


@pytest.mark.parametrize(
    ("platform", "config"),
    [
        ("linux", ".config/pdm"),
        ("darwin", "Library/Application Support/pdm"),
        ("win32", "AppData/Local/pdm/pdm"),
    ],
)
def test_the_settings_move_it(on, home, write, platform, config):
    write(home / config / "config.toml", '[venv]\nlocation = "~/envs"\n')
    assert paths(on(platform))[0] == "envs"


@pytest.mark.parametrize("content", ["[venv", '[venv]\nlocation = "here"', "venv = []"])
def test_broken_settings_leave_the_default(on, home, write, content):
    write(home / ".config/pdm/config.toml", content)
    assert paths(on()) == [".local/share/pdm/venvs"]


def test_it_claims_all_in_its_own_folder_and_its_names_in_a_shared_one(
    on, home, write, make_candidate
):
    write(home / ".config/pdm/config.toml", f'[venv]\nlocation = "{home}/envs"\n')
    host = on()
    assert Pdm(host).claims(make_candidate(home / ".local/share/pdm/venvs/odd"))
    assert Pdm(host).claims(make_candidate(home / "envs/blog-PgukVryC-docs"))
    assert not Pdm(host).claims(make_candidate(home / "envs/blog"))
    assert not Pdm(host).claims(make_candidate(home / "else/blog-PgukVryC-docs"))


@pytest.mark.parametrize(
    ("files", "name", "claimed"),
    [
        ({".pdm-python": "{env}/bin/python"}, ".venv", True),
        ({".pdm-python": "{env}/bin/python\n"}, "env", True),
        ({".pdm-python": "{env}-other/bin/python", "pdm.lock": ""}, ".venv", False),
        ({".pdm-python": "/usr/bin/python", "pdm.lock": ""}, ".venv", False),
        ({".pdm-python": "\0", "pdm.lock": ""}, ".venv", False),
        ({"pdm.lock": ""}, "venv", True),
        ({"pdm.lock": "", "uv.lock": ""}, ".venv", False),
        ({"pdm.lock": ""}, "other", False),
        ({"pyproject.toml": ""}, ".venv", False),
    ],
)
def test_in_a_project_it_goes_by_its_own_files(
    host, home, write, make_candidate, files, name, claimed
):
    env = home / "blog" / name
    for file, content in files.items():
        write(home / "blog" / file, content.format(env=env))
    assert Pdm(host).claims(make_candidate(env, uv="0.13.8")) is claimed


def test_the_pointer_is_followed_through_a_link(host, home, write, make_candidate):
    write(home / "blog/.venv/pyvenv.cfg")
    (home / "link").symlink_to(home / "blog")
    write(home / "blog/.pdm-python", f"{home}/link/.venv/bin/python")
    assert Pdm(host).claims(make_candidate(home / "blog/.venv"))


@pytest.mark.parametrize(("root", "name"), NAMES)
def test_the_name_is_pdms_and_is_read_back(host, make_candidate, root, name):
    assert list(Pdm(host).project_names(root)) == [name]
    for end in ("3.13", "3.13t", "3.8-32", "docs"):
        assert Pdm(host).project_name_of(make_candidate(f"/stores/{name}-{end}")) == name


def test_windows_hashes_the_path_with_forward_slashes(on):
    names = list(Pdm(on("win32")).project_names("C:\\Users\\Ada\\Work\\Blog"))
    assert names == ["Blog-78hE5IRQ"]


@pytest.mark.parametrize("name", ["blog", "blog-3.12", "blog-PgukVryC"])
def test_other_names_tell_nothing(host, make_candidate, name):
    assert Pdm(host).project_name_of(make_candidate(f"/stores/{name}")) is None
