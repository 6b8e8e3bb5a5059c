"""`Manager`: what makes and keeps environments; lock files, settings and name hashes that they
share.

A manager is one module in :mod:`envdeck.core.discovery.managers` with a subclass of
:class:`Manager`; the registry finds it there. Nothing else has to be touched to support another
one.
"""

import os
import re
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import ClassVar, NamedTuple

from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import ProjectLink, Refusal
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, parse_toml, read_bounded
from envdeck.core.system.host import Host

CACHE_TAG = "CACHEDIR.TAG"
_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
_REPOSITORIES = frozenset({".git", ".hg", ".svn", ".jj", ".bzr"})
_SOURCE = re.compile(
    r".+\.(?:py[iwx]?|ipynb|[ch](?:pp|xx|c)?|rs|go|java|jsx?|tsx?|rb|sh|sql|md|rst|txt|docx?|odt"
    r"|pdf|csv|toml|ini|cfg|ya?ml)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """A folder where a manager keeps environments; visited by name even where the walk prunes."""

    path: str
    depth: int = 1
    """How many levels below `path` an environment is at most: 0 is the folder itself."""


@dataclass(frozen=True, slots=True)
class LockFile:
    """The lock file of a manager, and the manager's own commands for it."""

    name: str
    """Its name in a project, which is the format of it too: `poetry.lock`."""
    update: tuple[str, ...]
    """What upgrades names in it: they are its last words."""
    alone: str = ""
    """The option with which that leaves the environment as it is; empty where it always does."""
    option: str = ""
    """What stands before each name."""
    sync: tuple[str, ...] = ()
    """What installs it then; empty where the update does that too."""
    manifest: str = "pyproject.toml"
    """What it is made from."""

    def upgrade(self, names: Sequence[str], *, alone: bool = False) -> tuple[str, ...]:
        """Return what upgrades names in it; `alone` leaves the environment as it is."""
        each = [word for name in names for word in (self.option, name)]
        return tuple(filter(None, (*self.update, self.alone if alone else "", *each)))

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return what upgrades names in it and installs what it says, in order."""
        return tuple(filter(None, (self.upgrade(names), self.sync)))


class CacheLayout(NamedTuple):
    """Where a tool has its cache, what it keeps there, and how that is cleared."""

    roots: Callable[[Host], Iterable[str]]
    """Where it is or was: by the variable, the setting, the default; whether it exists or not."""
    loses: str
    """What is lost by clearing it."""
    folder: str = ""
    """What its usual place is called, below the cache folder of the user."""
    parts: Mapping[str, str] = {}
    """Its folders right below the cache, as patterns, each with a pattern of all that is right
    below that folder (empty: anything). With no parts the cache is cleared as a whole."""
    inner: Mapping[str, str] = {}
    """The narrowest that is known of parts, asked where a setting has named the cache: by the
    patterns of :attr:`parts`, patterns of the names below them and of those one level further
    down, divided by ` / `. A part without one is proof of nothing."""
    others: str = ""
    """What else the tool has right below its cache, as a pattern."""
    keepsakes: str = ""
    """Those of the others that nothing brings back: they go to the trash at most."""
    signs: tuple[str, ...] = ()
    """Names of which a cache without parts has to hold one."""
    command: tuple[str, ...] = ()
    """The tool's own command that clears it."""
    command_of: Callable[[Host, str], tuple[str, ...]] | None = None
    """What returns that command where it depends on the host and the cache."""
    sweeps: bool = False
    """Whether that command takes whatever is in the cache, the tool's or not."""
    variables: Mapping[str, str] = {}
    """What that command is run with, so that it clears this cache (`{}`) and no other."""
    tagged: bool = False
    """Whether the tool has always put a `CACHEDIR.TAG` into its cache."""
    unowned: Callable[[str, Iterable[str]], list[str]] | None = None
    """What returns the names in a cache that goes as a whole that only look like the tool's."""

    def is_usual(self, root: str, host: Host) -> bool:
        """Tell whether a real path is where the tool has its cache unless it is told otherwise:
        variables and settings may name any folder of a person."""
        environ = {key: value for key, value in host.environ.items() if key != "XDG_CACHE_HOME"}
        home = reach.realpath(host.home)
        bases = (replace(host, environ=environ).user_cache(), host.at_home(".cache"))
        places = [os.path.join(base, self.folder) for base in bases if self.folder]
        if host.windows:
            ends = ("Cache", "cache", os.path.join(self.folder, "Cache"))
            places = [os.path.join(place, end) for place in places for end in ("", *ends)]
        known = (os.path.join(home, os.path.relpath(place, host.home)) for place in places)
        return root in map(os.path.normpath, known)

    def named_like_parts(self, names: Iterable[str]) -> list[str]:
        """Return the names that are those of its folders, whatever is in them."""
        return [name for name in sorted(names) if any(re.fullmatch(p, name) for p in self.parts)]

    def pattern_of(self, part: str) -> str:
        """Return the pattern of what the tool puts into one of its folders."""
        return next((each for name, each in self.parts.items() if re.fullmatch(name, part)), "")

    def strange_names(self, root: str, parts: Mapping[str, str], *, usual: bool) -> list[str]:
        """Return what makes it doubtful that parts, names by their paths, are the tool's."""
        found = [name for name in names_in(root) if _is_repository(root, name)]
        for path, part in parts.items():
            inside = names_in(path)
            if usual:
                strange = _strange(path, inside, self.pattern_of(part))
            else:
                patterns = (each for name, each in self.inner.items() if re.fullmatch(name, part))
                strange = _strange_below(path, inside, next(patterns, ""))
            found += [f"{part}/{name}" for name in strange]
        if usual or (self.tagged and has_tag(root)):
            return sorted(found)
        if self.tagged:
            return sorted({*found, *parts.values()})
        own = "|".join(filter(None, (*self.parts, self.others, r"CACHEDIR\.TAG|\.gitignore")))
        found += [name for name in names_in(root) if not re.fullmatch(own, name, re.DOTALL)]
        return sorted(found)


def names_in(path: str) -> list[str]:
    """Return the names in a folder; none where it cannot be read."""
    try:
        return sorted(reach.listdir(path))
    except (OSError, ValueError):
        return []


def holds_only(path: str, pattern: str) -> bool:
    """Tell whether all that is right in a folder is called by a pattern."""
    try:
        return all(re.fullmatch(pattern, name, re.DOTALL) for name in reach.listdir(path))
    except (OSError, ValueError):
        return False


def has_tag(folder: str) -> bool:
    """Tell whether a folder holds the `CACHEDIR.TAG` that marks it as a cache."""
    data = read_bounded(os.path.join(folder, CACHE_TAG), 4096)
    return not isinstance(data, Unread) and data.startswith(_SIGNATURE)


def _is_repository(folder: str, name: str) -> bool:
    """Tell whether a name marks a repository; an empty file `.git` is uv's, to end searches."""
    path = os.path.join(folder, name)
    if name not in _REPOSITORIES:
        return False
    if name != ".git" or reach.islink(path) or not reach.isfile(path):
        return True
    return read_bounded(path, 64) != b""


def _strange(path: str, names: Iterable[str], pattern: str) -> list[str]:
    """Return names that are not by a pattern, that mark a repository, or that are sources."""
    found = []
    for name in names:
        own = re.fullmatch(pattern, name, re.DOTALL) if pattern else not _SOURCE.fullmatch(name)
        if not own or _is_repository(path, name):
            found.append(name)
    return found


def _strange_below(path: str, names: Iterable[str], patterns: str) -> list[str]:
    """Return what is not by patterns, one level further down too."""
    first, _, second = patterns.partition(" / ")
    found = []
    for name in names:
        below = os.path.join(path, name)
        if _is_repository(path, name) or not re.fullmatch(first, name, re.DOTALL):
            found.append(name)
        elif second and not (reach.isdir(below) and not reach.islink(below)):
            if name not in {".git", ".gitignore", ".lock"}:
                found.append(name)
        elif second:
            found += [f"{name}/{each}" for each in _strange(below, names_in(below), second)]
    return found


class Manager:
    """What a manager knows about its own environments on one host. The defaults know nothing.

    What is read of the host is read at the first question and kept: who looks again makes the
    managers again, and sees what was changed.
    """

    name: ClassVar[str]
    """The `manager` of the JSON contract."""
    rank: ClassVar[int]
    """Who is asked first whether an environment is theirs: lower before higher."""
    exclusive: ClassVar[bool] = False
    """Whether nobody else may change what is in its environments: it keeps an index of them, or
    its own resolution, which would no longer be true."""
    lock: ClassVar[LockFile | None] = None
    by_creator: ClassVar[bool] = False
    """Whether it claims by who wrote the cfg alone, when no other sign is there."""
    hashes: ClassVar[bool] = False
    """Whether a hash of the project's path is in the names of its environments: then a match is
    proof, wherever they are."""
    by_name: ClassVar[bool] = False
    """Whether a `.venv` file in a project names an environment in its stores by name alone."""
    records_requests: ClassVar[bool] = True
    """Whether REQUESTED tells what was asked for, of packages whose INSTALLER is this manager."""
    cache: ClassVar[CacheLayout | None] = None
    """Its cache of downloads and builds, if it has one."""

    def __init__(self, host: Host) -> None:
        self.host = host

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """The folders that hold its environments one beside the other."""
        return ()

    @cached_property
    def real_stores(self) -> frozenset[str]:
        """The same, and with links resolved: a candidate's path is a real one."""
        return add_real_paths(self.stores)

    @cached_property
    def installations(self) -> frozenset[str]:
        """Where its installer puts the tool itself, links resolved: environments that nobody but
        that installer changes."""
        return frozenset()

    def places(self) -> Iterable[KnownFolder]:
        """Yield the folders where this manager keeps environments."""
        return map(KnownFolder, dict.fromkeys(self.stores))

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Tell whether it looks after that environment."""
        raise NotImplementedError

    def is_installation(self, candidate: EnvironmentCandidate) -> bool:
        """Tell whether this is an installation that environments use (a conda root): it
        is listed among the interpreters, and not as an environment."""
        return False

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Return the project that the environment itself names (a `.project` file, a manifest
        path, the parent folder), or None when only a look from the projects' side can tell."""
        return None

    def project_names(self, root: str) -> Iterable[str]:
        """Yield what an environment of the project at `root` is called, as far as that tells
        the project (`blog-Xq3kd0aZ`): the way back for managers that hash the project's path."""
        return ()

    def project_name_of(self, candidate: EnvironmentCandidate) -> str | None:
        """Return the part of the environment's name that :meth:`project_names` gives."""
        return None

    def refuses(self, candidate: EnvironmentCandidate) -> Refusal | None:
        """Return the guard that refuses to delete this environment, and why; or None."""
        if candidate.path in self.installations:
            return Refusal(
                "owned-by-tool", f"{self.name} itself is installed in it", path=candidate.path
            )
        return None

    def removal(
        self, candidate: EnvironmentCandidate, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return its own command that removes this environment, or None where a folder that is
        gone leaves nothing behind: only managers with an index of their own have one.
        `project` is the folder it is for, as far as that is known."""
        return None

    def renewal(self, candidate: EnvironmentCandidate) -> tuple[str, ...] | None:
        """Return its own command that brings this environment up to date, or None."""
        return None


DEFAULT_NAME = ".venv"
"""The folder name on which every manager that keeps environments in projects agrees."""


def is_virtual(candidate: EnvironmentCandidate) -> bool:
    """Tell whether it is a virtual environment, of PEP 405 or of virtualenv before 20."""
    return candidate.kind is Kind.VENV or candidate.kind is Kind.LEGACY


def made_by_virtualenv(candidate: EnvironmentCandidate) -> bool:
    """Tell whether virtualenv wrote it: its key in the cfg, or no cfg at all (before 20)."""
    return candidate.kind is Kind.LEGACY or "virtualenv" in candidate.cfg


def add_real_paths(folders: Iterable[str]) -> frozenset[str]:
    """Return folders as given and with links resolved: a candidate's path is a real one."""
    given = tuple(folders)
    return frozenset(given) | frozenset(reach.realpath(folder) for folder in given)


def operand(name: str) -> tuple[str, ...]:
    """Return a folder's name as the last word of a command, which never takes it for an option:
    a folder can be called `--all`."""
    return ("--", name) if name.startswith("-") else (name,)


def absolute_paths(host: Host, *paths: str | None) -> tuple[str, ...]:
    """Return those of some paths that are absolute once `~` is expanded."""
    return tuple(path for one in paths if one and os.path.isabs(path := host.expand(one)))


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
    # start-up: the first frame digests nothing
    from hashlib import new

    text = b2a_base64(new(algorithm, data, usedforsecurity=False).digest())[:8].decode()
    return text.replace("+", "-").replace("/", "_")


_LIMIT = 256 * 1024
"""Bytes; settings have some hundred, a `pyproject.toml` some ten thousand."""


def read_toml(path: str, holding: bytes = b"") -> Mapping[str, object]:
    """Return a TOML file's table; an empty one when it is missing, broken or too large, since
    a manager that cannot read its settings keeps to its defaults too.

    With `holding`, a file without those bytes is not parsed at all, which is much cheaper.
    """
    data = read_bounded(path, _LIMIT)
    if isinstance(data, Unread) or holding not in data:
        return {}
    try:
        return parse_toml(data.decode("utf-8-sig"))
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
