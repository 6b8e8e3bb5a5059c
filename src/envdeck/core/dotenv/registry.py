"""What a check of dotenv files is given, what it reports, and how it is registered.

The name of a check is that of its function, with hyphens. A :func:`line_check` judges one line
that sets a key and returns message and remedy; a :func:`check` judges all files and yields remarks.
"""

import os
import shlex
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from envdeck.core.dotenv.files import DotenvDocument
from envdeck.core.dotenv.model import DotenvFile, FileKind, KeyComparison, Remedy
from envdeck.core.dotenv.syntax import Statement
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Severity
from envdeck.core.system import reach


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One project's files. It holds their values and is forgotten once they are checked."""

    project: str
    documents: tuple[DotenvDocument, ...] = ()
    compared: tuple[KeyComparison, ...] = ()

    @property
    def files(self) -> tuple[DotenvFile, ...]:
        """The files without their values."""
        return tuple(document.file for document in self.documents)

    @property
    def written(self) -> tuple[DotenvDocument, ...]:
        """The files whose lines somebody maintains: all but strays."""
        return tuple(one for one in self.documents if one.file.kind is not FileKind.STRAY)

    @property
    def private(self) -> tuple[DotenvFile, ...]:
        """The files that hold values."""
        return tuple(file for file in self.files if file.kind is FileKind.ENV)

    def name(self, path: str) -> str:
        """Return the path of a file relative to the project."""
        return os.path.relpath(path, self.project)

    def is_outside(self, file: DotenvFile) -> bool:
        """Whether a file is a link out of the project; its target is not edited."""
        inside = reach.realpath(self.project).rstrip(os.sep) + os.sep
        return file.link is not None and not file.link.startswith(inside)

    def command(self, option: str, path: str) -> str:
        """Return the command of EnvDeck that fixes one file."""
        words = ["envdeck", "dotenv", self.project, option]
        if self.name(path) != ".env":
            words += ["--file", self.name(path)]
        return shlex.join(words)

    def git(self, *words: str) -> str:
        """Return a git command in the project's folder."""
        return shlex.join(["git", "-C", self.project, *words])


class Remark(NamedTuple):
    """What a check reports of one file; its decorator adds name and severity."""

    file: str
    message: str
    remedy: str
    line: int | None = None
    fix: Remedy | None = None
    severity: Severity | None = None
    """In place of that of the check."""


Find: TypeAlias = Callable[[CheckContext], Iterator[Remark]]


Judge: TypeAlias = Callable[[Statement], tuple[str, str] | None]


class DotenvCheck(NamedTuple):
    """One check, as its decorator registered it."""

    name: str
    severity: Severity
    find: Find


CHECKS: list[DotenvCheck] = []
"""Every check of this module, in its order."""


def check(severity: Severity) -> Callable[[Find], Find]:
    """Register a check of all files."""

    def register(find: Find) -> Find:
        CHECKS.append(DotenvCheck(find.__name__.replace("_", "-"), severity, find))
        return find

    return register


def line_check(severity: Severity) -> Callable[[Judge], Judge]:
    """Register a check of each line that sets a key, in all files but strays."""

    def register(judge: Judge) -> Judge:
        def find(context: CheckContext) -> Iterator[Remark]:
            for document in context.written:
                for one in document.assignments:
                    words = judge(one)
                    if words is not None:
                        yield Remark(document.file.path, *words, one.line)

        CHECKS.append(DotenvCheck(judge.__name__.replace("_", "-"), severity, find))
        return judge

    return register
