"""A package of which nothing proves what it is, and what a person can choose for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

UNPROVED = "unproved"
"""The name of the guard that stands in the way while a doubt has no choice."""


class PackageChoice(StrEnum):
    """What becomes of a package that cannot be recreated exactly."""

    KEEP = "keep"
    """Its installed files, as they are now."""
    RELEASE = "release"
    """What the index has under its name and version, whatever that is."""
    OMIT = "omit"
    """It is left out."""


Choices: TypeAlias = Mapping[str, PackageChoice]
"""By the normalised name of the package."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One package that is neither proved by its files nor by its origin."""

    name: str
    """Normalised (PEP 503)."""
    display_name: str
    version: str
    reason: str
    """Why, in a sentence without a full stop; it may carry hostile text."""
    options: tuple[PackageChoice, ...]
    """What can be chosen for it."""

    @property
    def title(self) -> str:
        """Its name and version, as a person knows it."""
        return f"{self.display_name or self.name} {self.version}".strip()
