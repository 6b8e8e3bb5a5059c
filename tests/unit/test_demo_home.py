"""The demo home: every planted case is found, and told as what it is."""

import importlib
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import pytest

from envdeck.core.catalog import Catalog, Scope
from envdeck.core.discovery.prefix import read_cfg
from envdeck.core.inspection.interpreters import orphans
from envdeck.core.inspection.size import joint_size, measure
from envdeck.core.model import (
    Environment,
    Finished,
    Found,
    FoundInterpreter,
    Interpreter,
    ProjectState,
    Sized,
    Status,
)

TESTS = Path(__file__).resolve().parents[1]
DAY = 86_400


@dataclass
class Seen:
    """What one scan said."""

    environments: dict[str, Environment] = field(default_factory=dict)
    interpreters: list[Interpreter] = field(default_factory=list)
    finished: Finished | None = None


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TESTS))
        return importlib.import_module("demo_home")


@pytest.fixture(scope="module")
def home(demo: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    root = tmp_path_factory.mktemp("demo")
    yield demo.build(str(root), scale=0.1)
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def seen(home) -> Seen:
    seen = Seen()
    for event in Catalog(home.host, home.index).scan(Scope()):
        match event:
            case Found(environment):
                seen.environments[environment.path] = environment
            case Sized(path, size):
                seen.environments[path] = replace(seen.environments[path], size=size)
            case FoundInterpreter(interpreter):
                seen.interpreters.append(interpreter)
            case Finished():
                seen.finished = event
    return seen


def test_every_planted_environment_is_told_with_its_manager_status_and_project(home, seen) -> None:
    expected = {
        case.plan.path: (case.manager, case.status, case.project, case.project_path)
        for case in home.cases
    }
    expected[home.stray] = ("venv", Status.SUSPECT, ProjectState.NONE, None)
    assert {
        path: (found.manager, found.status, found.project.state, found.project.path)
        for path, found in seen.environments.items()
    } == expected
    assert seen.finished is not None
    assert (seen.finished.complete, seen.finished.unreadable) == (True, 0)


def test_every_tool_and_every_state_is_among_them(home) -> None:
    managers = {case.manager for case in home.cases}
    assert managers == {
        "conda", "direnv", "hatch", "nox", "pdm", "pipenv", "pipx", "pixi", "poetry",
        "pre-commit", "pyenv", "tox", "uv", "uv-script", "uv-tool", "venv", "virtualenv",
        "virtualenvwrapper",
    }  # fmt: skip
    assert {case.status for case in home.cases} | {Status.SUSPECT} == set(Status)
    assert {case.project for case in home.cases} == set(ProjectState)


def test_status_other_than_ok_says_why(seen) -> None:
    silent = [
        found.path
        for found in seen.environments.values()
        if bool(found.reason) is (found.status is Status.OK)
    ]
    assert silent == []


def test_version_and_end_of_life_are_those_of_the_base(home, seen) -> None:
    for case in home.cases:
        python = seen.environments[case.plan.path].python
        base = case.plan.base
        # virtualenv before 20 left nothing but the name of a folder
        if case.status is Status.MIXED:
            base = replace(base, version="3.14.0")  # the link of then leads there now
        known = base.minor if case.plan.creator == "virtualenv-16" else base.version
        assert python.version == known, case.plan.path
        ended = base.minor in {"2.7", "3.8", "3.9", "3.10"}
        assert (python.end_of_life is not None) is ended, case.plan.path


def test_last_use_is_what_was_planted(home, seen) -> None:
    for case in home.cases:
        used = seen.environments[case.plan.path].last_used
        days = case.plan.made if case.plan.used is None else case.plan.used
        assert used.when == pytest.approx(home.host.now() - days * DAY, abs=1), case.plan.path
        never = case.plan.used is None or case.plan.used == case.plan.made
        assert ("not used since" in used.source) is never, (case.plan.path, used.source)


def test_what_a_cache_holds_too_is_not_freed(home, seen) -> None:
    for case in home.cases:
        size = seen.environments[case.plan.path].size
        assert size is not None
        assert (size.reclaimable_bytes == size.disk_bytes) is case.frees_most, case.plan.path


def test_two_that_alone_share_files_free_more_together(home) -> None:
    paths = [home.case(f"work/{name}/.venv").plan.path for name in ("forecast", "forecast-2")]
    sizes = [measure(path, now=0.0) for path in paths]
    alone = [size.reclaimable_bytes for size in sizes]
    assert joint_size(sizes).reclaimable_bytes > 1.5 * sum(alone)


def test_packages_are_those_installed_and_a_missing_one_is_told(home, seen) -> None:
    catalog = Catalog(home.host, home.index)
    missing = {}
    for case in home.cases:
        found = seen.environments[case.plan.path]
        rows = catalog.distributions(found)
        planned = Counter(package.name for package, _ in case.plan.packages)
        assert Counter(row.display_name for row in rows) == planned, case.plan.path
        assert found.packages == len(rows), case.plan.path
        assert [row.name for row in rows if row.problem] == [], case.plan.path
        missing |= {(case.plan.path, row.name): row.missing for row in rows if row.missing}
    blog = home.case("old/blog/venv").plan.path
    assert missing == {(blog, "django"): ("sqlparse>=0.3.1",)}


def test_links_are_remembered_and_their_target_is_listed_once(home, seen) -> None:
    linked = {found.path: found.links for found in seen.environments.values() if found.links}
    assert linked == {
        home.case("atlas-cp3.13.1-f89855d536887767").plan.path: (
            f"{home.host.home}/work/atlas/.venv",
        ),
        home.case("envs/bots").plan.path: (f"{home.host.home}/.pyenv/versions/bots",),
    }


def test_what_must_not_be_deleted_is_protected(home, seen) -> None:
    protected = {path for path, found in seen.environments.items() if found.protected}
    assert protected == {
        home.stray,
        home.case("pipx/shared").plan.path,
        home.case("old/pi-camera").plan.path,
    }


def test_interpreters_are_listed_apart_and_a_gone_one_has_its_orphan(home, seen) -> None:
    # what this machine itself has, and one of the environments rests on, is no matter here
    mine = [one for one in seen.interpreters if one.prefix.startswith(home.host.home)]
    told = Counter((found.source, found.version) for found in mine)
    assert told == Counter(
        [("pyenv", v) for v in ("3.12.4", "3.11.9", "3.9.18", "3.8.18")]
        + [("uv", "3.13.1"), ("uv", "3.12.8"), ("conda", "3.12.8"), ("mise", "3.14.0")]
    )
    assert {found.source for found in mine if found.externally_managed} == {"uv"}
    ledger = home.case("work/ledger/.venv").plan
    gone = orphans(seen.environments.values(), seen.interpreters)
    assert gone[ledger.base.prefix] == (seen.environments[ledger.path],)


@pytest.mark.parametrize(
    ("creator", "ending"),
    [
        ("venv", "code/chessclock/venv"),
        ("virtualenv", ".nox/tests-3-11"),
        ("uv", "work/forecast/.venv"),
    ],
)
def test_hand_written_cfg_has_the_keys_that_the_real_tool_writes(
    home, make_venv, tmp_path, creator, ending
) -> None:
    real, problem = read_cfg(str(make_venv(tmp_path / "real", creator=creator) / "pyvenv.cfg"))
    planted, other = read_cfg(f"{home.case(ending).plan.path}/pyvenv.cfg")
    assert (problem, other) == ("", "")
    assert planted.keys() - {"prompt"} <= real.keys()
    assert {"home", "include-system-site-packages"} <= planted.keys()


def test_the_same_folder_gets_the_same_home_twice(demo, tmp_path) -> None:
    root = tmp_path / "machine"

    def built() -> dict[str, tuple[int, int]]:
        root.mkdir()
        demo.build(str(root), scale=0.01)
        files = [path for path in root.rglob("*") if path.is_symlink() or path.is_file()]
        told = {str(path): (path.lstat().st_mode, path.lstat().st_size) for path in files}
        shutil.rmtree(root)
        return told

    assert built() == built()
