"""Checks of the environment as a whole: complete, of one version, where it was made."""

from collections.abc import Iterator

from envdeck.core.model import Environment, Finding, Severity, Status


def incomplete_markers(environment: Environment) -> Iterator[Finding]:
    """Yield a warning for a folder that has some markers and lacks others."""
    if environment.status is Status.SUSPECT:
        yield Finding(
            "incomplete-markers",
            Severity.WARNING,
            environment.reason,
            "look into the folder yourself: it is not treated as an environment",
        )


def mixed_versions(environment: Environment) -> Iterator[Finding]:
    """Yield an error when its interpreter does not see its packages."""
    if environment.status is Status.MIXED:
        yield Finding(
            "mixed-versions",
            Severity.ERROR,
            environment.reason,
            "make it again for one version: upgrading in place leaves the packages of the other",
        )


def moved_environment(environment: Environment) -> Iterator[Finding]:
    """Yield an error when its scripts run something else, or nothing."""
    if environment.status is Status.MOVED:
        yield Finding(
            "moved-environment",
            Severity.ERROR,
            environment.reason,
            "delete it, or make it again in its place: no environment survives a move (PEP 405)",
        )
