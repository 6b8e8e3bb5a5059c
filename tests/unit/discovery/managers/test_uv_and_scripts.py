"""uv's places, and how its cache tells scripts from projects.

The names in the cache were made by uv 0.13.8: `uv run --script job.py`, the same from standard
input, `uv run --with`, and `uv sync --preview-features centralized-project-envs`.
"""

import os

import pytest

from envdeck.core.discovery.managers.uv import Uv, UvScript
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
    return [(os.path.relpath(place.path, host.home), place.depth) for place in tool(host).places()]


@pytest.mark.parametrize("tool", [Uv, UvScript])
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
    found = [path for path, _ in paths(UvScript, on(platform, UV_CACHE_DIR="~/told"))]
    assert found[:2] == ["told/environments-v2", "set/environments-v2"]


def test_broken_settings_leave_the_default(on, home, write):
    write(home / ".config/uv/uv.toml", "cache-dir = [")
    assert paths(UvScript, on()) == [(".cache/uv/environments-v2", 2)]


def test_one_environment_may_be_named_by_the_variable(on):
    assert ("envs/all", 0) in paths(Uv, on(UV_PROJECT_ENVIRONMENT="~/envs/all"))
    assert len(paths(Uv, on(UV_PROJECT_ENVIRONMENT=".env"))) == 1


@pytest.mark.parametrize("path", SCRIPTS)
def test_scripts_are_told_by_their_names(host, make_candidate, path):
    candidate = make_candidate(f"/cache/uv/{path}", uv="0.13.8")
    assert UvScript(host).claims(candidate)
    assert not UvScript(host).claims(make_candidate(f"/cache/uv/{path}"))
    assert not UvScript(host).claims(make_candidate(f"/else/{path[16:]}", uv="0.13.8"))


@pytest.mark.parametrize("path", CENTRAL)
def test_central_environments_of_projects_are_not_scripts(host, make_candidate, path):
    candidate = make_candidate(f"/cache/uv/{path}", uv="0.13.8")
    assert not UvScript(host).claims(candidate)
    assert Uv(host).claims(candidate)


def test_a_central_environment_is_of_the_project_that_links_to_it(host, home, make_candidate):
    path = f"/cache/uv/{CENTRAL[0]}"
    links = (f"{home}/else/link", f"{home}/shop/.venv")
    link = Uv(host).project(make_candidate(path, links=links, uv="0.13.8"))
    assert (link.state, link.path) == (ProjectState.FOUND, f"{home}/shop")
    assert Uv(host).project(make_candidate(path, uv="0.13.8")) is None
    assert Uv(host).project(make_candidate("/x/.venv", links=links, uv="0.13.8")) is None


def test_a_script_is_named_without_a_path(host, make_candidate):
    path = f"/cache/uv/{SCRIPTS[0]}"
    link = UvScript(host).project(make_candidate(path, uv="0.13.8", prompt="job.py"))
    assert (link.state, link.path, link.source) == (ProjectState.NONE, None, "script job.py")
    assert UvScript(host).project(make_candidate(path, uv="0.13.8")) is None


def test_uv_goes_by_its_key(host, make_candidate):
    assert Uv(host).claims(make_candidate("/x/.venv", uv=""))
    assert not Uv(host).claims(make_candidate("/x/.venv", virtualenv="21"))
    assert not Uv(host).claims(make_candidate("/x/.venv", Kind.CONDA, uv="0.13.8"))
