"""pre-commit: environments beside the clones in its cache."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from envdeck.core.discovery.managers.base import KnownFolder
from envdeck.core.discovery.managers.pre_commit import PreCommit
from envdeck.core.discovery.prefix import EnvironmentCandidate, recognise
from envdeck.core.model import ProjectState
from envdeck.core.system.host import Host


def candidate_at(path: Path) -> EnvironmentCandidate:
    found = recognise(os.path.realpath(path))
    assert found is not None
    return found


def test_its_cache_is_xdgs_on_every_platform(host: Host) -> None:
    expected = [KnownFolder(os.path.join(host.home, ".cache", "pre-commit"), 2)]
    for platform in ("linux", "darwin", "win32"):
        assert list(PreCommit(replace(host, platform=platform)).places()) == expected


def test_variables_move_it(host: Host) -> None:
    environ = {"PRE_COMMIT_HOME": "~/pc", "XDG_CACHE_HOME": os.path.join(host.home, "c")}
    found = [place.path for place in PreCommit(replace(host, environ=environ)).places()]
    assert found == [os.path.join(host.home, "pc"), os.path.join(host.home, "c/pre-commit")]


def test_it_claims_by_the_two_names(home: Path, host: Host, make_venv: Callable[..., Path]) -> None:
    cache = home / ".cache/pre-commit/repocwrbpk3o"
    hook = candidate_at(make_venv(cache / "py_env-python3.11", creator="uv"))
    assert PreCommit(host).claims(hook)
    assert not PreCommit(host).claims(candidate_at(make_venv(cache / ".venv", creator="uv")))
    other = candidate_at(make_venv(home / "work/py_env-python3.11", creator="uv"))
    assert not PreCommit(host).claims(other)


def test_it_serves_no_single_project(
    home: Path, host: Host, make_venv: Callable[..., Path]
) -> None:
    path = make_venv(home / ".cache/pre-commit/repoab12/py_env-python3", creator="uv")
    project = PreCommit(host).project(candidate_at(path))
    assert project.state is ProjectState.NONE
    assert project.source == "hook environment, shared by projects"
