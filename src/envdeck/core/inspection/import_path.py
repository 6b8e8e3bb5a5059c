"""What an interpreter imports from: the folders of `sys.path` that hold distributions, in order.

Told by the rules of CPython's `site.py`, and of the one that virtualenv wrote before 20, without
running anything. Standard libraries hold no distributions and are left out. Lines of `.pth` files
that are code are not followed, but for the one that names a further package folder
(`site.addsitedir`), by which uv layers environments.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from envdeck.core.discovery.interpreters.landmarks import Located, locate
from envdeck.core.inspection.packages.requirements import (
    MarkerEnvironment,
    MarkerHost,
    marker_environment,
)
from envdeck.core.inspection.packages.site_packages import entries, is_distribution, list_names
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Environment, Python, minor_of
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode_path, is_missing, read_bounded
from envdeck.core.system.host import Host, lies_under

_PTH_LIMIT = 64 * 1024
_PTH_FILES = 200
_PTH_LINES = 1000
_DEEPEST = 4
"""Package folders that add package folders; uv layers two."""
_MOST_FOLDERS = 500
_ADDED = re.compile(r"""\bsite\.addsitedir\(\s*(['"])([^'"\\\n]+)\1""")
READ_AT_START = "_virtualenv.pth"
"""When that was read last tells when the environment was used; it names no folder."""


class PathLine(NamedTuple):
    """A line of a `.pth` file that `site` acts on: it adds a folder, or is run as code."""

    number: int
    """Counted from 1."""
    text: str
    folder: str
    """What it adds, whether that exists or not; empty for code."""


class PathFile(NamedTuple):
    """A `.pth` file as `site` takes it."""

    lines: tuple[PathLine, ...] = ()
    unread: str = ""
    """Why not all of it was read."""
    garbled: bool = False
    """It is not UTF-8, and `site` ends Python with it in such a locale, whatever the version."""


class PathFolder(NamedTuple):
    """A folder of `sys.path`."""

    path: str
    kind: str
    """`own`, `pth` (a line of a `.pth` file leads to it), `user`, `site-packages` or
    `dist-packages`."""


@dataclass(frozen=True, slots=True)
class ImportPath:
    """What one environment imports from, and as which Python."""

    own: tuple[str, ...]
    """Its own package folders, each once."""
    inherited: tuple[str, ...]
    """The folders with distributions that it sees beyond those: of the user, of the system, and
    what `.pth` files lead to."""
    python: Python
    """The interpreter as it is now."""
    markers: MarkerEnvironment
    """What markers see there."""
    folders: tuple[PathFolder, ...] = ()
    """All of them, those without distributions too, in the order of `sys.path`."""


def import_path(
    environment: Environment,
    host: Host | None = None,
    machine: MarkerHost | None = None,
    located: dict[str, Located | None] | None = None,
) -> ImportPath:
    """Return what an environment imports from, on a host with these variables (the running one
    by default: they say where the user's packages are, and whether they count); `located` is as
    for :func:`locate_base`."""
    host = host or Host.current()
    look = _SearchedFolders()
    own = tuple(folder for folder in environment.site_packages if look.add(folder, "own"))
    conda = environment.creation.creator == "conda"
    if conda or environment.creation.system_site_packages:
        base = locate_base(environment, host, located)
        if base is not None:
            for path, kind in interpreter_folders(base, host):
                if kind == "user" or not conda:  # a conda prefix is a base by itself
                    look.add(path, kind)
    inherited = tuple(
        one.path for one in look.folders if one.path not in own and _holds_any(one.path)
    )
    markers = marker_environment(environment.python, machine)
    # an interpreter that is no virtual environment's has the user's packages before its own
    folders = sorted(look.folders, key=lambda one: conda and one.kind != "user")
    return ImportPath(own, inherited, environment.python, markers, tuple(folders))


def inherited_versions(
    environment: Environment, host: Host | None = None, folders: Iterable[str] | None = None
) -> Mapping[str, Sequence[str]]:
    """Return by name the versions that an environment sees beyond its own; `folders` are asked in
    place of those that it sees."""
    found: dict[str, list[str]] = {}
    seen = import_path(environment, host).inherited if folders is None else folders
    for listed in list_names(seen):
        found.setdefault(listed.name, []).append(listed.version)
    return found


def user_site(located: Located, host: Host) -> str | None:
    """Return the user's package folder for an interpreter (PEP 370), whether it exists or not;
    None where its minor version is not known."""
    minor = located.minor
    if minor is None:
        return None
    name = os.path.basename(located.stdlib)
    base = host.folder("PYTHONUSERBASE")
    if host.windows:
        base = base or os.path.join(host.user_config(), "Python")
        return os.path.join(base, f"Python{minor.replace('.', '')}", "site-packages")
    if host.macos and ".framework" in located.prefix:
        base = base or host.at_home("Library", "Python", minor)
        return os.path.join(base, "lib", "python", "site-packages")
    base = base or host.at_home(".local")
    name = name if minor in name else f"{located.implementation}{minor}"
    return os.path.join(base, "lib", name, "site-packages")


def interpreter_folders(located: Located, host: Host) -> Iterator[tuple[str, str]]:
    """Yield where a base interpreter's packages can be, in the order of its `sys.path`, each with
    its kind; `PYTHONNOUSERSITE` switches the user's off."""
    user = user_site(located, host)
    if user is not None and not host.variable("PYTHONNOUSERSITE"):
        yield user, "user"
    name = os.path.basename(located.stdlib)
    if located.prefix == reach.realpath(host.system("usr")) and not host.windows:
        yield from _list_system(name, located, host)
    yield os.path.join(located.stdlib, "site-packages"), "site-packages"
    for lib in ("lib64", "lib"):
        yield os.path.join(located.prefix, lib, name, "site-packages"), "site-packages"
    yield os.path.join(located.prefix, "site-packages"), "site-packages"  # PyPy before 3.8


def _list_system(name: str, located: Located, host: Host) -> Iterator[tuple[str, str]]:
    """Yield where Debian keeps packages: what pip installed in `/usr/local`, its own in one folder
    for every Python 3; and where Fedora's pip puts them."""
    local = host.system("usr", "local")
    yield os.path.join(local, "lib", name, "dist-packages"), "dist-packages"
    for lib in ("lib64", "lib"):
        yield os.path.join(local, lib, name, "site-packages"), "site-packages"
    if located.minor and located.minor.startswith("3."):
        yield os.path.join(located.prefix, "lib", "python3", "dist-packages"), "dist-packages"
    yield os.path.join(located.prefix, "lib", name, "dist-packages"), "dist-packages"


def read_path_file(file: str) -> PathFile:
    """Return what `site` acts on in a `.pth` file, as far as that can be read."""
    data = read_bounded(file, _PTH_LIMIT + 1, whole=False)
    if isinstance(data, Unread):
        # a link that leads nowhere and a folder are passed over by `site` too
        passed_over = is_missing(file) or reach.isdir(file)
        return PathFile() if passed_over else PathFile(unread=data.reason)
    unread = ""
    if len(data) > _PTH_LIMIT:
        data = data[: data.rfind(b"\n", 0, _PTH_LIMIT) + 1]
        unread = f"is larger than {_PTH_LIMIT // 1024} KiB"
    lines = decode_path(data).splitlines()
    if len(lines) > _PTH_LINES and not unread:
        unread = f"has more than {_PTH_LINES:,} lines"
    folder, found = os.path.dirname(file), []
    for number, line in enumerate(lines[:_PTH_LINES], 1):
        if line.startswith(("import ", "import\t")):
            if "\0" in line:  # `site` fails to run it, and leaves out the rest of the file
                break
            found.append(PathLine(number, line, ""))
        elif (path := line.strip()) and not path.startswith("#") and "\0" not in path:
            found.append(PathLine(number, line, os.path.normpath(os.path.join(folder, path))))
    return PathFile(tuple(found), unread, not _is_utf8(data))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def locate_base(
    environment: Environment, host: Host, known: dict[str, Located | None] | None = None
) -> Located | None:
    """Return the interpreter whose packages an environment sees, as far as its files tell; what
    was located is kept in `known`, since many environments share an interpreter."""
    known = {} if known is None else known
    python = environment.python
    minor = minor_of(python.version)
    candidates: list[str] = []
    if python.base_executable is not None and not lies_under(
        python.base_executable, environment.path
    ):
        candidates.append(python.base_executable)
    prefix = environment.path if python.base is None else python.base
    bin_folder = prefix if host.windows else os.path.join(prefix, "bin")
    names = (f"python{minor}", "python3", "python", f"pypy{minor}", "pypy3", "pypy", "graalpy")
    candidates += [os.path.join(bin_folder, name) for name in names if name != "python"]
    for path in candidates:
        if path not in known:
            known[path] = locate(path, windows=host.windows)
        located = known[path]
        if located is not None and (not minor or located.minor == minor):
            return located
    if not minor:
        return None
    folder = environment.site_packages[0] if environment.site_packages else ""
    name = os.path.basename(os.path.dirname(folder))
    if minor not in name:
        name = f"python{minor}"
    implementation = python.implementation or "cpython"
    stdlib = os.path.join(prefix, "Lib" if host.windows else os.path.join("lib", name))
    return Located("", reach.realpath(prefix), stdlib, minor, implementation)


@dataclass(slots=True)
class _SearchedFolders:
    """The folders met so far, by what they are: one that two names lead to counts once."""

    folders: list[PathFolder] = field(default_factory=list)
    _met: set[tuple[int, int]] = field(default_factory=set)

    def add(self, folder: str, kind: str, depth: int = 0) -> bool:
        """Add a package folder, and what its `.pth` files lead to, as `site.addsitedir` does;
        tell whether it is a new one."""
        if not self._note(folder, kind):
            return False
        try:
            names = reach.listdir(folder)
        except OSError:
            return True
        paths = [name for name in names if name.endswith(".pth") and name[0] != "."]
        for name in sorted(paths)[:_PTH_FILES]:
            if name != READ_AT_START:
                self._follow(os.path.join(folder, name), depth)
        return True

    def _follow(self, file: str, depth: int) -> None:
        for line in read_path_file(file).lines:
            if line.folder:
                self._note(line.folder, "pth")
                continue
            for match in islice(_ADDED.finditer(line.text), _DEEPEST):
                if depth < _DEEPEST and os.path.isabs(match[2]):
                    self.add(match[2], "pth", depth + 1)

    def _note(self, folder: str, kind: str) -> bool:
        try:
            status = reach.stat(folder)
        except (OSError, ValueError):
            return False
        key = status.st_dev, status.st_ino
        if key in self._met or len(self._met) >= _MOST_FOLDERS:
            return False
        self._met.add(key)
        self.folders.append(PathFolder(folder, kind))
        return True


def _holds_any(folder: str) -> bool:
    names = entries(folder)
    return not isinstance(names, Unread) and any(map(is_distribution, names))
