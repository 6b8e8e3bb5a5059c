"""Checks of an environment: a module a subject, a function a check, named as in the JSON contract.

A further check is a function with :func:`check` in the module of its subject, and its test; a
further subject is a module, and its name among the subjects of `examine`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from envdeck.core.model import Environment, Severity


class Diagnosis(NamedTuple):
    """What a check finds; the check adds its name and severity."""

    message: str
    remedy: str


Diagnose: TypeAlias = Callable[[Environment], Iterator[Diagnosis]]


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A check, as its decorator describes it."""

    name: str
    """That of the function, with hyphens: `broken-interpreter`."""
    subject: str
    """The name of its module."""
    severity: Severity
    diagnose: Diagnose


def check(severity: Severity) -> Callable[[Diagnose], HealthCheck]:
    """Make a check of a function."""

    def describe(diagnose: Diagnose) -> HealthCheck:
        subject = diagnose.__module__.rpartition(".")[2]
        return HealthCheck(diagnose.__name__.replace("_", "-"), subject, severity, diagnose)

    return describe
