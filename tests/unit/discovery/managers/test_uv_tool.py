"""uv tools: found by receipt or by place."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from envdeck.core.discovery.managers.uv import UvTool
from envdeck.core.discovery.prefix import EnvironmentCandidate, recognise
from envdeck.core.model import ProjectState
from envdeck.core.system.host import Host


def candidate_at(path: Path) -> EnvironmentCandidate:
    found = recognise(os.path.realpath(path))
    assert found is not None
    return found


def paths(host: Host) -> list[str]:
    return [os.path.relpath(place.path, host.home) for place in UvTool(host).places()]


def test_places_on_each_platform(host: Host) -> None:
    assert paths(host) == [".local/share/uv/tools"]
    assert paths(replace(host, platform="darwin")) == [
        ".local/share/uv/tools",
        "Library/Application Support/uv/tools",
    ]
    assert paths(replace(host, platform="win32")) == [
        "AppData/Roaming/uv/data/tools",
        "AppData/Roaming/uv/tools",
    ]


def test_variables_add_and_move_places(host: Host) -> None:
    environ = {"UV_TOOL_DIR": "~/t/", "XDG_DATA_HOME": os.path.join(host.home, "data")}
    assert paths(replace(host, environ=environ)) == ["t", "data/uv/tools"]


def test_a_receipt_tells_wherever_it_is(
    home: Path, host: Host, make_venv: Callable[..., Path]
) -> None:
    path = make_venv(home / "elsewhere" / "cowsay", creator="uv")
    assert not UvTool(host).claims(candidate_at(path))
    (path / "uv-receipt.toml").write_text('[tool]\nrequirements = [{ name = "cowsay" }]\n')
    assert UvTool(host).claims(candidate_at(path))


def test_the_place_tells_without_a_receipt_and_nothing_names_a_project(
    home: Path, host: Host, make_venv: Callable[..., Path]
) -> None:
    found = candidate_at(make_venv(home / ".local/share/uv/tools/cowsay", creator="uv"))
    assert UvTool(host).claims(found)
    assert UvTool(host).refuses(found) is None
    project = UvTool(host).project(found)
    assert project.state is ProjectState.NONE
    assert project.source == "environment of an installed tool"
