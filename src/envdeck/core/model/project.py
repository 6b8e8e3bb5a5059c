"""The way from an environment back to the project it serves."""

from dataclasses import dataclass
from enum import StrEnum


class ProjectState(StrEnum):
    """Three ways of having no project are three different things to a person who cleans up."""

    FOUND = "found"
    NONE = "none"
    """Nothing names a project: it may well be in use."""
    GONE = "gone"
    """A project is named, and its folder no longer exists: an orphan."""
    UNMOUNTED = "unmounted"
    """A project is named on a disk that is not mounted now."""


@dataclass(frozen=True, slots=True)
class ProjectLink:
    """The project of an environment, and how that is known."""

    state: ProjectState = ProjectState.NONE
    path: str | None = None
    """The project's folder; kept when it is gone or unmounted."""
    source: str = ""
    """How it is known, in words: `parent folder`, `.project file`, `name of the environment`."""
