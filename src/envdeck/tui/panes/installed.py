"""What is known of the packages of the environment shown: being read, read, or unreadable."""

from dataclasses import dataclass
from typing import TypeAlias

from envdeck.core.model import Distribution


@dataclass(frozen=True, slots=True)
class Reading:
    """They are being read."""


@dataclass(frozen=True, slots=True)
class Read:
    """They have been read."""

    distributions: tuple[Distribution, ...]

    @property
    def requested(self) -> int:
        """How many were asked for, as far as their installers record it."""
        return sum(distribution.requested for distribution in self.distributions)


@dataclass(frozen=True, slots=True)
class Unread:
    """They could not be read."""

    reason: str


Installed: TypeAlias = Reading | Read | Unread
