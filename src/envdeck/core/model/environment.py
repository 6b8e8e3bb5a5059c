"""An environment: a prefix with an interpreter entry and a folder of packages of its own."""

from dataclasses import dataclass
from enum import StrEnum

from envdeck.core.model.finding import Finding
from envdeck.core.model.project import ProjectLink
from envdeck.core.model.size import Size


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
    """The prefix it rests on (`sys.base_prefix`): `~/.pyenv/versions/3.12.4`. None for conda."""
    base_executable: str | None = None
    """Where the executable leads when its links are followed, whether that exists or not."""
    end_of_life: str | None = None
    """The day (`2024-10-07`) or month (`2026-10`) its support ended, once that has passed."""


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
    """Its own package folders (purelib and platlib), real ones first."""
    last_used: LastUsed = LastUsed(None, "unknown")
    project: ProjectLink = ProjectLink()
    links: tuple[str, ...] = ()
    """Symbolic links (and uv's `.venv` text files) that lead to it."""
    protected: str | None = None
    """The guard that refuses its deletion, in one sentence, or None."""
    findings: tuple[Finding, ...] = ()
    size: Size | None = None
    """None until measured; never zero for unknown."""
    seen_at: float = 0.0
    """When it was read, in seconds since the epoch: the age of everything said above."""
