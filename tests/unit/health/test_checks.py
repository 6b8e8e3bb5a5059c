"""Each check says what is wrong, and only when it is."""

import importlib
import inspect
import pkgutil
from dataclasses import replace

import pytest

from envdeck.core import health
from envdeck.core.health import HealthCheck
from envdeck.core.health.examine import CONTENT_CHECKS, NAMES, SUBJECTS
from envdeck.core.health.status import STATUS_CHECKS, examine
from envdeck.core.model import (
    Environment,
    Fix,
    FixKind,
    Identity,
    ProjectLink,
    ProjectState,
    Python,
    Severity,
    Status,
)

MODULES = [
    importlib.import_module(f"{health.__name__}.{info.name}")
    for info in pkgutil.iter_modules(health.__path__)
    if info.name not in {"context", "examine", "status"}
]
HEALTHY = Environment(
    "/home/ada/work/api/.venv",
    Identity(1, 2),
    "api/.venv",
    "uv",
    Status.OK,
    python=Python("3.12.4", "cpython"),
)


def test_a_healthy_environment_has_no_findings():
    assert examine(HEALTHY) == ()


@pytest.mark.parametrize(
    ("status", "check", "severity"),
    [
        (Status.BROKEN, "broken-interpreter", Severity.ERROR),
        (Status.MOVED, "moved-environment", Severity.ERROR),
        (Status.MIXED, "mixed-versions", Severity.ERROR),
        (Status.SUSPECT, "incomplete-markers", Severity.WARNING),
    ],
)
def test_a_status_is_a_finding_with_its_cause_and_a_remedy(status, check, severity):
    (finding,) = examine(replace(HEALTHY, status=status, reason="its cause"))
    assert (finding.check, finding.severity, finding.message) == (check, severity, "its cause")
    assert finding.remedy
    if status is Status.SUSPECT:
        assert finding.fix is None
    else:
        assert finding.fix == Fix(FixKind.RECREATE)
        assert finding.remedy.endswith(": envdeck recreate /home/ada/work/api/.venv")


def test_an_end_of_life_is_a_warning():
    (finding,) = examine(replace(HEALTHY, python=Python("3.8.18", end_of_life="2024-10-07")))
    assert (finding.check, finding.severity) == ("end-of-life", Severity.WARNING)
    assert "3.8.18" in finding.message
    assert "2024-10-07" in finding.message


@pytest.mark.parametrize(
    ("state", "check"),
    [
        (ProjectState.GONE, "project-gone"),
        (ProjectState.UNMOUNTED, "project-not-mounted"),
        (ProjectState.FOUND, None),
        (ProjectState.NONE, None),
    ],
)
def test_a_project_that_is_away_is_told_from_one_that_is_gone(state, check):
    found = examine(replace(HEALTHY, project=ProjectLink(state, "/home/ada/work/api")))
    assert [finding.check for finding in found] == ([check] if check else [])
    gone = [Fix(FixKind.DELETE)] if state is ProjectState.GONE else []
    assert [finding.fix for finding in found if finding.fix] == gone


def test_errors_come_first():
    ill = replace(
        HEALTHY,
        status=Status.BROKEN,
        python=Python("3.8.18", end_of_life="2024-10-07"),
        project=ProjectLink(ProjectState.GONE, "/gone"),
    )
    severities = [finding.severity for finding in examine(ill)]
    assert severities == [Severity.ERROR, Severity.WARNING, Severity.WARNING]


def test_every_module_is_a_subject():
    assert set(SUBJECTS) == set(MODULES)


def _yields(function) -> bool:
    return str(function.__annotations__["return"]).partition("[")[0].endswith("Iterator")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_function_is_a_registered_check(module):
    public = {name: one for name, one in vars(module).items() if not name.startswith("_")}
    functions = {
        name
        for name, one in public.items()
        if inspect.isfunction(one) and one.__module__ == module.__name__ and _yields(one)
    }
    assert functions == set(), "without its decorator a check is never run"
    checks = {name: one for name, one in public.items() if isinstance(one, HealthCheck)}
    assert checks
    for name, one in checks.items():
        assert one.name == name.replace("_", "-")
        assert one.subject == module.__name__.rpartition(".")[2]
        assert CONTENT_CHECKS[one.name] is one


def test_a_check_of_the_status_and_one_of_contents_have_different_names():
    assert set(STATUS_CHECKS) & set(CONTENT_CHECKS) == set()
    assert set(STATUS_CHECKS) | set(CONTENT_CHECKS) == NAMES
    assert all(name == one.name for name, one in STATUS_CHECKS.items())
