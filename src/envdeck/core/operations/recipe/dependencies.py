"""What an operation would leave unsatisfied that was satisfied before; nothing is run."""

from envdeck.core.inspection.distributions import read_distributions
from envdeck.core.inspection.requirements import parse_requirement
from envdeck.core.model import Environment


def new_dependency_problems(before: Environment, after: Environment) -> tuple[tuple[str, str], ...]:
    """Return distribution and requirement of all that is missing now and was not before.

    Markers are evaluated for each environment's own interpreter. A requirement whose text has
    changed with its distribution's version is no new problem where it was missing already.
    """
    known = {(name, _asked(text)) for name, text in dependency_problems(before)}
    return tuple(
        (name, text)
        for name, text in dependency_problems(after)
        if (name, _asked(text)) not in known
    )


def dependency_problems(environment: Environment) -> tuple[tuple[str, str], ...]:
    """Return distribution and requirement of all that is missing."""
    rows = read_distributions(environment)
    return tuple(dict.fromkeys((row.name, text) for row in rows for text in row.missing))


def _asked(text: str) -> str:
    requirement = parse_requirement(text)
    return requirement.name if requirement is not None else text
