"""What the checks look at: all dotenv files of one project as they were read."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from envdeck.core import reach
from envdeck.core.dotenv.model import DotenvFile, DotenvFinding, FileKind, KeyComparison
from envdeck.core.dotenv.reading import Document
from envdeck.core.model import Severity

_NAMED = 8
"""So many keys are named in one sentence."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One project's files. It holds their values and is forgotten once they are checked."""

    project: str
    documents: tuple[Document, ...] = ()
    compared: tuple[KeyComparison, ...] = ()

    @property
    def files(self) -> tuple[DotenvFile, ...]:
        """The files as nouns."""
        return tuple(document.file for document in self.documents)

    @property
    def written(self) -> tuple[Document, ...]:
        """The files whose lines somebody looks after: all but strays."""
        return tuple(one for one in self.documents if one.file.kind is not FileKind.STRAY)

    @property
    def private(self) -> tuple[DotenvFile, ...]:
        """The files that hold values."""
        return tuple(file for file in self.files if file.kind is FileKind.ENV)

    def name(self, path: str) -> str:
        """Return a file as it is called from the project's folder."""
        return os.path.relpath(path, self.project)

    def is_outside(self, file: DotenvFile) -> bool:
        """Tell a link that leads out of the project: what is behind it is not edited."""
        inside = reach.realpath(self.project).rstrip(os.sep) + os.sep
        return file.link is not None and not file.link.startswith(inside)

    def command(self, option: str, path: str) -> str:
        """Return the command of ours that mends something of one file."""
        words = ["envdeck", "dotenv", self.project, option]
        if self.name(path) != ".env":
            words += ["--file", self.name(path)]
        return shlex.join(words)

    def git(self, *words: str) -> str:
        """Return a command of git's in the project's folder."""
        return shlex.join(["git", "-C", self.project, *words])


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them; of more than eight, how many there are besides."""
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def line_finding(
    check: str, severity: Severity, document: Document, line: int, message: str, remedy: str
) -> DotenvFinding:
    """Return a finding about one line, which a person mends in an editor."""
    return DotenvFinding(check, severity, document.file.path, message, remedy, line)
