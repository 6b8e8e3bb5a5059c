"""pixi: manifests named by the environment, global commands, detached environments."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.discovery.managers.conda import Conda
from envdeck.core.discovery.managers.pixi import Pixi
from envdeck.core.discovery.prefix import EnvironmentCandidate, recognise
from envdeck.core.model import ProjectState
from envdeck.core.system.host import Host


def conda_prefix(path: Path, marker: object = None) -> EnvironmentCandidate:
    """A prefix as pixi lays it out, with `conda-meta/pixi` if a marker is given."""
    meta = path / "conda-meta"
    meta.mkdir(parents=True)
    (meta / "history").touch()
    if marker is not None:
        text = marker if isinstance(marker, str) else json.dumps(marker)
        (meta / "pixi").write_text(text)
    found = recognise(os.path.realpath(path))
    assert found is not None
    return found


def marker_of(manifest: Path) -> dict[str, str]:
    return {
        "manifest_path": str(manifest),
        "environment_name": "default",
        "pixi_version": "0.48.1",
        "environment_lock_file_hash": "4f36ee620f10329d",
    }


def places(host: Host) -> list[tuple[str, int]]:
    return [(os.path.relpath(place.path, host.home), place.depth) for place in Pixi(host).places()]


def test_places_are_the_global_environments(host: Host) -> None:
    assert places(host) == [(".pixi/envs", 1)]
    moved = replace(host, environ={"PIXI_HOME": "~/px"})
    assert places(moved) == [("px/envs", 1), (".pixi/envs", 1)]


@pytest.mark.parametrize(
    ("platform", "configuration"),
    [
        ("linux", ".pixi/config.toml"),
        ("linux", ".config/pixi/config.toml"),
        ("darwin", "Library/Application Support/pixi/config.toml"),
        ("win32", "AppData/Roaming/pixi/config.toml"),
    ],
)
def test_detached_environments_are_where_the_configuration_says(
    home: Path, host: Host, platform: str, configuration: str
) -> None:
    path = home / configuration
    path.parent.mkdir(parents=True)
    path.write_text('detached-environments = "~/detached"\n')
    assert places(replace(host, platform=platform))[1:] == [("detached", 3)]


def test_detached_true_means_the_cache(home: Path, host: Host) -> None:
    (home / ".pixi").mkdir()
    (home / ".pixi/config.toml").write_text("detached-environments = true\n")
    assert places(host)[1:] == [(".cache/rattler/cache/envs", 3)]
    moved = replace(host, environ={"PIXI_CACHE_DIR": "~/pc", "RATTLER_CACHE_DIR": "~/rc"})
    assert places(moved)[1:] == [("pc/envs", 3)]


@pytest.mark.parametrize(
    "text",
    [
        "detached-environments = false",
        "detached-environments = 3",
        'detached-environments = "relative"',
        'detached-environments = "/nul\\u0000"',
        "detached-environments = [",
        "",
    ],
)
def test_a_setting_that_names_no_folder_adds_none(home: Path, host: Host, text: str) -> None:
    (home / ".pixi").mkdir()
    (home / ".pixi/config.toml").write_text(text)
    assert places(host) == [(".pixi/envs", 1)]


def test_the_marker_leads_to_the_project_even_from_a_detached_place(home: Path, host: Host) -> None:
    project = home / "work/shop"
    project.mkdir(parents=True)
    found = conda_prefix(home / "detached/shop-123/envs/default", marker_of(project / "pixi.toml"))
    assert Pixi(host).claims(found)
    link = Pixi(host).project(found)
    assert link is not None
    assert (link.state, link.path) == (ProjectState.FOUND, str(project))
    assert link.source == "manifest named in conda-meta/pixi"


def test_a_manifest_whose_folder_is_gone_is_said_so(home: Path, host: Host) -> None:
    found = conda_prefix(home / "envs/default", marker_of(home / "old/pyproject.toml"))
    link = Pixi(host).project(found)
    assert link is not None
    assert (link.state, link.path) == (ProjectState.GONE, str(home / "old"))


@pytest.mark.parametrize(
    "marker",
    ["", "{", "[]", '{"manifest_path": 3}', '{"manifest_path": "pixi.toml"}', "[" * 5000,
     {"manifest_path": "/nul\0/pixi.toml"}, '{"manifest_path": "/\\ud800/pixi.toml"}'],
)  # fmt: skip
def test_a_marker_that_says_nothing_leaves_the_parent_folder(
    home: Path, host: Host, marker: object
) -> None:
    found = conda_prefix(home / "work/shop/.pixi/envs/default", marker)
    assert Pixi(host).claims(found)
    link = Pixi(host).project(found)
    assert link is not None
    assert (link.path, link.source) == (str(home / "work/shop"), "parent folder")
    outside = conda_prefix(home / "elsewhere", marker)
    assert Pixi(host).project(outside) is None


def test_a_global_command_has_no_project_and_is_pixis_without_a_marker(
    home: Path, host: Host
) -> None:
    found = conda_prefix(home / ".pixi/envs/ruff")
    assert Pixi(host).claims(found)
    link = Pixi(host).project(found)
    assert link is not None
    assert (link.state, link.source) == (ProjectState.NONE, "environment of an installed tool")


def test_an_environment_of_conda_is_not_pixis(home: Path, host: Host) -> None:
    found = conda_prefix(home / "miniforge3/envs/ml")
    assert not Pixi(host).claims(found)
    assert Conda(host).claims(found)
    assert Pixi.rank < Conda.rank
