"""All checks of an environment, run together.

A check is a function from an inspected environment to findings, in the module of its subject, and
a line in :data:`CHECKS`.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from envdeck.core.health.integrity import incomplete_markers, mixed_versions, moved_environment
from envdeck.core.health.interpreter import broken_interpreter, end_of_life
from envdeck.core.health.project import project_missing
from envdeck.core.model import Environment, Finding

Check: TypeAlias = Callable[[Environment], Iterator[Finding]]


CHECKS: tuple[Check, ...] = (
    broken_interpreter,
    end_of_life,
    incomplete_markers,
    mixed_versions,
    moved_environment,
    project_missing,
)
"""In the order of their names."""


def examine(environment: Environment) -> tuple[Finding, ...]:
    """Return what all the checks find, errors first."""
    found = [finding for check in CHECKS for finding in check(environment)]
    order = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda finding: order[finding.severity]))
