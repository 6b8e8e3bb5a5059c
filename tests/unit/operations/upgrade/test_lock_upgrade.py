"""The project's lock is upgraded by its own tool, and comes back with the environment."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from uv import find_uv_bin

from envdeck.core.catalog import Catalog
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.model import Ending, NoPlan, Plan, ProjectState, RecreateRequest
from envdeck.core.operations.api import Operations
from envdeck.core.system.host import Host
from support.environments import new_uv_cache
from support.wheels import write_wheel

PYPROJECT = """
[project]
name = "api"
version = "1"
requires-python = ">=3.11"
dependencies = ["alpha{bound}"]

[tool.uv]
package = false
no-index = true
find-links = ["../wheels"]
"""


def wheel(folder: Path, name: str, version: str, broken: bool = False) -> None:
    code = "1/0\n" if broken else f"version = '{version}'\n"
    write_wheel(folder, name, version, {f"{name}.py": code})


@dataclass
class Project:
    folder: Path
    operations: Operations

    @property
    def lock(self) -> bytes:
        return (self.folder / "uv.lock").read_bytes()

    @property
    def environment(self):
        found = self.operations.catalog.lookup(str(self.folder / ".venv"))
        assert found is not None
        return found

    def version(self) -> str:
        return {row.name: row.version for row in read_distributions(self.environment)}["alpha"]

    def run(self, plan: Plan | NoPlan):
        assert isinstance(plan, Plan), plan
        return self.operations.run(plan, lambda _event: None)


@pytest.fixture
def project(home: Path) -> Project:
    """A project with a lock of alpha 1, and its environment."""
    wheels, folder = home / "wheels", home / "api"
    wheels.mkdir()
    folder.mkdir()
    wheel(wheels, "alpha", "1.0")
    environ = {
        "PATH": os.environ["PATH"],
        "UV_CACHE_DIR": new_uv_cache(home / "cache"),
        "UV_OFFLINE": "1",
    }
    host = Host(sys.platform, str(home), environ)
    (folder / "pyproject.toml").write_text(PYPROJECT.format(bound=">=1"))
    subprocess.run(
        [find_uv_bin(), "lock", "-q", "--python", sys.executable],
        cwd=folder,
        env={**environ, "HOME": str(home), "UV_PYTHON_DOWNLOADS": "never"},
        check=True,
        timeout=60,
    )
    made = Project(folder, Operations(Catalog(host)))
    result = made.run(made.operations.plan_create(str(folder), interpreter=sys.executable))
    assert result.status is Ending.DONE, result
    assert made.version() == "1.0"
    return made


def test_lock_and_environment_move_together_and_back(project: Project, home: Path):
    wheel(home / "wheels", "alpha", "1.5")
    before = project.lock
    operations = project.operations
    plan = operations.plan_upgrade(project.environment, {"alpha": None}, lock=True)
    assert isinstance(plan, Plan)
    assert any("uv.lock" in warning for warning in plan.warnings)
    assert project.lock == before, "planning changed it"
    result = project.run(plan)
    assert result.status is Ending.DONE, result
    assert project.version() == "1.5"
    after = project.lock
    assert b'version = "1.5"' in after

    assert project.run(operations.plan_undo()).status is Ending.DONE
    assert (project.version(), project.lock) == ("1.0", before)

    undone = operations.history()[0].entry
    assert project.run(operations.plan_undo(undone.id)).status is Ending.DONE
    assert (project.version(), project.lock) == ("1.5", after)


def test_what_cannot_be_imported_gives_the_lock_back(project: Project, home: Path):
    wheel(home / "wheels", "alpha", "2.0", broken=True)
    before = project.lock
    plan = project.operations.plan_upgrade(project.environment, {"alpha": None}, lock=True)
    result = project.run(plan)
    assert result.status is Ending.ROLLED_BACK
    assert "alpha" in result.message
    assert (project.version(), project.lock) == ("1.0", before)
    assert not list(Path(project.operations.store.places.trash).glob("2*"))


def test_without_lock_it_is_said_that_the_two_differ(project: Project, home: Path):
    wheel(home / "wheels", "alpha", "1.5")
    host = project.operations.catalog.host
    offline = Host(
        host.platform, host.home, {**host.environ, "UV_FIND_LINKS": str(home / "wheels")}
    )
    operations = Operations(Catalog(offline))
    plan = operations.plan_upgrade(project.environment, {"alpha": "1.5"})
    assert isinstance(plan, Plan), plan
    assert any("uv.lock and the environment will differ" in said for said in plan.warnings)
    before = project.lock
    assert operations.run(plan, lambda _event: None).status is Ending.DONE
    assert (project.version(), project.lock) == ("1.5", before)


def test_a_project_without_a_lock_says_so(project: Project):
    (project.folder / "uv.lock").unlink()
    plan = project.operations.plan_upgrade(project.environment, {"alpha": None}, lock=True)
    assert isinstance(plan, NoPlan)
    assert "no lock file" in plan.message


def test_a_lock_of_a_newer_revision_is_given_back(project: Project, home: Path):
    """uv writes its own revision over it without a word, and drops what newer ones have added."""
    wheel(home / "wheels", "alpha", "1.5")
    lock = project.folder / "uv.lock"
    lock.write_text(re.sub(r"(?m)^revision = \d+$", "revision = 99", lock.read_text()))
    before = project.lock
    plan = project.operations.plan_upgrade(project.environment, {"alpha": None}, lock=True)
    result = project.run(plan)
    assert result.status is Ending.ROLLED_BACK
    assert "uv.lock has revision 99, but uv " in result.message
    assert "--upgrade uv" in result.hint
    assert (project.version(), project.lock) == ("1.0", before)


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("uv.lock", "version = 2\n", "has format version 2; EnvDeck supports 1"),
        (
            "pdm.lock",
            '[metadata]\nlock_version = "9.0"\n',
            "has format version 9.0; EnvDeck supports 3 and 4",
        ),
        (
            "poetry.lock",
            '[metadata]\nlock-version = "3.0"\n',
            "has format version 3.0; EnvDeck supports 1 and 2",
        ),
        (
            "Pipfile.lock",
            '{"_meta": {"pipfile-spec": 7}}',
            "has format version 7; EnvDeck supports 6",
        ),
    ],
)
def test_a_lock_of_a_newer_format_is_not_written_over(file, text, told, project: Project, home):
    """PDM and pipenv lock anew over what they cannot read."""
    tool = {"Pipfile.lock": "pipenv"}.get(file, file.partition(".")[0])
    (project.folder / "uv.lock").unlink()
    (project.folder / file).write_text(text)
    (project.folder / "Pipfile").write_text("[packages]\n")
    program = home / "bin" / tool
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho > *.lock\n")
    program.chmod(0o755)
    host = project.operations.catalog.host
    path = f"{program.parent}{os.pathsep}{host.environ['PATH']}"
    operations = Operations(Catalog(replace(host, environ={**host.environ, "PATH": path})))
    plan = operations.plan_upgrade(project.environment, {"alpha": None}, lock=True)
    assert isinstance(plan, NoPlan)
    assert plan.message.startswith(f"{file} cannot be upgraded: ")
    assert told in plan.message
    assert (project.folder / file).read_text() == text


def test_a_lock_without_what_it_was_made_from_is_not_upgraded(project: Project):
    environment = project.environment
    (project.folder / "pyproject.toml").unlink()
    plan = project.operations.plan_upgrade(environment, {"alpha": None}, lock=True)
    assert isinstance(plan, NoPlan)
    assert "cannot be upgraded without pyproject.toml" in plan.message


@pytest.mark.parametrize("revision", [0, 3, 4, 5, 99])
def test_a_lock_alone_makes_the_environment_anew(revision, project: Project):
    """uv itself takes one before revision 5 only beside its `pyproject.toml`."""
    lock = project.folder / "uv.lock"
    (project.folder / "pyproject.toml").unlink()
    lock.write_text(re.sub(r"(?m)^revision = \d+$", f"revision = {revision}", lock.read_text()))
    wheels = str(project.folder.parent / "wheels")
    host = project.operations.catalog.host
    operations = Operations(
        Catalog(replace(host, environ={**host.environ, "UV_FIND_LINKS": wheels}))
    )
    environment = operations.catalog.lookup(str(project.folder / ".venv"))
    assert environment is not None
    linked = replace(environment.project, path=str(project.folder), state=ProjectState.FOUND)
    plan = operations.plan_recreate(
        replace(environment, project=linked), RecreateRequest(source="lock")
    )
    assert isinstance(plan, Plan), plan
    result = operations.run(plan, lambda _event: None)
    assert result.status is Ending.DONE, result
    assert project.version() == "1.0"


def test_a_project_that_requires_another_uv_is_told_so(project: Project):
    manifest = project.folder / "pyproject.toml"
    table = '[tool.uv]\nrequired-version = ">=99"\n'
    manifest.write_text(manifest.read_text().replace("[tool.uv]\n", table))
    plan = project.operations.plan_recreate(project.environment, RecreateRequest(source="lock"))
    result = project.run(plan)
    assert result.status is Ending.ROLLED_BACK
    assert "the project requires uv >=99, installed is uv " in result.message
    assert result.hint.endswith("--upgrade 'uv>=99'`")


def test_undo_keeps_a_lock_that_was_changed_since(project: Project, home: Path):
    wheel(home / "wheels", "alpha", "1.5")
    operations, file = project.operations, project.folder / "uv.lock"
    before = project.lock
    upgraded = operations.plan_upgrade(project.environment, {"alpha": None}, lock=True)
    assert project.run(upgraded).status is Ending.DONE
    file.write_bytes(project.lock + b"# of later\n")
    later = project.lock

    plan = operations.plan_undo()
    assert isinstance(plan, Plan)
    assert any("uv.lock changed since" in said for said in plan.warnings)
    assert [(offer.guard, offer.overrulable) for offer in plan.offers] == [("changed-lock", True)]
    assert project.run(plan).status is Ending.DONE
    assert (project.version(), project.lock) == ("1.0", later)

    undone = operations.history()[0].entry.id
    assert project.run(operations.plan_undo(undone)).status is Ending.DONE
    assert (project.version(), project.lock) == ("1.5", later)

    asked = operations.plan_undo(upgraded.id, allow=frozenset({"changed-lock"}))
    assert isinstance(asked, Plan)
    assert not asked.offers
    assert project.run(asked).status is Ending.DONE
    assert (project.version(), project.lock) == ("1.0", before)


def with_shelf(project: Project, home: Path) -> Operations:
    """Return operations whose index is a folder of wheels."""
    host = project.operations.catalog.host
    environ = {**host.environ, "UV_FIND_LINKS": str(home / "wheels"), "PIP_NO_INDEX": "1"}
    return Operations(Catalog(Host(host.platform, host.home, environ)))


def test_planning_leaves_no_lock_of_uv(project: Project, home: Path):
    wheel(home / "wheels", "alpha", "1.5")
    operations = with_shelf(project, home)
    mark = project.folder / ".venv" / ".lock"
    mark.unlink(missing_ok=True)
    plan = operations.plan_upgrade(project.environment, {"alpha": None})
    assert isinstance(plan, Plan), plan
    assert not mark.exists()
    mark.write_text("")
    operations.plan_upgrade(project.environment, {"alpha": None})
    assert mark.exists()


def test_a_group_goes_on_writing_below_the_top(project: Project, home: Path):
    wheel(home / "wheels", "alpha", "1.5")
    operations = with_shelf(project, home)
    top = project.folder / ".venv"
    for path in (top, *top.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o020)
    cached = {path: path.stat().st_mode for path in (home / "cache").rglob("*")}

    def closed() -> list[str]:
        paths = [path for path in top.rglob("*") if not path.is_symlink()]
        return [str(path) for path in paths if not path.stat().st_mode & 0o020]

    for plan in (
        lambda: operations.plan_upgrade(project.environment, {"alpha": None}),
        lambda: operations.plan_recreate(project.environment, RecreateRequest()),
    ):
        result = operations.run(plan(), lambda _event: None)
        assert result.status is Ending.DONE, result
        assert closed() == []
    assert {path: path.stat().st_mode for path in cached if path.exists()} == {
        path: mode for path, mode in cached.items() if path.exists()
    }
