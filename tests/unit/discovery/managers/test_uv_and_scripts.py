"""uv's places, and how its cache tells scripts from projects.

The names in the cache were made by uv 0.13.8: `uv run --script job.py`, the same from standard
input, `uv run --with`, and `uv sync --preview-features centralized-project-envs`.
"""

import os

import pytest

from envdeck.core.discovery.managers import uv
from envdeck.core.discovery.managers import uv as uv_script
from envdeck.core.discovery.prefix import Kind
from envdeck.core.model import ProjectState

SCRIPTS = [
    "environments-v2/job-4e0b510be963ec57",
    "environments-v2/my-job-029a71ca92ffcb04",
    "environments-v2/949638415533ba37",
    "environments-v1/0123456789abcdef/fedcba9876543210",
    "archive-v0/k8ui0LNSYVRSbvXl",
]
CENTRAL = [
    "environments-v2/shop-app-cp3.13.0-f89855d536887767",
    "environments-v2/shop-app-pp3.10.16-25a852999dc0957e",
    "environments-v2/shop-cp3.14.0rc1+freethreaded-25a852999dc0957e",
]


def paths(tool, host):
    return [(os.path.relpath(place.path, host.home), place.depth) for place in tool.places(host)]


@pytest.mark.parametrize("tool", [uv.UV, uv_script.UV_SCRIPT])
@pytest.mark.parametrize(
    ("platform", "cache"),
    [("linux", ".cache/uv"), ("darwin", ".cache/uv"), ("win32", "AppData/Local/uv/cache")],
)
def test_the_cache_on_each_platform(on, home, tool, platform, cache):
    assert paths(tool, on(platform)) == [(f"{cache}/environments-v2", 2)]
    for name in ("environments-v3", "environments-v1", "archive-v0"):
        (home / cache / name).mkdir(parents=True)
    found = [(f"{cache}/environments-v{number}", 2) for number in (1, 3)]
    assert paths(tool, on(platform)) == found


@pytest.mark.parametrize(
    ("platform", "config"),
    [("linux", ".config/uv"), ("darwin", ".config/uv"), ("win32", "AppData/Roaming/uv")],
)
def test_variable_and_settings_move_the_cache(on, home, write, platform, config):
    write(home / config / "uv.toml", 'cache-dir = "~/set"\n')
    found = [path for path, _ in paths(uv_script.UV_SCRIPT, on(platform, UV_CACHE_DIR="~/told"))]
    assert found[:2] == ["told/environments-v2", "set/environments-v2"]


def test_broken_settings_leave_the_default(on, home, write):
    write(home / ".config/uv/uv.toml", "cache-dir = [")
    assert paths(uv_script.UV_SCRIPT, on()) == [(".cache/uv/environments-v2", 2)]


def test_one_environment_may_be_named_by_the_variable(on):
    assert ("envs/all", 0) in paths(uv.UV, on(UV_PROJECT_ENVIRONMENT="~/envs/all"))
    assert len(paths(uv.UV, on(UV_PROJECT_ENVIRONMENT=".env"))) == 1


@pytest.mark.parametrize("path", SCRIPTS)
def test_scripts_are_told_by_their_names(host, make_candidate, path):
    candidate = make_candidate(f"/cache/uv/{path}", uv="0.13.8")
    assert uv_script.UV_SCRIPT.claims(candidate, host)
    assert not uv_script.UV_SCRIPT.claims(make_candidate(f"/cache/uv/{path}"), host)
    assert not uv_script.UV_SCRIPT.claims(make_candidate(f"/else/{path[16:]}", uv="0.13.8"), host)


@pytest.mark.parametrize("path", CENTRAL)
def test_central_environments_of_projects_are_not_scripts(host, make_candidate, path):
    candidate = make_candidate(f"/cache/uv/{path}", uv="0.13.8")
    assert not uv_script.UV_SCRIPT.claims(candidate, host)
    assert uv.UV.claims(candidate, host)


def test_a_central_environment_is_of_the_project_that_links_to_it(host, home, make_candidate):
    path = f"/cache/uv/{CENTRAL[0]}"
    links = (f"{home}/else/link", f"{home}/shop/.venv")
    link = uv.UV.project(make_candidate(path, links=links, uv="0.13.8"), host)
    assert (link.state, link.path) == (ProjectState.FOUND, f"{home}/shop")
    assert uv.UV.project(make_candidate(path, uv="0.13.8"), host) is None
    assert uv.UV.project(make_candidate("/x/.venv", links=links, uv="0.13.8"), host) is None


def test_a_script_is_named_without_a_path(host, make_candidate):
    path = f"/cache/uv/{SCRIPTS[0]}"
    link = uv_script.UV_SCRIPT.project(make_candidate(path, uv="0.13.8", prompt="job.py"), host)
    assert (link.state, link.path, link.source) == (ProjectState.NONE, None, "script job.py")
    assert uv_script.UV_SCRIPT.project(make_candidate(path, uv="0.13.8"), host) is None


def test_uv_goes_by_its_key(host, make_candidate):
    assert uv.UV.claims(make_candidate("/x/.venv", uv=""), host)
    assert not uv.UV.claims(make_candidate("/x/.venv", virtualenv="21"), host)
    assert not uv.UV.claims(make_candidate("/x/.venv", Kind.CONDA, uv="0.13.8"), host)
