"""`Manager`: what makes and keeps environments; lock files, settings and name hashes that they
share.

A tool is one module in :mod:`envdeck.core.discovery.managers` with one subclass of :class:`Manager`
and an instance of it named `TOOL`; the registry finds it there. Nothing else
has to be touched to support another one.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.model import ProjectLink
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """A folder where a tool keeps environments; visited by name even where the walk prunes."""

    path: str
    depth: int = 1
    """How many levels below `path` an environment lies at most: 0 is the folder itself."""


class Manager:
    """What a tool knows about its own environments. The defaults know nothing."""

    name: ClassVar[str]
    """The `manager` of the JSON contract."""
    rank: ClassVar[int]
    """Who is asked first whether an environment is theirs: lower before higher."""
    exclusive: ClassVar[bool] = False
    """Whether nobody else may change what is in its environments: it keeps an index of them, or
    a resolution of its own, which would no longer be true."""

    def places(self, host: Host) -> Iterable[KnownFolder]:
        """Yield the folders where this tool keeps environments on this host."""
        return ()

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Tell whether this tool looks after that environment."""
        raise NotImplementedError

    def is_installation(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Tell whether this is an installation that environments rest on (a conda root): it
        is listed among the interpreters, and not as an environment."""
        return False

    def project(self, candidate: EnvironmentCandidate, host: Host) -> ProjectLink | None:
        """Return the project that the environment itself names (a `.project` file, a manifest
        path, the parent folder), or None when only a look from the projects' side can tell."""
        return None

    def project_names(self, root: str, host: Host) -> Iterable[str]:
        """Yield what an environment of the project at `root` is called, as far as that tells
        the project (`blog-Xq3kd0aZ`): the way back for tools that hash the project's path."""
        return ()

    def project_name_of(self, candidate: EnvironmentCandidate, host: Host) -> str | None:
        """Return the part of the environment's name that :meth:`project_names` gives."""
        return None

    def refuses(self, candidate: EnvironmentCandidate, host: Host) -> str | None:
        """Return in one sentence why this environment must not be deleted, or None."""
        return None

    def removal(
        self, candidate: EnvironmentCandidate, host: Host, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return the tool's own command that removes this environment, or None where a folder
        that is gone leaves nothing behind: only tools with an index of their own have one.
        `project` is the folder it is for, as far as that is known."""
        return None

    def renewal(self, candidate: EnvironmentCandidate, host: Host) -> tuple[str, ...] | None:
        """Return the tool's own command that brings this environment up to date, or None."""
        return None


T = TypeVar("T")

DEFAULT_NAME = ".venv"
"""The folder name on which every tool that keeps environments in projects agrees."""


class PerHost(Generic[T]):
    """Remembers the last answer of a question about a host, since each environment asks again.

    A tool's :meth:`places`, called once a scan, asks :meth:`anew`, so that a setting changed
    between two scans is seen.
    """

    __slots__ = ("_held", "_question")

    def __init__(self, question: Callable[[Host], T]) -> None:
        self._question = question
        self._held: tuple[Host, T] | None = None

    def __call__(self, host: Host) -> T:
        """Return the answer for this host, remembered if it was the last one asked about."""
        held = self._held
        return held[1] if held is not None and held[0] is host else self.anew(host)

    def anew(self, host: Host) -> T:
        """Ask, whatever is remembered."""
        answer = self._question(host)
        self._held = (host, answer)
        return answer


def is_virtual(candidate: EnvironmentCandidate) -> bool:
    """Tell whether it is a virtual environment, of PEP 405 or of virtualenv before 20."""
    return candidate.kind is Kind.VENV or candidate.kind is Kind.LEGACY


def made_by_virtualenv(candidate: EnvironmentCandidate) -> bool:
    """Tell whether virtualenv wrote it: its key in the cfg, or no cfg at all (before 20)."""
    return candidate.kind is Kind.LEGACY or "virtualenv" in candidate.cfg


def with_real(folders: Iterable[str]) -> frozenset[str]:
    """Return folders as given and with links resolved: a candidate's path is a real one."""
    given = tuple(folders)
    return frozenset(given) | frozenset(reach.realpath(folder) for folder in given)


def operand(name: str) -> tuple[str, ...]:
    """Return a folder's name as the last word of a command, which never takes it for an option:
    a folder can be called `--all`."""
    return ("--", name) if name.startswith("-") else (name,)


def has_file(*parts: str) -> bool:
    """Tell whether a file is at the path these parts make."""
    return reach.isfile(os.path.join(*parts))


HASH = r"[A-Za-z0-9_-]{8}"
"""Pattern of the eight characters; they may hold the very dash that separates them."""


def encode(path: str) -> bytes:
    """Return a path's bytes: UTF-8, and the raw bytes of a name that is not (PEP 383)."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which Windows allows in a name
        return path.encode("utf-8", "surrogatepass")


def short_hash(data: bytes, algorithm: str = "sha256") -> str:
    """Return the first eight characters of the digest in URL-safe base 64 (RFC 4648)."""
    from base64 import urlsafe_b64encode
    from hashlib import new

    return urlsafe_b64encode(new(algorithm, data, usedforsecurity=False).digest())[:8].decode()


_LIMIT = 256 * 1024
"""Bytes; settings have some hundred, a `pyproject.toml` some ten thousand."""


def read_toml(path: str, holding: bytes = b"") -> Mapping[str, object]:
    """Return a TOML file's table; an empty one when it is missing, broken or too large, since
    a tool that cannot read its settings keeps to its defaults too.

    With `holding`, a file without those bytes is not parsed at all, which is much cheaper.
    """
    data = read_bounded(path, _LIMIT)
    if isinstance(data, Unread) or holding not in data:
        return {}
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return {}


def value_at(table: Mapping[str, object], *keys: str) -> object:
    """Return what is under nested keys, or None."""
    value: object = table
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def text_at(table: Mapping[str, object], *keys: str) -> str | None:
    """Return a text that is not empty and could be a path, or None."""
    value = value_at(table, *keys)
    if not isinstance(value, str) or not value or "\0" in value:
        return None
    try:
        os.fsencode(value)
    except UnicodeEncodeError:  # the system's encoding of names does not have it
        return None
    return value
