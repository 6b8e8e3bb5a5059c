"""Drift and dotenv findings, counted."""

from dataclasses import replace

import pytest

from envdeck.core.health.context import HealthContext
from envdeck.core.health.examine import examine_whole
from envdeck.core.model import Environment, Examination, ProjectLink, ProjectState, Severity
from envdeck.core.system.host import Host


class Beside:
    """An environment that belongs to a project."""

    def __init__(self, made) -> None:
        self.made = made
        self.folder = made.path.parent

    def examine(
        self, name: str, *, kept: bool = False, manager: str = "venv", path: str = ""
    ) -> Examination:
        link = ProjectLink(ProjectState.FOUND, str(self.folder), "parent folder")
        environment: Environment = replace(
            self.made.environment, project=link, packages=0, manager=manager
        )
        environment = replace(environment, path=path or environment.path)
        host = Host("linux", str(self.made.home), {})
        return examine_whole(HealthContext(environment, host, kept=kept), names=[name])


@pytest.fixture
def beside(made) -> Beside:
    return Beside(made)


def test_drift_is_one_finding_with_its_counts(beside):
    (beside.folder / "requirements.txt").write_text("idna==3.7\nurllib3\n")
    beside.made.add("idna", "3.4")
    beside.made.add("leftover")
    (found,) = beside.examine("drift").findings
    counts = dict(found.evidence)
    assert found.severity is Severity.WARNING
    assert (counts["missing"], counts["outside"]) == (1, 1)
    assert "1 missing" in found.message
    assert found.remedy.endswith(f"envdeck recreate {beside.made.path}")


def test_what_is_as_declared_has_no_drift(beside):
    (beside.folder / "requirements.txt").write_text("idna==3.7\n")
    beside.made.add("idna", "3.7")
    assert beside.examine("drift").findings == ()


def test_what_is_only_extraneous_is_a_note(beside):
    (beside.folder / "requirements.txt").write_text("idna==3.7\n")
    beside.made.add("idna", "3.7")
    beside.made.add("leftover")
    (found,) = beside.examine("drift").findings
    assert found.severity is Severity.NOTE


def test_dotenv_findings_are_counted_and_nothing_of_the_values_is_told(beside):
    (beside.folder / ".env").write_text("TOKEN=hunter2hunter2\nTOKEN=hunter2hunter2\n")
    (found,) = beside.examine("dotenv-findings").findings
    assert dict(found.evidence)["files"] == (str(beside.folder / ".env"),)
    assert "duplicated-key" in dict(found.evidence)["checks"]
    assert found.remedy.endswith(f"envdeck dotenv {beside.folder}")
    assert "hunter2" not in repr(found)


def test_a_project_without_dotenv_files_has_none(beside):
    assert beside.examine("dotenv-findings").findings == ()


@pytest.mark.parametrize("name", ["drift", "dotenv-findings"])
def test_a_scan_says_that_it_does_not_compare(beside, name):
    found = beside.examine(name, kept=True)
    assert found.findings == ()
    assert [one.check for one in found.not_checked] == [name]


@pytest.mark.parametrize(
    ("place", "compared"),
    [
        ("env/virtual/api/mP1uRMjn/api", True),
        ("env/virtual/api/mP1uRMjn/lint", False),
        ("env/virtual/api/mP1uRMjn/test.py3.12", False),
        ("env/.internal/hatch-test/api/mP1uRMjn/hatch-test.py3.12", False),
        ("work/api/.hatch/api", True),
        ("work/api/.hatch/lint", True),  # nothing tells here which one is the default
    ],
)
def test_of_hatch_the_default_environment_alone_is_compared(beside, place, compared):
    """pypa/hatch#1011, #2121: `lint` is detached, and what hatch needs for itself is no
    project's."""
    (beside.folder / "requirements.txt").write_text("idna==3.7\n")
    path = str(beside.made.home / place)
    assert bool(beside.examine("drift", manager="hatch", path=path).findings) is compared
    elsewhere = beside.examine("drift", manager="uv", path=path).findings
    assert elsewhere


def test_the_environment_of_a_test_runner_is_not_compared(beside):
    (beside.folder / "requirements.txt").write_text("idna==3.7\n")
    found = beside.examine("drift", manager="tox")
    assert (found.findings, found.not_checked) == ((), ())
