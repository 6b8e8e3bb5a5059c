"""The project's lock is upgraded by its own tool, and comes back with the environment."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from envdeck.core.catalog import Catalog
from envdeck.core.host import Host
from envdeck.core.inspection.distributions import read_distributions
from envdeck.core.model import Ending, NoPlan, Plan
from envdeck.core.operations.operations import Operations

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
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", "1/0\n" if broken else f"version = '{version}'\n")
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(
            f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )


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
        "UV_CACHE_DIR": str(home / "cache"),
        "UV_OFFLINE": "1",
    }
    host = Host(sys.platform, str(home), environ)
    (folder / "pyproject.toml").write_text(PYPROJECT.format(bound=">=1"))
    subprocess.run(
        [sys.executable, "-m", "uv", "lock", "-q", "--python", sys.executable],
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
    assert not list(Path(project.operations.ground.places.trash).glob("2*"))


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
