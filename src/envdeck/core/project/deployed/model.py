"""Which Python a project is built, tested and deployed with, by the files that say so."""

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """What a Python is named for."""

    DEPLOYED = "deployed"
    """It runs in production: a container, a function, a platform."""
    TESTED = "tested"
    """It is one of those that the project is tested with: CI, tox, nox."""


@dataclass(frozen=True, slots=True)
class NamedPython:
    """One Python that one line of one file names."""

    version: str
    """As exact as it says: `3.12`, `3.12.4`."""
    where: Where
    source: str
    """What names it, in a few words: `Dockerfile`, `GitHub Actions`, `serverless.yml`."""
    file: str
    line: int | None = None
    """Counted from 1."""
