"""The interpreter: there and supported."""

from collections.abc import Iterator

from envdeck.core.health import Diagnosis, check
from envdeck.core.model import Environment, Severity, Status


@check(Severity.ERROR)
def broken_interpreter(environment: Environment) -> Iterator[Diagnosis]:
    """Nothing in the environment can run."""
    if environment.status is Status.BROKEN:
        version = environment.python.version or "that version"
        yield Diagnosis(
            environment.reason,
            f"install Python {version} where it was, or make the environment again: its packages"
            " can still be read",
        )


@check(Severity.WARNING)
def end_of_life(environment: Environment) -> Iterator[Diagnosis]:
    """The support of its Python has ended (PEP 602 and its like)."""
    python = environment.python
    if python.end_of_life:
        yield Diagnosis(
            f"Python {python.version} has had no security fixes since {python.end_of_life}",
            "make it again with a Python that is supported",
        )
