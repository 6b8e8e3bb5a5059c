"""pipx: every home it has had, and the shared environment that is never to go."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.discovery.managers.pipx import Pipx
from envdeck.core.discovery.prefix import EnvironmentCandidate, recognise
from envdeck.core.model import Refusal
from envdeck.core.system.host import Host

MakeVenv = Callable[..., Path]


def candidate_at(path: Path) -> EnvironmentCandidate:
    found = recognise(os.path.realpath(path))
    assert found is not None
    return found


def places(host: Host) -> set[tuple[str, int]]:
    return {(os.path.relpath(place.path, host.home), place.depth) for place in Pipx(host).places()}


def test_linux_has_the_new_home_the_old_and_the_global_one(host: Host) -> None:
    assert {
        (".local/share/pipx/venvs", 1),
        (".local/share/pipx/shared", 0),
        (".local/pipx/venvs", 1),
        (".local/pipx/shared", 0),
        (".cache/pipx", 1),
        (os.path.relpath(host.system("opt", "pipx", "venvs"), host.home), 1),
    } <= places(host)


def test_macos_and_windows_have_their_own(host: Host) -> None:
    assert {
        ("Library/Application Support/pipx/venvs", 1),
        (".local/pipx/venvs", 1),
        ("Library/Caches/pipx", 1),
    } <= places(replace(host, platform="darwin"))
    assert {
        ("AppData/Local/pipx/pipx/venvs", 1),
        ("pipx/venvs", 1),
        ("AppData/Local/pipx/pipx/Cache", 1),
    } <= places(replace(host, platform="win32"))


@pytest.mark.parametrize("variable", ["PIPX_HOME", "PIPX_GLOBAL_HOME"])
def test_variables_name_further_homes(host: Host, variable: str) -> None:
    moved = replace(host, environ={variable: "~/px/"})
    assert {("px/venvs", 1), ("px/shared", 0), ("px/.cache", 1)} <= places(moved)


def test_it_claims_by_metadata_and_by_place(home: Path, host: Host, make_venv: MakeVenv) -> None:
    in_place = make_venv(home / ".local/share/pipx/venvs/black", creator="uv")
    elsewhere = make_venv(home / "px/venvs/black", creator="uv")
    assert Pipx(host).claims(candidate_at(in_place))
    assert not Pipx(host).claims(candidate_at(elsewhere))
    (elsewhere / "pipx_metadata.json").write_text("{}")
    assert Pipx(host).claims(candidate_at(elsewhere))
    assert Pipx(host).refuses(candidate_at(elsewhere)) is None


def test_shared_in_a_home_is_claimed_and_refused(
    home: Path, host: Host, make_venv: MakeVenv
) -> None:
    shared = candidate_at(make_venv(home / ".local/share/pipx/shared", creator="uv"))
    assert Pipx(host).claims(shared)
    message = "all pipx environments use pip from this one"
    assert Pipx(host).refuses(shared) == Refusal("owned-by-tool", message, path=shared.path)
    assert Pipx(host).project(shared).source == "shared by all pipx environments"


def test_shared_is_refused_in_a_home_that_no_variable_names_now(
    home: Path, host: Host, make_venv: MakeVenv
) -> None:
    shared = make_venv(home / "px/shared", creator="uv")
    assert Pipx(host).refuses(candidate_at(shared)) is None
    command = home / "px/venvs/black"
    command.mkdir(parents=True)
    (command / "pipx_metadata.json").write_text("{}")
    assert Pipx(host).claims(candidate_at(shared))
    assert Pipx(host).refuses(candidate_at(shared))


def test_shared_named_by_its_variable_through_a_link(
    home: Path, host: Host, make_venv: MakeVenv
) -> None:
    libraries = make_venv(home / "disk/libraries", creator="uv")
    (home / "link").symlink_to(libraries)
    named = replace(host, environ={"PIPX_SHARED_LIBS": str(home / "link")})
    assert (("link", 0)) in places(named)
    assert Pipx(named).refuses(candidate_at(libraries))
    assert not Pipx(host).claims(candidate_at(libraries))
