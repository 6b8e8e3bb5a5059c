"""The registry of all checks, and their run over one environment."""

from envdeck.core.health import HealthCheck, integrity, interpreter, project
from envdeck.core.model import Environment, Finding, Severity

SUBJECTS = (integrity, interpreter, project)
CHECKS: dict[str, HealthCheck] = {
    one.name: one
    for subject in SUBJECTS
    for one in vars(subject).values()
    if isinstance(one, HealthCheck)
}
"""Every check by its name."""
_ORDER = tuple(Severity)


def examine(environment: Environment) -> tuple[Finding, ...]:
    """Return the findings of all checks: errors first, then by the name of the check."""
    found = [
        Finding(one.name, one.severity, *diagnosis)
        for one in CHECKS.values()
        for diagnosis in one.diagnose(environment)
    ]
    return tuple(sorted(found, key=lambda one: (_ORDER.index(one.severity), one.check)))
