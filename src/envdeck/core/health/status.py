"""The checks that the record of an environment answers by itself, and their run at every look.

They are apart from those that read files, so that a first frame loads none of those.
"""

from collections.abc import Collection, Iterable, Iterator

from envdeck.core.health import Diagnosis, check, run_checks, sort_findings
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import (
    Environment,
    Finding,
    Fix,
    FixKind,
    ProjectState,
    Severity,
    Status,
)


@check(Severity.WARNING)
def incomplete_markers(environment: Environment) -> Iterator[Diagnosis]:
    """A folder that has some markers and lacks others."""
    if environment.status is Status.SUSPECT:
        yield Diagnosis(
            environment.reason,
            "check the folder manually: it is not treated as an environment",
        )


@check(Severity.ERROR)
def mixed_versions(environment: Environment) -> Iterator[Diagnosis]:
    """Its interpreter does not see its packages."""
    if environment.status is Status.MIXED:
        yield Diagnosis(
            environment.reason,
            "recreate the environment for one Python version",
            fix=Fix(FixKind.RECREATE),
        )


@check(Severity.ERROR)
def moved_environment(environment: Environment) -> Iterator[Diagnosis]:
    """Its scripts run something else, or nothing."""
    if environment.status is Status.MOVED:
        yield Diagnosis(
            environment.reason,
            "virtual environments are not relocatable; recreate it",
            fix=Fix(FixKind.RECREATE),
        )


@check(Severity.ERROR)
def broken_interpreter(environment: Environment) -> Iterator[Diagnosis]:
    """Nothing in the environment can run."""
    if environment.status is Status.BROKEN:
        version = environment.python.version or "that version"
        yield Diagnosis(
            environment.reason,
            f"reinstall Python {version} at the same path, or recreate the environment",
            fix=Fix(FixKind.RECREATE),
        )


@check(Severity.WARNING)
def end_of_life(environment: Environment) -> Iterator[Diagnosis]:
    """The support of its Python has ended (PEP 602 and its like)."""
    python = environment.python
    if python.end_of_life:
        yield Diagnosis(
            f"Python {python.version} has had no security fixes since {python.end_of_life}",
            "recreate with a supported Python",
        )


@check(Severity.WARNING)
def project_gone(environment: Environment) -> Iterator[Diagnosis]:
    """The project was deleted or moved."""
    project = environment.project
    if project.state is ProjectState.GONE:
        yield Diagnosis(
            f"project not found: {project.path}",
            "if the project will not return, delete the environment",
            fix=Fix(FixKind.DELETE),
        )


@check(Severity.NOTE)
def project_not_mounted(environment: Environment) -> Iterator[Diagnosis]:
    """The project may be there once its disk is mounted."""
    project = environment.project
    if project.state is ProjectState.UNMOUNTED:
        yield Diagnosis(
            f"project is on an unmounted disk: {project.path}",
            "mount the disk",
        )


STATUS_CHECKS = {
    one.name: one
    for one in (
        incomplete_markers,
        mixed_versions,
        moved_environment,
        broken_interpreter,
        end_of_life,
        project_gone,
        project_not_mounted,
    )
}
"""By name."""


def examine(environment: Environment) -> tuple[Finding, ...]:
    """Return the findings that the record of an environment tells by itself."""
    return run_checks(STATUS_CHECKS.values(), environment, environment).findings


def replace_findings(
    environment: Environment, found: Iterable[Finding], kept: Collection[str]
) -> Environment:
    """Return an examined environment with findings in the place of all but those of the checks
    that are `kept`."""
    stay = [one for one in environment.findings if one.check in kept]
    return replace(environment, findings=sort_findings([*stay, *found]), examined=True)


def renewed(environment: Environment, known: Environment) -> Environment:
    """Return an environment with the findings that its record tells now, and those of its contents
    as they were found before; call it only while the contents are the same."""
    kept = (one for one in known.findings if one.check not in STATUS_CHECKS)
    findings = sort_findings([*examine(environment), *kept])
    return replace(environment, findings=findings, examined=known.examined)
