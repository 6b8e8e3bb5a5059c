"""Project folders that a scan meets, their signs, and disks that are not mounted."""

import ntpath
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from envdeck.core.discovery.managers.base import Manager, read_toml, value_at
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host

_LIMIT = 1024 * 1024
"""Bytes; a machine with a thousand containers has a mount table of some hundred kilobytes."""

_REMOVABLE = (("mnt", 1), ("Volumes", 1), ("media", 2), ("run/media", 2))
"""Folders in which disks are mounted, and how deep: `/media/ada/stick` is two below."""


@dataclass(frozen=True, slots=True)
class Disks:
    """Which disks are mounted, and which are known without being mounted."""

    mounted: frozenset[str] | None
    """Mount points (`/proc/self/mounts`); None where the system has no such table."""
    declared: frozenset[str] = frozenset()
    """Mount points that `/etc/fstab` names."""
    removable: tuple[tuple[str, int], ...] = ()
    """Folders for removable and other disks, with how many levels below them are theirs."""
    answers: Callable[[str], bool] = reach.exists
    """Whether a drive (`E:\\`) or share (`\\\\server\\share\\`) of Windows is there."""
    windows: bool = False

    @classmethod
    def read(cls, host: Host) -> "Disks":
        """Read the tables of a host; a table that cannot be read is empty or None."""
        if host.windows:
            return cls(None, windows=True)
        mounted = _mount_points(host, host.system("proc", "self", "mounts"))
        declared = _mount_points(host, host.system("etc", "fstab")) or frozenset()
        folders = tuple((host.system(*name.split("/")), depth) for name, depth in _REMOVABLE)
        return cls(mounted, declared - {host.root}, folders)

    def lacks(self, path: str) -> bool:
        """Tell whether a path, which is not there, is on a disk that is not mounted.

        It is, when a mount point above it is declared and not mounted, or when it is in a
        folder for removable disks, no mount point is above it there, and the first folder is
        missing or empty: `/mnt` itself exists always, and a folder in it may be a plain one.
        """
        if self.windows:
            drive = ntpath.splitdrive(path)[0]
            return bool(drive) and not self.answers(drive + "\\")
        above = [point for point in self.declared if _is_below(path, point)]
        if above and not self._is_mounted(max(above, key=len)):
            return True
        return any(
            self._is_away(path, folder, depth)
            for folder, depth in self.removable
            if _is_below(path, folder)
        )

    def _is_away(self, path: str, folder: str, depth: int) -> bool:
        """Look at the levels of a path below a folder for removable disks, the upper first."""
        parts = [part for part in path[len(folder) :].split("/") if part]
        for level in range(1, min(depth, len(parts)) + 1):
            step = os.path.join(folder, *parts[:level])
            if self._is_mounted(step):
                return False
            if _is_missing_or_empty(step):
                return True
        return False

    def _is_mounted(self, point: str) -> bool:
        return os.path.ismount(point) if self.mounted is None else point in self.mounted


def _mount_points(host: Host, table: str) -> frozenset[str] | None:
    """Return the second column of a table in the form of fstab(5), octal escapes undone."""
    data = read_bounded(table, _LIMIT, whole=False)
    if isinstance(data, Unread):
        return None
    points: set[str] = set()
    for fields in map(bytes.split, data.splitlines()):
        if len(fields) > 1 and not fields[0].startswith(b"#") and fields[1].startswith(b"/"):
            point = os.fsdecode(re.sub(rb"\\([0-7]{3})", _character, fields[1])).strip("/")
            points.add(host.system(*point.split("/")) if point else host.root)
    return frozenset(points)


def _character(match: "re.Match[bytes]") -> bytes:
    return bytes([int(match[1], 8) & 0xFF])


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _is_missing_or_empty(path: str) -> bool:
    try:
        with reach.scandir(path) as entries:
            return next(entries, None) is None
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False  # what may not be looked into is there


class ProjectRoots:
    """The project folders met by a scan, and what environments of theirs would be called.

    One is made for each scan. Roots are real paths; each is hashed once for each manager that
    has environments waiting, at the first question after it was added. That comes to some 25 ms
    for 5,000 roots and one manager, and to nothing where none hashes.
    """

    __slots__ = ("_disks", "_home", "_host", "_managers", "_roots", "_stores", "_tables")

    def __init__(self, host: Host, managers: Iterable[Manager], disks: Disks | None = None) -> None:
        self._host = host
        self._managers = managers
        self._disks = disks
        self._roots: dict[str, None] = {}
        self._tables: dict[str, tuple[int, dict[str, str]]] = {}
        self._stores: frozenset[str] | None = None
        self._home = ""

    def add(self, root: str) -> None:
        """Take note of a folder that holds `pyproject.toml` or `Pipfile`."""
        self._roots.setdefault(root)

    def __iter__(self) -> Iterator[str]:
        return iter(self._roots)

    def __len__(self) -> int:
        return len(self._roots)

    @property
    def disks(self) -> Disks:
        """Which disks are mounted, read at the first question."""
        if self._disks is None:
            self._disks = Disks.read(self._host)
        return self._disks

    @property
    def home(self) -> str:
        """The home folder with its links followed, looked at once."""
        self._home = self._home or reach.realpath(self._host.home)
        return self._home

    @property
    def stores(self) -> frozenset[str]:
        """The managers' folders for environments that are there: being in one says nothing of a
        project."""
        if self._stores is None:
            self._stores = frozenset(
                reach.realpath(place.path)
                for manager in self._managers
                for place in manager.places()
                if place.depth > 0 and reach.isdir(place.path)
            )
        return self._stores

    def awaits(self, manager: Manager, candidate: EnvironmentCandidate) -> bool:
        """Tell whether a root added later could prove to be the project: whoever has no link
        for such an environment asks
        :func:`envdeck.core.discovery.project_links.link` again when the walk is over."""
        return any(one.project_name_of(candidate) is not None for one in self._asked(manager))

    def hashed(
        self, manager: Manager, candidate: EnvironmentCandidate
    ) -> tuple[str, Manager] | None:
        """Return the root whose environments are called as this one is, and who calls them so: the
        manager that claims it, else any that hashes the path of a project."""
        for one in self._asked(manager):
            if (root := self.root_of(one, candidate)) is not None:
                return root, one
        return None

    def _asked(self, manager: Manager) -> Iterator[Manager]:
        yield manager
        if manager.exclusive:
            return
        yield from (one for one in self._managers if one.hashes and one.name != manager.name)

    def root_of(self, manager: Manager, candidate: EnvironmentCandidate) -> str | None:
        """Return the root whose environments are called as this one is, or None.

        Where the name can be cut in more than one way (PDM lets a person name the end of it),
        each part that ends before a dash is tried.
        """
        told = manager.project_name_of(candidate)
        if told is None:
            return None
        table = self._table(manager)
        if told in table:
            return table[told]
        name = os.path.basename(candidate.path)
        dashes = (match.start() for match in re.finditer("-", name))
        return next((table[name[:dash]] for dash in dashes if name[:dash] in table), None)

    def _table(self, manager: Manager) -> dict[str, str]:
        done, table = self._tables.get(manager.name, (0, {}))
        if done < len(self._roots):
            for root in list(self._roots)[done:]:
                for name in manager.project_names(root):
                    table.setdefault(name, root)
            self._tables[manager.name] = len(self._roots), table
        return table


_WORKSPACES = (("tool", "uv", "workspace"), ("tool", "rye", "workspace"))
_LEVELS = 5
"""So many levels above its members a workspace is looked for."""


def workspace_of(members: Sequence[str]) -> str | None:
    """Return the folder whose `pyproject.toml` declares a workspace that has all of these folders
    as members; its own root may be one of them. None where there is none."""
    folder = members[0]
    for _ in range(_LEVELS):
        table = read_toml(os.path.join(folder, "pyproject.toml"), b"workspace")
        for keys in _WORKSPACES:
            declared = value_at(table, *keys)
            if isinstance(declared, Mapping) and all(
                member == folder or _is_member(os.path.relpath(member, folder), declared)
                for member in members
            ):
                return folder
        above = os.path.dirname(folder)
        if above == folder:
            break
        folder = above
    return None


def _is_member(path: str, declared: Mapping[str, object]) -> bool:
    """Tell whether the globs of a workspace lead to a path relative to it, less what they leave
    out. A star stands for names in one folder."""
    if path.startswith(os.pardir):
        return False

    def leads(key: str) -> bool:
        patterns = declared.get(key)
        if not isinstance(patterns, list):
            return False
        return any(
            _matches(path.split(os.sep), pattern.strip("/").removeprefix("./").split("/"))
            for pattern in patterns[:_PATTERNS]
            if isinstance(pattern, str)
        )

    return leads("members") and not leads("exclude")


_PATTERNS = 500


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[at:], pattern[1:]) for at in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


_MANIFESTS = (
    "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile",
    "environment.yml", "environment.yaml", "pixi.toml", "tox.ini", "noxfile.py", "manage.py",
)  # fmt: skip
"""Files that make a folder a Python project by themselves."""
_SIGNS = (".python-version", ".env")
"""Files that say so where nothing else does; `.env` may be an environment's folder."""
_SCAN = 2000
"""So many names of a folder are looked at for further signs."""


def is_project(folder: str) -> bool:
    """Tell whether a folder looks like a project: a manifest, a repository, `.python-version`,
    a `.env` file, any `requirements*.txt` or any Python file at the top.

    A few questions for names first, then one look at no more than 2,000 entries.
    """
    if has_manifest(folder) or any(reach.isfile(os.path.join(folder, name)) for name in _SIGNS):
        return True
    try:
        with reach.scandir(folder) as entries:
            return any(
                _is_python_file(entry) for _, entry in zip(range(_SCAN), entries, strict=False)
            )
    except (OSError, ValueError):
        return False


def has_manifest(
    folder: str, *, repository: bool = True, lacks: Callable[[str], bool] = lambda _name: False
) -> bool:
    """Tell whether a folder holds a project's manifest or, with `repository`, a `.git`. What it
    `lacks` for sure is not asked for."""
    if any(not lacks(name) and reach.isfile(os.path.join(folder, name)) for name in _MANIFESTS):
        return True
    return repository and not lacks(".git") and reach.lexists(os.path.join(folder, ".git"))


def _is_python_file(entry: "os.DirEntry[str]") -> bool:
    name = entry.name
    if not (name.endswith(".py") or (name.startswith("requirements") and name.endswith(".txt"))):
        return False
    try:
        return entry.is_file()
    except OSError:  # a link in a loop
        return False
