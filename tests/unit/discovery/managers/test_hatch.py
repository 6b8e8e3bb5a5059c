"""Hatch's places, its sign on an environment, and its identifiers.

The identifiers were made by Hatch 1.18.2: `hatch.utils.fs.Path(folder).id`, with `sys.platform`
set for macOS and Windows.
"""

import os

import pytest

from envdeck.core.discovery.managers.hatch import Hatch


def paths(host):
    return [(os.path.relpath(place.path, host.home), place.depth) for place in Hatch(host).places()]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", ".local/share/hatch/env"),
        ("darwin", "Library/Application Support/hatch/env"),
        ("win32", "AppData/Local/hatch/env"),
    ],
)
def test_the_default_place_on_each_platform(on, platform, expected):
    assert paths(on(platform)) == [(expected, 4)]


@pytest.mark.parametrize(
    ("platform", "config"),
    [
        ("linux", ".config/hatch"),
        ("darwin", "Library/Application Support/hatch"),
        ("win32", "AppData/Local/hatch"),
    ],
)
def test_variable_and_settings_add_places(on, home, write, platform, config):
    write(
        home / config / "config.toml",
        '[dirs]\ndata = "~/data"\n[dirs.env]\nvirtual = "~/.virtualenvs"\n',
    )
    found = paths(on(platform, HATCH_DATA_DIR="~/other"))
    assert found[:3] == [(".virtualenvs", 3), ("other/env", 4), ("data/env", 4)]


def test_the_settings_file_may_be_elsewhere_or_broken(on, home, write):
    write(home / "mine.toml", '[dirs]\ndata = "~/data"\n')
    assert ("data/env", 4) in paths(on(HATCH_CONFIG="~/mine.toml"))
    write(home / "mine.toml", "[dirs")
    assert paths(on(HATCH_CONFIG="~/mine.toml")) == [(".local/share/hatch/env", 4)]


def test_it_claims_below_its_data_and_by_hash_in_a_shared_folder(on, home, write, make_candidate):
    write(home / ".config/hatch/config.toml", '[dirs.env]\nvirtual = "~/.virtualenvs"\n')
    host = on()
    data = home / ".local/share/hatch/env"
    assert Hatch(host).claims(make_candidate(data / "virtual/blog/Ldddji1h/blog"))
    assert Hatch(host).claims(make_candidate(data / ".internal/hatch-uv"))
    assert Hatch(host).claims(make_candidate(home / ".virtualenvs/blog/Ldddji1h/test"))
    assert not Hatch(host).claims(make_candidate(home / ".virtualenvs/blog"))
    assert not Hatch(host).claims(make_candidate(home / "blog/Ldddji1h/test"))


def test_it_claims_what_is_in_its_folder_of_a_project(on, home, write, make_candidate):
    host = on()
    assert Hatch(host).claims(make_candidate(home / "blog/.hatch/test"))
    assert not Hatch(host).claims(make_candidate(home / "blog/.environments/test"))
    write(home / ".config/hatch/config.toml", '[dirs.env]\nvirtual = "./.environments"\n')
    list(Hatch(host).places())
    assert Hatch(host).claims(make_candidate(home / "blog/.environments/test"))


@pytest.mark.parametrize(
    ("file", "content", "claimed"),
    [
        ("pyproject.toml", '[tool.hatch.envs.default]\npath = ".venv"\n', True),
        ("pyproject.toml", '[tool.hatch.envs.default]\npath = "./.venv/"\n', True),
        ("hatch.toml", '[envs.default]\npath = ".venv"\n', True),
        ("pyproject.toml", '[tool.hatch.envs.default]\npath = "env"\n', False),
        ("pyproject.toml", '[tool.hatch.envs]\ndefault = ".venv"\n', False),
        ("pyproject.toml", '[tool.hatch.envs.default\npath = ".venv"\n', False),
        ("pyproject.toml", "[tool.hatch.version]\n", False),
    ],
)
def test_it_claims_the_folder_that_a_project_declares(
    host, home, write, make_candidate, file, content, claimed
):
    write(home / "blog" / file, content)
    assert Hatch(host).claims(make_candidate(home / "blog/.venv", virtualenv="21")) is claimed
    assert not Hatch(host).claims(make_candidate(home / "blog/.venv", uv="0.13.8"))


@pytest.mark.parametrize(
    ("platform", "root", "identifier"),
    [
        ("linux", "/home/ada/work/blog", "Ldddji1h"),
        ("linux", "/home/ada/work/My Blog [v2]", "3P6Oqziz"),
        ("linux", "/home/ada/work/höhle", "oQdXnOCH"),
        ("darwin", "/Users/Ada/Work/Blog", "IYqQMGbj"),
        ("darwin", "/Users/Ada/Straße", "ouXBP1qv"),
        ("win32", "C:\\Users\\Ada\\Work\\Blog", "-AfxZCr1"),
    ],
)
def test_the_identifier_is_hatchs_and_is_read_back(on, make_candidate, platform, root, identifier):
    host = on(platform)
    assert list(Hatch(host).project_names(root)) == [identifier]
    assert Hatch(host).project_name_of(make_candidate(f"/x/blog/{identifier}/docs")) == identifier
    assert Hatch(host).project_name_of(make_candidate("/x/.internal/hatch-uv")) is None
