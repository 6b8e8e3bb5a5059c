"""The project that an environment belongs to."""

from collections.abc import Iterator

from envdeck.core.health import Diagnosis, check
from envdeck.core.model import Environment, ProjectState, Severity


@check(Severity.WARNING)
def project_gone(environment: Environment) -> Iterator[Diagnosis]:
    """The project was deleted or moved."""
    project = environment.project
    if project.state is ProjectState.GONE:
        yield Diagnosis(
            f"its project {project.path} no longer exists",
            "delete the environment if the project is not coming back",
        )


@check(Severity.NOTE)
def project_not_mounted(environment: Environment) -> Iterator[Diagnosis]:
    """The project may be there once its disk is mounted."""
    project = environment.project
    if project.state is ProjectState.UNMOUNTED:
        yield Diagnosis(
            f"its project {project.path} is on a disk that is not mounted",
            "mount the disk before judging the environment",
        )
