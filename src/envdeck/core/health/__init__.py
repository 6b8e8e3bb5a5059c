"""Checks of an environment: a module a subject, a function a check, named as in the JSON contract.

A further check is a function with :func:`content_check` in the module of its subject, and its test
(with :func:`check` in `status`, where the record of the environment tells); a further subject is a
module, and its name among the subjects of `examine`.
Nothing of the environment is run or imported, and every read is bounded.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import (
    Environment,
    Evidence,
    Examination,
    Finding,
    Fix,
    FixKind,
    NotChecked,
    Severity,
    minor_of,
)

if TYPE_CHECKING:
    from envdeck.core.health.context import HealthContext


class CheckScope(Enum):
    """What a check reads, and so when it is run."""

    STATUS = "status"
    """The record of the environment alone: with every scan."""
    CONTENTS = "contents"
    """Files of the environment and around it: with every scan that sees a change."""
    FILES = "files"
    """Every file that is installed: with every scan that measures it and meets one that is not as
    its RECORD says, and when one environment is examined."""
    DEEP = "deep"
    """Every byte that is installed: only when asked for."""
    ONLINE = "online"
    """The package index or an advisory service: only when asked for."""


FILE_CHECKS = frozenset({"missing-file", "changed-file"})
"""The names of those that look at files."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a check finds; the check adds its name, and its severity unless one is given."""

    message: str
    remedy: str
    subject: str = ""
    evidence: Evidence = ()
    fix: Fix | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why a check could not look; the check adds its name."""

    reason: str


Answer: TypeAlias = Diagnosis | Skipped
Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class HealthCheck(Generic[Subject]):
    """A check, as its decorator describes it."""

    name: str
    """That of the function, with hyphens: `broken-interpreter`."""
    subject: str
    """The name of its module."""
    severity: Severity
    diagnose: Callable[[Subject], Iterator[Answer]]
    scope: CheckScope = CheckScope.STATUS


def check(
    severity: Severity,
) -> Callable[[Callable[[Environment], Iterator[Answer]]], HealthCheck[Environment]]:
    """Make a check of a function that judges by the record of an environment alone."""

    def describe(diagnose: Callable[[Environment], Iterator[Answer]]) -> HealthCheck[Environment]:
        return _describe(diagnose, severity, CheckScope.STATUS)

    return describe


def content_check(
    severity: Severity, scope: CheckScope = CheckScope.CONTENTS
) -> Callable[[Callable[["HealthContext"], Iterator[Answer]]], HealthCheck["HealthContext"]]:
    """Make a check of a function that reads what is installed, or what is around it.

    It yields a diagnosis for each fault, and a :class:`Skipped` where it could not look.
    """

    def describe(
        diagnose: Callable[["HealthContext"], Iterator[Answer]],
    ) -> HealthCheck["HealthContext"]:
        return _describe(diagnose, severity, scope)

    return describe


def _describe(
    diagnose: Callable[[Subject], Iterator[Answer]], severity: Severity, scope: CheckScope
) -> HealthCheck[Subject]:
    name = diagnose.__name__.replace("_", "-")
    return HealthCheck(name, diagnose.__module__.rpartition(".")[2], severity, diagnose, scope)


def fix_command(environment: Environment, fix: Fix) -> str:
    """Return the command line that does a fix."""
    words = {
        FixKind.INSTALL: ["install"],
        FixKind.REINSTALL: ["install", "--reinstall"],
        FixKind.UNINSTALL: ["uninstall"],
        FixKind.CLEAN_UP: ["uninstall", "--leftovers"],
        FixKind.UPGRADE: ["upgrade"],
        FixKind.RECREATE: ["recreate"],
        FixKind.REPAIR: ["upgrade", "--python", minor_of(environment.python.version) or "VERSION"],
        FixKind.DELETE: ["delete"],
    }[fix.kind]
    command, *options = words
    return shlex.join(["envdeck", command, environment.path, *fix.packages, *options])


def _add_command(remedy: str, fix: Fix | None, environment: Environment) -> str:
    """Return a remedy with the command for it, unless it has one."""
    if fix is None or "envdeck " in remedy:
        return remedy
    command = fix_command(environment, fix)
    return f"{remedy}: {command}" if remedy else command


def run_checks(
    checks: Iterable[HealthCheck[Subject]], subject: Subject, environment: Environment
) -> Examination:
    """Return what the checks say of one environment; a remedy that an operation does has the
    command for it."""
    findings: list[Finding] = []
    skipped: list[NotChecked] = []
    for one in checks:
        for answer in one.diagnose(subject):
            if isinstance(answer, Skipped):
                skipped.append(NotChecked(one.name, answer.reason))
            else:
                findings.append(
                    Finding(
                        one.name,
                        answer.severity or one.severity,
                        answer.message,
                        _add_command(answer.remedy, answer.fix, environment),
                        answer.subject,
                        answer.evidence,
                        answer.fix,
                    )
                )
    return Examination(sort_findings(findings), tuple(skipped))


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings: errors first, then by check and subject."""
    order = tuple(Severity)
    return tuple(
        sorted(findings, key=lambda one: (order.index(one.severity), one.check, one.subject))
    )
