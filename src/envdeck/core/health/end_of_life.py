"""Whether the Python of an environment still gets security fixes."""

from collections.abc import Iterator

from envdeck.core.model import Environment, Finding, Severity


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
