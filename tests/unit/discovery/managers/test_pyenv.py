"""pyenv-virtualenv: environments inside versions, found by place."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.discovery.managers.base import KnownFolder
from envdeck.core.discovery.managers.pyenv import Pyenv
from envdeck.core.discovery.prefix import EnvironmentCandidate, recognise
from envdeck.core.system.host import Host


def candidate_at(path: Path) -> EnvironmentCandidate:
    found = recognise(os.path.realpath(path))
    assert found is not None
    return found


@pytest.fixture
def blog(home: Path, make_venv: Callable[..., Path]) -> Path:
    """An environment as `pyenv virtualenv 3.12.1 blog` leaves it, with its link."""
    versions = home / ".pyenv" / "versions"
    path = make_venv(versions / "3.12.1" / "envs" / "blog", creator="uv")
    (versions / "blog").symlink_to(path)
    return path


def test_its_places_are_the_versions_and_the_envs_in_each(blog: Path, host: Host) -> None:
    versions = os.path.join(host.home, ".pyenv", "versions")
    assert list(Pyenv(host).places()) == [
        KnownFolder(versions, 1),
        KnownFolder(os.path.join(versions, "3.12.1", "envs"), 1),
    ]


def test_pyenv_root_moves_them(host: Host, tmp_path: Path) -> None:
    root = tmp_path / "py"
    moved = replace(host, environ={"PYENV_ROOT": f"{root}/"})
    assert [place.path for place in Pyenv(moved).places()] == [f"{root}/versions"]


def test_on_windows_they_are_pyenv_wins(host: Host) -> None:
    windows = replace(host, platform="win32")
    assert [place.path for place in Pyenv(windows).places()] == [
        os.path.join(host.home, ".pyenv", "pyenv-win", "versions")
    ]


def test_it_claims_what_lies_in_a_version(blog: Path, host: Host) -> None:
    assert Pyenv(host).claims(candidate_at(blog))


def test_it_claims_the_old_layout_without_envs(
    home: Path, host: Host, make_venv: Callable[..., Path]
) -> None:
    assert Pyenv(host).claims(candidate_at(make_venv(home / ".pyenv/versions/old", creator="uv")))


def test_a_root_elsewhere_is_known_by_its_variable_even_through_a_link(
    host: Host, tmp_path: Path, make_venv: Callable[..., Path]
) -> None:
    found = candidate_at(make_venv(tmp_path / "store/versions/3.12.1/envs/blog", creator="uv"))
    (tmp_path / "link").symlink_to(tmp_path / "store")
    assert not Pyenv(host).claims(found)
    assert Pyenv(replace(host, environ={"PYENV_ROOT": str(tmp_path / "link")})).claims(found)


def test_it_leaves_others_alone(home: Path, host: Host, make_venv: Callable[..., Path]) -> None:
    assert not Pyenv(host).claims(candidate_at(make_venv(home / "envs/blog", creator="uv")))
    conda = home / ".pyenv/versions/miniconda3-24.1/envs/ml"
    (conda / "conda-meta").mkdir(parents=True)
    (conda / "conda-meta/history").touch()
    assert not Pyenv(host).claims(candidate_at(conda))


def test_the_way_back_is_the_name_in_python_version(blog: Path, home: Path, host: Host) -> None:
    project = home / "work"
    project.mkdir()
    (project / ".python-version").write_text("# ours\n3.12.1/envs/blog 3.11.7\n")
    found = candidate_at(blog)
    assert Pyenv(host).project(found) is None
    assert list(Pyenv(host).project_names(str(project))) == ["blog", "3.11.7"]
    assert Pyenv(host).project_name_of(found) == "blog"


def test_a_folder_without_python_version_names_nothing(home: Path, host: Host) -> None:
    assert list(Pyenv(host).project_names(str(home))) == []
    os.mkfifo(home / ".python-version")
    assert list(Pyenv(host).project_names(str(home))) == []
