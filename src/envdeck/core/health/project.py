"""Whether the project an environment was made for is still there."""

from collections.abc import Iterator

from envdeck.core.model import Environment, Finding, ProjectState, Severity


def project_missing(environment: Environment) -> Iterator[Finding]:
    """Yield a warning for an orphan, and a note where its disk is only not mounted."""
    project = environment.project
    if project.state is ProjectState.GONE:
        yield Finding(
            "project-gone",
            Severity.WARNING,
            f"its project {project.path} no longer exists",
            "delete the environment if the project is not coming back",
        )
    elif project.state is ProjectState.UNMOUNTED:
        yield Finding(
            "project-not-mounted",
            Severity.NOTE,
            f"its project {project.path} is on a disk that is not mounted",
            "mount the disk before judging the environment",
        )
