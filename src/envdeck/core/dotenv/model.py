"""Dotenv files, keys, findings and remedies, without the values of keys.

:func:`reveal` reads a value again when a person asks for it. What is not kept here cannot get into
an index, a log, a picture or a trace.
"""

from collections.abc import Sequence
from enum import StrEnum

from envdeck.core.git import Git
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Severity
from envdeck.core.system.host import Host


class FileKind(StrEnum):
    """What a dotenv file is for."""

    ENV = "env"
    """Holds values: `.env`, `.env.local`, `.env.production`."""
    EXAMPLE = "example"
    """Names the keys and is in git: `.env.example`, `.env.sample`, `.env.template`."""
    STRAY = "stray"
    """Inside the environment, and deleted with it."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key as a file sets it."""

    name: str
    line: int
    """Counted from 1; of several assignments the last, which holds."""
    has_value: bool
    """False for `KEY=` (empty) and `KEY` (no value)."""
    exported: bool = False
    lines: int = 1
    """The lines that its value takes."""
    placeholder: bool = False
    """Whether its value is to be replaced (`changeme`, `<token>`)."""


class Content(StrEnum):
    """What the values of a file come to, as far as their looks tell."""

    SECRETS = "secrets"
    """One of them may be a secret."""
    ENCRYPTED = "encrypted"
    """Encrypted ones, or references to where secrets are kept, and none that may be one."""
    HARMLESS = "harmless"
    """None that may be a secret."""


class RemedyKind(StrEnum):
    """What writing one file can fix."""

    CREATE = "create"
    """Create `.env` from the example."""
    ADD = "add"
    """Add keys of the example, with values that a person gives."""
    IGNORE = "ignore"
    """Add the file to `.gitignore`."""
    PRIVATE = "private"
    """Take access from group and others."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """The fix of a finding, planned by :meth:`Operations.plan_remedy`."""

    kind: RemedyKind
    file: str
    """The dotenv file that it is about, which may not exist yet."""
    project: str
    keys: tuple[str, ...] = ()
    """Keys to add, in the order of the example."""
    example: str = ""
    """The path of the example."""


@dataclass(frozen=True, slots=True)
class DotenvFinding:
    """One thing wrong with one file; its words quote names of keys and nothing else of the file."""

    check: str
    """Its name, where possible as in dotenv-linter: `duplicated-key`."""
    severity: Severity
    file: str
    message: str
    """One sentence without a full stop."""
    remedy: str
    """What to do, with a command that works where there is one."""
    line: int | None = None
    fix: Remedy | None = None
    """Its fix, where EnvDeck has one."""


@dataclass(frozen=True, slots=True)
class GitState:
    """What git knows of one file. None is not checked, for the reason in :attr:`problem`."""

    tracked: bool | None = None
    ignored: bool | None = None
    committed: bool | None = None
    """Whether any commit of any branch has it."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DotenvFile:
    """One dotenv file; with a :attr:`problem` it may be incomplete."""

    path: str
    kind: FileKind
    keys: tuple[Key, ...] = ()
    """Each once, in the order of the file."""
    mode: int | None = None
    """Permission bits (`0o600`); None where the system has none."""
    bytes: int | None = None
    encoding: str = "utf-8"
    """`utf-8`, `utf-8-sig` (with a BOM), `utf-16`, or `latin-1` for all else."""
    newline: str = "\n"
    """The most frequent line end."""
    link: str | None = None
    """The target, if it is a symbolic link."""
    problem: str = ""
    """Why it was not read, or not all of it: a FIFO, a folder, too large."""
    git: GitState = GitState()
    content: Content = Content.SECRETS
    """Secrets, unless every value was read and none may be one."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its keys."""
        return tuple(key.name for key in self.keys)


@dataclass(frozen=True, slots=True)
class KeyComparison:
    """The keys that only one of a file and its example has."""

    file: str
    example: str
    missing: tuple[str, ...] = ()
    """Only in the example, in its order."""
    extra: tuple[str, ...] = ()
    """Only in the file, in its order."""


@dataclass(frozen=True, slots=True)
class DotenvReport:
    """The dotenv files of one project, and findings on them."""

    project: str
    files: tuple[DotenvFile, ...] = ()
    compared: tuple[KeyComparison, ...] = ()
    findings: tuple[DotenvFinding, ...] = ()
    """Errors first, then by file and line."""


_NAMED = 8
"""So many keys are named in one sentence."""


def name_keys(names: Sequence[str]) -> str:
    """Return keys as a sentence names them, with a verb: `A and B are`."""
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more are"
    are = "is" if len(names) == 1 else "are"
    return " and ".join(filter(None, [", ".join(names[:-1]), f"{names[-1]} {are}"]))


def git_states(paths: Sequence[str], host: Host) -> dict[str, GitState]:
    """Return what git knows of each file; an empty state for one that is in no repository."""
    known = Git(host).known(paths)
    return {
        path: GitState(one.tracked, one.ignored, one.committed, one.problem)
        for path, one in known.items()
    }
