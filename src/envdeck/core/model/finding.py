"""A finding: a promise that does not hold, with its cause and what mends it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much it matters: an error breaks something now, a warning will, a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one environment."""

    check: str
    """The name of the check, as in the JSON contract: `broken-interpreter`."""
    severity: Severity
    message: str
    remedy: str
    """What to do, with a command that works where there is one."""
