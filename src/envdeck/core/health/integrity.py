"""The environment as a whole: complete, of one version, where it was created."""

from collections.abc import Iterator

from envdeck.core.health import Diagnosis, check
from envdeck.core.model import Environment, Severity, Status


@check(Severity.WARNING)
def incomplete_markers(environment: Environment) -> Iterator[Diagnosis]:
    """A folder that has some markers and lacks others."""
    if environment.status is Status.SUSPECT:
        yield Diagnosis(
            environment.reason,
            "look into the folder yourself: it is not treated as an environment",
        )


@check(Severity.ERROR)
def mixed_versions(environment: Environment) -> Iterator[Diagnosis]:
    """Its interpreter does not see its packages."""
    if environment.status is Status.MIXED:
        yield Diagnosis(
            environment.reason,
            "make it again for one version: upgrading in place leaves the packages of the other",
        )


@check(Severity.ERROR)
def moved_environment(environment: Environment) -> Iterator[Diagnosis]:
    """Its scripts run something else, or nothing."""
    if environment.status is Status.MOVED:
        yield Diagnosis(
            environment.reason,
            "delete it, or make it again in its place: no environment survives a move (PEP 405)",
        )
