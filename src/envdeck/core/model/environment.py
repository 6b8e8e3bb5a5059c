"""`Distribution`, `Environment`, `Interpreter`, `ProjectLink`, sizes; `minor_of(version)`."""

import re
from enum import StrEnum
from typing import NamedTuple

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model.finding import Finding, Severity

SEED_PACKAGES = frozenset({"pip", "setuptools", "wheel"})
"""What creators put into an environment by themselves; `ensurepip` even marks pip REQUESTED."""


@dataclass(frozen=True, slots=True)
class Script:
    """An entry point in the `console_scripts` or `gui_scripts` group (PyPA entry points)."""

    name: str
    target: str
    """`package.module:function`."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One `.dist-info` or `.egg-info`, read without importing anything."""

    name: str
    """Normalised (PEP 503)."""
    display_name: str
    """As its author spells it."""
    version: str
    """As written; not always valid by PEP 440."""
    path: str
    """Its metadata folder or file."""
    summary: str = ""
    licence: str = ""
    """`License-Expression` (PEP 639), else a short `License`, else its trove classifiers."""
    requested: bool = False
    """Asked for by a person (REQUESTED, PEP 376) as far as the installer records it."""
    installer: str | None = None
    editable: bool = False
    origin: str | None = None
    """The `direct_url.json` URL (PEP 610) with any credentials masked, or None for an index."""
    vcs: str = ""
    """The version control system whose :attr:`commit` brings it back (`git`), else empty."""
    commit: str = ""
    """What exactly was checked out there, where that is told."""
    size_bytes: int | None = None
    """The sum of what its RECORD lists; None where there is no RECORD."""
    requires_python: str | None = None
    requires: tuple[str, ...] = ()
    """Names of what it needs *here*: markers evaluated for the environment's interpreter."""
    requirements: tuple[str, ...] = ()
    """The same as written (`Requires-Dist`), whether their markers hold or not."""
    required_by: tuple[str, ...] = ()
    """Names of the distributions here that need it."""
    missing: tuple[str, ...] = ()
    """Requirements whose marker holds here and that nothing installed satisfies."""
    scripts: tuple[Script, ...] = ()
    record: str = ""
    """A digest of its RECORD, where that was read; for comparing only."""
    problem: str = ""
    """Why its metadata could not be read whole, or empty. The row is never lost."""
    unread: bool = False
    """Whether what it requires is not known, since its metadata could not be read."""


_MINOR = re.compile(r"[0-9]{1,4}\.[0-9]{1,4}(?![0-9])")


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


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """The files of one environment that have links elsewhere, packed for joint counting.

    Each file is one record of four unsigned 64-bit numbers in native order: inode, links in
    all, links inside this environment, bytes on disk. A thousand environments hold a million
    such files, so they are bytes here and become numbers only when a selection is counted.
    """

    device: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class Size:
    """Three figures, in bytes, measured together in one walk."""

    apparent_bytes: int
    """The sum of the lengths of the files, each once however many links lead to it."""
    disk_bytes: int
    """The blocks they occupy."""
    reclaimable_bytes: int
    """The part of :attr:`disk_bytes` that deleting this environment alone would free."""
    files: int = 0
    up_to: bool = False
    """Whether the file system can share blocks without links (reflinks), so that the
    reclaimable figure is an upper bound."""
    unreadable: int = 0
    """Folders that could not be read, and so are not in the figures."""
    measured_at: float = 0.0
    shared: SharedFiles | None = None
    """What :func:`envdeck.core.inspection.size.joint_size` needs; None when nothing is
    shared."""


@dataclass(frozen=True, slots=True)
class JointSize:
    """What several environments take and free together, each shared file counted once."""

    disk_bytes: int
    reclaimable_bytes: int
    """What deleting all of them would free: more than the sum of each, where they share."""
    unmeasured: int = 0
    """How many of them have no size yet, and so are not in the figures."""


class Status(StrEnum):
    """Whether an environment keeps its first promise: that its interpreter runs its packages."""

    OK = "ok"
    BROKEN = "broken"
    """No working interpreter: the entry dangles, or its base is gone."""
    MOVED = "moved"
    """Its scripts point to another place than the one it is in."""
    MIXED = "mixed"
    """The cfg, the interpreter and the package folder name different minor versions."""
    SUSPECT = "suspect"
    """Its markers are incomplete, so it may be no environment at all."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a folder is, whatever it is called: two paths with one identity are one folder."""

    device: int
    inode: int


class Seen(NamedTuple):
    """What an ordinary environment was recognised by; empty for any other."""

    cfg: tuple[str, ...] = ()
    """Keys and values of its `pyvenv.cfg`, in turn."""
    names: tuple[str, ...] = ()
    """What is right in it, case-folded."""
    library: str = ""
    """The folder in `lib` that holds its package folder."""
    stamps: str = ""
    """Of what recognising reads and its fingerprint does not tell."""


@dataclass(frozen=True, slots=True)
class Python:
    """The interpreter of an environment, as read from its files; None is 'not known'."""

    version: str | None = None
    """As exact as the files tell: `3.12.4`, or `3.12` where only the folder name tells."""
    implementation: str | None = None
    """As `sys.implementation.name` has it: `cpython`, `pypy`."""
    executable: str | None = None
    """The entry inside the environment; it may dangle."""
    base: str | None = None
    """The prefix it uses (`sys.base_prefix`): `~/.pyenv/versions/3.12.4`. None for conda."""
    base_executable: str | None = None
    """Where the executable leads when its links are followed, whether that exists or not."""
    end_of_life: str | None = None
    """The day (`2024-10-07`) or month (`2026-10`) its support ended, once that has passed."""


def minor_of(version: str | None) -> str:
    """Return `3.12` of `3.12.4`; empty where no minor version is told."""
    match = _MINOR.match(version or "")
    return match.group() if match else ""


@dataclass(frozen=True, slots=True)
class Creation:
    """What made an environment, and with which flags, so that it can be made again."""

    creator: str | None = None
    """`venv`, `virtualenv`, `uv`, `conda`, or None."""
    creator_version: str | None = None
    system_site_packages: bool = False
    prompt: str | None = None
    relocatable: bool = False
    seeded: bool = False
    """Whether uv was asked to seed pip."""
    command: str | None = None
    """The command line kept in the cfg, from CPython 3.11 on."""


@dataclass(frozen=True, slots=True)
class LastUsed:
    """When an interpreter last started here, as well as the file system can tell."""

    when: float | None
    """Seconds since the epoch, or None when there is no trustworthy sign."""
    source: str
    """Where it was read, in words: `pyvenv.cfg atime`, or why it is unknown."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment, as found and read without running anything in it.

    What is slow to know (:attr:`size`, and the distributions, which are asked for apart) comes
    later: the record is replaced as a whole by one that knows more, never changed in place.
    """

    path: str
    """Its real path (links resolved), which names it everywhere."""
    identity: Identity
    name: str
    """Short, and telling: `api/.venv`, or the folder's own name in a tool's central store."""
    manager: str
    """Who looks after it, as in the JSON contract: `uv`, `poetry`, `conda` …"""
    status: Status
    reason: str = ""
    """The cause of a status other than ok, in words."""
    python: Python = Python()
    creation: Creation = Creation()
    packages: int | None = None
    """How many distributions its own package folders hold; None when they cannot be listed."""
    site_packages: tuple[str, ...] = ()
    """Its own package folders (platlib and purelib), each once."""
    leftovers: int = 0
    """How many entries of those an interrupted pip left aside."""
    last_used: LastUsed = LastUsed(None, "unknown")
    project: ProjectLink = ProjectLink()
    links: tuple[str, ...] = ()
    """Symbolic links (and uv's `.venv` text files) that lead to it."""
    protected: str | None = None
    """The guard that refuses its deletion, in one sentence, or None."""
    findings: tuple[Finding, ...] = ()
    examined: bool = False
    """Whether its contents were examined too; else :attr:`findings` tell its status alone."""
    size: Size | None = None
    """None until measured; never zero for unknown."""
    seen_at: float = 0.0
    """When it was read, in seconds since the epoch: the age of everything said above."""

    @property
    def states(self) -> tuple[str, ...]:
        """Every state that there is to say of it, the worst first: `broken`, `orphan`.

        `ok` stands alone. An orphan's project is gone; `unmounted` is its project's disk.
        """
        project = self.project.state
        found = [self.status.value] if self.status is not Status.OK else []
        for holds, word in (
            (project is ProjectState.GONE, "orphan"),
            (self.python.end_of_life is not None, "end of life"),
            (project is ProjectState.UNMOUNTED, "unmounted"),
        ):
            if holds:
                found.append(word)
        return tuple(found) or (Status.OK.value,)

    @property
    def worst_severity(self) -> Severity | None:
        """The severity of the worst finding; None where there is no finding."""
        levels = {one.severity for one in self.findings}
        return next((level for level in Severity if level in levels), None)


@dataclass(frozen=True, slots=True)
class GlobalPackages:
    """What was installed into an interpreter itself: a clean global Python has next to nothing."""

    path: str
    """The folder they are in."""
    kind: str
    """`site-packages`, `dist-packages` (Debian's own), or `user` (PEP 370)."""
    names: tuple[str, ...]
    """Distributions found there, normalised by PEP 503 and sorted, without pip, setuptools
    and wheel, which come with the interpreter."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A base interpreter, as read from its files, without running it."""

    executable: str
    prefix: str
    """Its `sys.prefix`: what the `base` of environments is compared with."""
    identity: Identity
    """Of the prefix, together with the version: `/usr` holds several interpreters."""
    version: str | None
    """As exact as the files tell."""
    implementation: str | None
    source: str
    """Who installed it: `system`, `pyenv`, `uv`, `conda`, `mise`, `asdf`, `homebrew` …"""
    end_of_life: str | None = None
    externally_managed: bool = False
    """Whether it carries the PEP 668 marker, so that pip leaves it alone."""
    global_packages: tuple[GlobalPackages, ...] = ()
    aliases: tuple[str, ...] = ()
    """Other names on the PATH that lead to it."""


class InterpreterReason(StrEnum):
    """Why an interpreter comes where it does among those to choose from."""

    CURRENT = "current"
    """The base that the environment has, by whichever link."""
    SAME_MINOR = "same-minor"
    REQUESTED = "requested"
    """The version that the project asks for."""
    NAMED = "named"
    """Another of the project's files names it: a Dockerfile, a CI workflow."""
    NOT_ALLOWED = "not-allowed"
    """The project's files do not allow it."""


@dataclass(frozen=True, slots=True)
class InterpreterOption:
    """One interpreter that may be chosen."""

    interpreter: Interpreter
    reason: InterpreterReason | None = None
    fits: bool = True
    """Whether it is what was asked for: by a person, else by the project's files."""
    default: bool = False
    """Whether it is the one to take; at most one is."""
    same_minor: bool = True
    """Whether packages can be taken over as they are, if there are any; else a forecast is due."""
    specifier: str = ""
    """What the project's files allow (`>=3.10`)."""
    named: int = 0
    """Its place among the Pythons that the project's files name, from 1; 0: none names it."""
    named_by: str = ""
    """What names it: `Dockerfile:1`."""
    path: str | None = None
    """The link by which a person named it, if so."""
    exact: bool = False
    """Whether one patch release of it is asked for, by a person or by the project."""
