"""Whether an environment is where its scripts believe it to be."""

from collections.abc import Iterator

from envdeck.core.model import Environment, Finding, Severity, Status


def moved_environment(environment: Environment) -> Iterator[Finding]:
    """Yield an error when its scripts run something else, or nothing."""
    if environment.status is Status.MOVED:
        yield Finding(
            "moved-environment",
            Severity.ERROR,
            environment.reason,
            "delete it, or make it again in its place: no environment survives a move (PEP 405)",
        )
