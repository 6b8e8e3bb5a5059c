"""Poetry's places, its sign on an environment, and its names.

The names were made by Poetry 2.5.1: `EnvManager.generate_env_name(name, folder)` on Linux, and
the same with `ntpath`'s `normcase` for Windows.
"""

import os

import pytest

from envdeck.core.discovery.managers.poetry import Poetry
from envdeck.core.discovery.prefix import Kind

NAMES = [
    ("/home/ada/work/blog", "blog-Ldddji1h"),
    ("/home/ada/work/My Blog [v2]", "my.blog-3P6Oqziz"),
    ("/home/ada/work/höhle", "x-very-long-project-name-that-goes-on-and--oQdXnOCH"),
    ("/home/ada/work/b\udcffd", "odd-lb_PIFNU"),
    ("/home/ada/work/a\nb", "nl-_G70LpWZ"),
]


def paths(host):
    return [os.path.relpath(place.path, host.home) for place in Poetry(host).places()]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", ".cache/pypoetry/virtualenvs"),
        ("darwin", "Library/Caches/pypoetry/virtualenvs"),
        ("win32", "AppData/Local/pypoetry/Cache/virtualenvs"),
    ],
)
def test_the_default_place_on_each_platform(on, platform, expected):
    assert paths(on(platform)) == [expected]


def test_windows_takes_the_folder_from_its_variable(on, home):
    host = on("win32", LOCALAPPDATA=str(home / "Local"))
    assert paths(host) == ["Local/pypoetry/Cache/virtualenvs"]


def test_variables_come_first_and_the_default_stays_known(on):
    host = on(POETRY_VIRTUALENVS_PATH="~/elsewhere", POETRY_CACHE_DIR="~/big/poetry")
    assert paths(host) == ["elsewhere", "big/poetry/virtualenvs", ".cache/pypoetry/virtualenvs"]


@pytest.mark.parametrize(
    ("platform", "config"),
    [
        ("linux", ".config/pypoetry"),
        ("darwin", "Library/Application Support/pypoetry"),
        ("win32", "AppData/Roaming/pypoetry"),
    ],
)
def test_the_settings_name_the_folder_in_terms_of_the_cache(on, home, write, platform, config):
    write(
        home / config / "config.toml",
        f'cache-dir = "{home}/big"\n[virtualenvs]\npath = "{{cache-dir}}/envs"\n',
    )
    assert paths(on(platform))[:2] == ["big/envs", "big/virtualenvs"]


@pytest.mark.parametrize(
    "content",
    [b"[virtualenvs\npath", b"\xff\xfe", b"virtualenvs = 3", b'[virtualenvs]\npath = ["x"]\n',
     b'[virtualenvs]\npath = "relative"\n', b"a = " + b"[" * 5000],
)  # fmt: skip
def test_broken_settings_leave_the_default(on, home, write, content):
    write(home / ".config/pypoetry/config.toml", content)
    assert paths(on()) == [".cache/pypoetry/virtualenvs"]


def test_it_claims_all_in_its_own_folder_and_its_names_in_a_shared_one(on, home, make_candidate):
    host = on(POETRY_VIRTUALENVS_PATH="~/envs")
    own = home / ".cache/pypoetry/virtualenvs"
    assert Poetry(host).claims(make_candidate(own / "blog-Ldddji1h-py3.12"))
    assert Poetry(host).claims(make_candidate(own / "odd"))
    assert Poetry(host).claims(make_candidate(home / "envs/blog-Ldddji1h-py3.12"))
    assert Poetry(host).claims(make_candidate(home / "envs/blog-Ldddji1h-py3.12", Kind.LEGACY))
    assert not Poetry(host).claims(make_candidate(home / "envs/blog"))
    assert not Poetry(host).claims(make_candidate(home / "other/blog-Ldddji1h-py3.12"))
    assert not Poetry(host).claims(make_candidate(own / "blog-Ldddji1h-py3.12", Kind.CONDA))


def test_a_home_behind_a_link_is_recognised(home, on, make_candidate, tmp_path):
    (tmp_path / "link").symlink_to(home)
    host = on(POETRY_VIRTUALENVS_PATH=str(tmp_path / "link" / "envs"))
    assert Poetry(host).claims(make_candidate(home / "envs/blog-Ldddji1h-py3.12"))


def test_a_changed_setting_is_seen_at_the_next_scan(on, home, write, make_candidate):
    host, candidate = on(), make_candidate(home / "envs/blog-Ldddji1h-py3.12")
    assert not Poetry(host).claims(candidate)
    write(home / ".config/pypoetry/config.toml", f'[virtualenvs]\npath = "{home}/envs"\n')
    assert paths(host)[0] == "envs"
    assert Poetry(host).claims(candidate)


@pytest.mark.parametrize(
    ("files", "cfg", "claimed"),
    [
        ({"poetry.toml": "[virtualenvs]\nin-project = true\n"}, {"command": "-m venv"}, True),
        ({"poetry.toml": "[virtualenvs]\nin-project = true\n"}, {"uv": "0.13.8"}, False),
        ({"poetry.toml": "[virtualenvs]\nin-project = false\n", "poetry.lock": ""},
         {"virtualenv": "21"}, False),
        ({"poetry.toml": "in-project = [broken", "poetry.lock": ""}, {"virtualenv": "21"}, True),
        ({"poetry.lock": ""}, {"virtualenv": "21"}, True),
        ({"poetry.lock": ""}, {"virtualenv": "21", "prompt": '"blog-3.13"'}, False),
        ({"poetry.lock": ""}, {"command": "python -m venv .venv"}, False),
        ({"pyproject.toml": ""}, {"virtualenv": "21", "prompt": '"blog-py3.13"'}, True),
        ({}, {"virtualenv": "21", "prompt": '"blog-py3.13"'}, False),
        ({"pyproject.toml": ""}, {"virtualenv": "21"}, False),
    ],
)  # fmt: skip
def test_in_a_project_it_goes_by_its_own_files(
    host, home, write, make_candidate, files, cfg, claimed
):
    for name, content in files.items():
        write(home / "blog" / name, content)
    assert Poetry(host).claims(make_candidate(home / "blog/.venv", **cfg)) is claimed
    assert not Poetry(host).claims(make_candidate(home / "blog/other", **cfg))


@pytest.mark.parametrize(("root", "name"), NAMES)
def test_the_hash_is_poetrys_and_is_read_back_from_the_name(host, make_candidate, root, name):
    assert list(Poetry(host).project_names(root)) == [name[-8:]]
    candidate = make_candidate(f"/stores/{name}-py3.13")
    assert Poetry(host).project_name_of(candidate) == name[-8:]


def test_windows_hashes_the_path_in_lower_case(on, make_candidate):
    """A hash may begin with the dash that separates it from the name."""
    host = on("win32")
    for root in ("C:\\Users\\Ada\\Work\\Blog", "c:/users/ada/work/blog"):
        assert list(Poetry(host).project_names(root)) == ["-AfxZCr1"]
    assert Poetry(host).project_name_of(make_candidate("blog--AfxZCr1-py3.8")) == "-AfxZCr1"


@pytest.mark.parametrize("name", ["blog", "blog-py3.12", "blog-short-py3.12", "a-Ldddji1h-3.12"])
def test_other_names_hold_no_hash(host, make_candidate, name):
    assert Poetry(host).project_name_of(make_candidate(f"/stores/{name}")) is None
