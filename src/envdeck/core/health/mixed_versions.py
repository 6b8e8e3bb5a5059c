"""Whether the parts of an environment are of one Python version."""

from collections.abc import Iterator

from envdeck.core.model import Environment, Finding, Severity, Status


def mixed_versions(environment: Environment) -> Iterator[Finding]:
    """Yield an error when its interpreter does not see its packages."""
    if environment.status is Status.MIXED:
        yield Finding(
            "mixed-versions",
            Severity.ERROR,
            environment.reason,
            "make it again for one version: upgrading in place leaves the packages of the other",
        )
