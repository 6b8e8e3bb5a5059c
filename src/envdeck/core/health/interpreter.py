"""Checks of the interpreter: is it there, and is it still supported."""

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


def end_of_life(environment: Environment) -> Iterator[Finding]:
    """Yield a warning once the support of its Python has ended (PEP 602 and its like)."""
    python = environment.python
    if python.end_of_life:
        yield Finding(
            "end-of-life",
            Severity.WARNING,
            f"Python {python.version} has had no security fixes since {python.end_of_life}",
            "make it again with a Python that is supported",
        )
