"""Whether the interpreter of an environment is there."""

from collections.abc import Iterator

from envdeck.core.model import Environment, Finding, Severity, Status


def broken_interpreter(environment: Environment) -> Iterator[Finding]:
    """Yield an error when nothing in the environment can run."""
    if environment.status is Status.BROKEN:
        minor = environment.python.version or "that version"
        yield Finding(
            "broken-interpreter",
            Severity.ERROR,
            environment.reason,
            f"install Python {minor} where it was, or make the environment again: its packages"
            " can still be read",
        )
