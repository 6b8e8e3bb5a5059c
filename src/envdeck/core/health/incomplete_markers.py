"""Whether what looks like an environment is one."""

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
