"""Installed files that are no longer what their installer put down."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EditedFile:
    """One file whose content is not the one that RECORD gives it."""

    path: str
    """Relative to the environment, with the system's separators; hostile text."""
    name: str
    """Of its distribution, normalised."""
    bytes: int = 0
    """Its length now."""
    original: str = ""
    """The hash that RECORD gives it: `sha256=` and the digest."""


@dataclass(frozen=True, slots=True)
class Edits:
    """The edited files of one environment, and the missing ones."""

    files: tuple[EditedFile, ...] = ()
    """By path; the first of them where there are many."""
    count: int = 0
    """How many there are, listed or not."""
    bytes: int = 0
    """The lengths of all of them together."""
    missing: int = 0
    """Files that RECORD lists and that are not there; none of them is among the others."""
    unchecked: tuple[str, ...] = ()
    """What could not be compared, and why, one sentence each: there may be more."""

    @property
    def complete(self) -> bool:
        """Whether every edited file is in :attr:`files`."""
        return not self.unchecked and self.count == len(self.files)
