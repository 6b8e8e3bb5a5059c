"""What is wrong with an environment: finding, evidence, fix, and what could not be checked."""

from enum import StrEnum
from typing import TypeAlias

from envdeck.core.lazy_dataclasses import dataclass


class Severity(StrEnum):
    """How much it matters: an error breaks something now, a warning will, a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class FixKind(StrEnum):
    """The operation that fixes a finding; findings of one kind are fixed in one plan."""

    INSTALL = "install"
    """Install requirements that nothing here satisfies."""
    REINSTALL = "reinstall"
    """Install distributions again at the version they have."""
    UNINSTALL = "uninstall"
    CLEAN_UP = "clean-up"
    """Remove what an interrupted installer left."""
    UPGRADE = "upgrade"
    """Move distributions to another version."""
    RECREATE = "recreate"
    REPAIR = "repair"
    """Point the environment at its base interpreter again."""
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Fix:
    """What an operation is to do about a finding."""

    kind: FixKind
    packages: tuple[str, ...] = ()
    """Requirements (PEP 508) to install or upgrade to; normalised names for the others."""


EvidenceValue: TypeAlias = str | int | bool | tuple[str, ...] | None
Evidence: TypeAlias = tuple[tuple[str, EvidenceValue], ...]
"""The evidence of a finding, by keys that depend on the check; pairs, so that it can be hashed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one environment."""

    check: str
    """The name of the check, as in the JSON contract: `broken-interpreter`."""
    severity: Severity
    message: str
    remedy: str
    """What to do, with a command that works where there is one."""
    subject: str = ""
    """The distribution (normalised, PEP 503), module, file or setting it is about."""
    evidence: Evidence = ()
    fix: Fix | None = None
    """The operation that fixes it; None where only a person can."""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A check that could not look, or was not asked to; it never counts as clean."""

    check: str
    reason: str


class AuditState(StrEnum):
    """What is known of the advisories for one distribution."""

    VULNERABLE = "vulnerable"
    NOT_CHECKED = "not checked"
    SKIPPED = "skipped"
    """It is not from an index, so that nobody was asked."""
    CLEAN = "clean"


@dataclass(frozen=True, slots=True)
class AuditedPackage:
    """What is known of the advisories for one distribution, and why or when."""

    name: str
    version: str
    state: AuditState
    reason: str = ""
    """Why it was not checked, or skipped."""
    asked_at: float | None = None
    """When the service answered."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What the checks say of one environment."""

    findings: tuple[Finding, ...] = ()
    """Errors first, then by check and subject."""
    not_checked: tuple[NotChecked, ...] = ()
    audited: tuple[AuditedPackage, ...] = ()
    """By name; empty where no advisory service was asked."""
