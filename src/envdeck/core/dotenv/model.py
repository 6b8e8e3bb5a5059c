"""Files, keys, findings, remedies as values, without the values of keys.

What stands behind a key is read again when a person asks to see it (:func:`reveal`), and nowhere
kept: what is not here cannot get into an index, a log, a picture or a trace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from envdeck.core.git import Git
from envdeck.core.model import Severity
from envdeck.core.system.host import Host


class FileKind(StrEnum):
    """What a dotenv file is for."""

    ENV = "env"
    """`.env`, `.env.local`, `.env.production`: it holds values."""
    EXAMPLE = "example"
    """`.env.example`, `.env.sample`, `.env.template`: it names the keys, and is in git."""
    STRAY = "stray"
    """One inside the environment, which goes with it when that is deleted."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key as a file sets it."""

    name: str
    line: int
    """Counted from 1: where its value stands (of several, the last one, which holds)."""
    has_value: bool
    """Whether anything stands behind it: `KEY=` sets an empty value, and `KEY` none."""
    exported: bool = False
    lines: int = 1
    """So many lines its value takes."""
    placeholder: bool = False
    """Whether its value is one to be replaced (`changeme`, `<token>`), as examples have them."""


class RemedyKind(StrEnum):
    """What can be done about a finding with one file written."""

    CREATE = "create"
    """`.env` is made from the example."""
    ADD = "add"
    """Keys that the example has are added, with values that a person gives."""
    IGNORE = "ignore"
    """The file is added to `.gitignore`."""
    PRIVATE = "private"
    """Group and others may read it no more."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What mends a finding; :meth:`Operations.plan_remedy` plans it."""

    kind: RemedyKind
    file: str
    """The dotenv file that it is about: that is (or will be) there."""
    project: str
    keys: tuple[str, ...] = ()
    """Keys to add, in the order of the example."""
    example: str = ""
    """The example file that they come from."""


@dataclass(frozen=True, slots=True)
class DotenvFinding:
    """One thing wrong with one file; its words never quote what the file says but names of keys."""

    check: str
    """Its name, as dotenv-linter made it known where it has one: `duplicated-key`."""
    severity: Severity
    file: str
    message: str
    """One sentence without a full stop."""
    remedy: str
    """What to do, with a command that works where there is one."""
    line: int | None = None
    mends: Remedy | None = None
    """What a keystroke can do about it."""


@dataclass(frozen=True, slots=True)
class GitState:
    """What git knows of one file. None is "not checked", for the reason in :attr:`problem`."""

    tracked: bool | None = None
    ignored: bool | None = None
    committed: bool | None = None
    """Whether any commit of any branch ever had it."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DotenvFile:
    """One dotenv file as read; with a :attr:`problem`, whatever could be read of it."""

    path: str
    kind: FileKind
    keys: tuple[Key, ...] = ()
    """Each once, in the order of the file."""
    mode: int | None = None
    """Permission bits (`0o600`); None where the system has none."""
    bytes: int | None = None
    encoding: str = "utf-8"
    """`utf-8`, `utf-8-sig` (with a BOM), or `latin-1` for what is not UTF-8."""
    newline: str = "\n"
    """How its lines end, most of them."""
    link: str | None = None
    """Where it leads, if it is a symbolic link."""
    problem: str = ""
    """Why it was not read, or not whole: a FIFO, a folder, over the limit."""
    git: GitState = GitState()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its keys."""
        return tuple(key.name for key in self.keys)


@dataclass(frozen=True, slots=True)
class KeyComparison:
    """A file beside the example: which keys only one of them has."""

    file: str
    example: str
    missing: tuple[str, ...] = ()
    """In the example alone, in its order."""
    extra: tuple[str, ...] = ()
    """In the file alone, in its order."""


@dataclass(frozen=True, slots=True)
class DotenvReport:
    """Every dotenv file of one project, and what is wrong with them."""

    project: str
    files: tuple[DotenvFile, ...] = ()
    compared: tuple[KeyComparison, ...] = ()
    findings: tuple[DotenvFinding, ...] = ()
    """Errors first, then by file and line."""

    @property
    def has_git(self) -> bool:
        """Whether any file was asked about in git."""
        return any(one.git != GitState() for one in self.files)


def git_states(paths: Sequence[str], host: Host) -> dict[str, GitState]:
    """Return what git knows of each file; an empty state for one that is in no repository."""
    known = Git(host).known(paths)
    return {
        path: GitState(one.tracked, one.ignored, one.committed, one.problem)
        for path, one in known.items()
    }
