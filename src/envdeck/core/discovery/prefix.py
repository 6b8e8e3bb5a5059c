"""Is a folder an environment: markers, `pyvenv.cfg`, layout of a prefix on each platform."""

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Identity
from envdeck.core.system import reach
from envdeck.core.system.files import (
    CFG_LIMIT,
    Unread,
    decode,
    decode_path,
    read_bounded,
    reason_of,
)

_PACKAGE_PARENT = re.compile(r"(python|pypy|graalpy)(\d+\.\d+)t?\Z")
"""`lib/python3.12`, `lib/pypy3.10`, and `lib/python3.13t` of the free-threaded build."""
_PYTHON_NUMBER = re.compile(r"[23]\.")
"""How a number of Python begins; `lib/graalpy24.1` has the number of its own release."""
_EXECUTABLES = ("python", "python3", "python.exe", "pypy3", "pypy", "pypy3.exe")
_IMPLEMENTATIONS = {"python": "cpython"}


class PackageFolder(NamedTuple):
    """One package folder, and what its place says of the interpreter it is for."""

    path: str
    minor: str | None
    """`3.12`; None on Windows, where the folder is `Lib` for every version."""
    implementation: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of an environment that are there, whether they work or not."""

    scripts: str | None = None
    """`bin`, or `Scripts` on Windows."""
    executable: str | None = None
    """The interpreter entry; it may be a link that leads nowhere."""
    package_folders: tuple[PackageFolder, ...] = ()
    unread: str = ""
    """Which part could not be looked into, and why, in words; or empty."""


def read_layout(path: str) -> Layout:
    """Look at the parts of the environment at `path`; what is missing is left out."""
    scripts = None
    for name in ("bin", "Scripts"):  # both are there where something made on Windows has a `bin`
        folder = os.path.join(path, name)
        if reach.isdir(folder):
            if executable := _executable(folder):
                return _laid_out(path, folder, executable)
            scripts = scripts or folder
    return _laid_out(path, scripts, _executable(path))  # conda on Windows


def _laid_out(path: str, scripts: str | None, executable: str | None) -> Layout:
    folders = _package_folders(path)
    if executable is not None and folders:
        return Layout(scripts, executable, folders)
    closed = _closed(scripts) if executable is None and scripts else ""
    return Layout(scripts, executable, folders, closed or _closed(os.path.join(path, "lib")))


def _closed(folder: str) -> str:
    """Say why a folder that is there cannot be looked into; empty where it can."""
    try:
        with reach.scandir(folder):
            reach.lstat(os.path.join(folder, "."))  # listing and entering are two permissions
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return f"{os.path.basename(folder)} cannot be read: {reason_of(error)}"
    return ""


def _executable(folder: str) -> str | None:
    for name in _EXECUTABLES:
        path = os.path.join(folder, name)
        if reach.lexists(path) and not reach.isdir(path):
            return path
    return None


def _package_folders(path: str) -> tuple[PackageFolder, ...]:
    found = [*_versioned_folders(path, "lib64"), *_versioned_folders(path, "lib")]
    if not found:
        for packages in (
            os.path.join(path, "Lib", "site-packages"),
            os.path.join(path, "site-packages"),
        ):
            if reach.isdir(packages):  # Windows, and PyPy before 3.8
                found.append(PackageFolder(packages, None, None))
                break
    return _each_once(found) if len(found) > 1 else tuple(found)


def _versioned_folders(path: str, library: str) -> Iterator[PackageFolder]:
    """Yield the package folders in `lib`, or in a `lib64` that is no link to it."""
    lib = os.path.join(path, library)
    try:
        if library != "lib" and not stat.S_ISDIR(reach.lstat(lib).st_mode):
            return  # the usual link to `lib`
        with reach.scandir(lib) as entries:
            names = sorted(entry.name for entry in entries if entry.name[:2] in {"py", "gr"})
    except (OSError, ValueError):
        return
    for name in names:
        if (found := package_folder(lib, name)) and reach.isdir(found.path):
            yield found


def package_folder(lib: str, name: str) -> PackageFolder | None:
    """Return the package folder that a folder of this name in `lib` has, whether it is there or
    not; None where it is none of an interpreter's."""
    match = _PACKAGE_PARENT.match(name)
    if match is None:
        return None
    family, number = match.groups()
    minor = number if _PYTHON_NUMBER.match(number) else None
    packages = os.path.join(lib, name, "site-packages")
    return PackageFolder(packages, minor, _IMPLEMENTATIONS.get(family, family))


def _each_once(folders: Iterable[PackageFolder]) -> tuple[PackageFolder, ...]:
    """Return folders each once, by the name that is no link: conda-forge's Python has a link
    `lib/python3.1` to `lib/python3.11`."""
    met: dict[object, PackageFolder] = {}
    for folder in sorted(folders, key=lambda one: reach.islink(os.path.dirname(one.path))):
        met.setdefault(identity_of(folder.path) or folder.path, folder)
    kept = set(met.values())
    return tuple(folder for folder in folders if folder in kept)


class Kind(StrEnum):
    """Which marker was met, strongest first."""

    VENV = "venv"
    """`pyvenv.cfg` (PEP 405), whoever wrote it."""
    CONDA = "conda"
    """`conda-meta/history`, or the records of packages beside where that would be."""
    PIXI = "pixi"
    """`conda-meta/pixi`."""
    LEGACY = "legacy"
    """virtualenv before 20: `bin/activate` and `bin/python`, and no cfg."""


@dataclass(frozen=True, slots=True)
class EnvironmentCandidate:
    """A folder with markers, before anything in it is judged."""

    path: str
    """Its real path."""
    identity: Identity
    kind: Kind
    layout: Layout = field(default_factory=Layout)
    """Where its interpreter entry and its package folders are."""
    cfg: dict[str, str] = field(default_factory=dict)
    """The keys of `pyvenv.cfg`, lower case; empty for the other kinds."""
    cfg_problem: str = ""
    """Why the cfg could not be read, or empty."""
    cfg_atime: float | None = None
    """Its access time in seconds since the epoch, taken *before* it was read."""
    links: tuple[str, ...] = ()
    """Links met so far that lead here."""
    names: frozenset[str] | None = field(default=None, compare=False, repr=False)
    """What was right in it when it was met, case-folded; None where nobody knows."""
    mark: str = field(default="", compare=False, repr=False)
    """Its fingerprint, where it was recalled by that and not read."""

    def lacks(self, name: str) -> bool:
        """Tell whether nothing of that name, in any case, was right in it when it was met: most
        of what is asked for is not there, and the disk need not be asked again for each."""
        return self.names is not None and name.casefold() not in self.names

    def has_file(self, name: str) -> bool:
        """Tell whether a file of that name is right in it."""
        return not self.lacks(name) and reach.isfile(os.path.join(self.path, name))

    @property
    def shortcoming(self) -> str:
        """Why this is not one for sure, in words; empty when all the markers are there.

        A virtual environment has a cfg with a `home`, an interpreter entry (which may dangle)
        and a package folder (PEP 405); conda's own record is enough by itself.
        """
        if self.kind in {Kind.CONDA, Kind.PIXI}:
            return ""
        if self.cfg_problem:
            return f"pyvenv.cfg {self.cfg_problem}"
        if self.kind is Kind.VENV and not self.cfg.get("home"):
            return "pyvenv.cfg has no home key"
        if self.layout.executable is None:
            return self.layout.unread or "no interpreter"
        if not self.layout.package_folders:
            return self.layout.unread or "no package folder"
        return ""


_PATHS = frozenset({"home", "executable", "base-prefix", "base-exec-prefix", "base-executable"})
_LINES = 400
"""Real ones have about ten; what goes on for ever is no cfg."""


def parse_cfg(text: str) -> dict[str, str]:
    """Return the keys (lower case) and values of a `pyvenv.cfg`; lines without `=` are passed
    over, as the `site` module does. The first of two lines with one key holds in CPython's
    launcher and the last in `site`; the last is kept here."""
    keys: dict[str, str] = {}
    for line in text.replace("\r", "\n").split("\n")[:_LINES]:
        key, separator, value = line.partition("=")
        if separator and (key := key.strip().lower()):
            keys[key] = value.strip()
    return keys


def read_cfg(path: str) -> tuple[dict[str, str], str]:
    """Return the keys of the file at `path`, and why it could not be read (or an empty text).

    Values with a NUL or beyond any path's length are dropped with a reason: binary noise.
    """
    data = read_bounded(path, CFG_LIMIT)
    if isinstance(data, Unread):
        said = data.reason
        return {}, said if said.startswith("is ") else f"cannot be read: {said}"
    if b"\0" in data:
        return {}, "is not text"
    keys = parse_cfg(decode(data))
    paths = parse_cfg(decode_path(data))
    return keys | {key: paths[key] for key in _PATHS & paths.keys()}, ""


def unquoted(value: str) -> str:
    """Return a value without the quotes virtualenv puts around a prompt."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


NAMES = frozenset({"pyvenv.cfg", "conda-meta", "bin", "Scripts"})
"""Names whose presence makes a folder worth a closer look."""

_SYSTEM_PREFIXES = frozenset({"/", "/usr", "/usr/local"})
_RECORD = re.compile(r"[^-].*-[^-]+-[^-]+\.json\Z", re.DOTALL)
"""`numpy-1.26.4-py311h64a7726_0.json`: name, version, build."""
_RECORDS = 1000
_ACTIVATE_NAMES = (
    *("activate_this.py", "activate", "activate.csh", "activate.fish", "activate.xsh"),
    *("activate.ps1", "Activate.ps1", "activate.bat"),
)
_ACTIVATES = re.compile(
    rb"^[ \t]*(?:@?(?:export|set|setenv|set -gx)[ \t]+\"?|\$(?:[Ee]nv:)?)?"
    rb"VIRTUAL_ENV(?:[ \t]*=(?!=)|[ \t]+[\"'/])",
    re.MULTILINE,
)
"""The line by which an `activate` names the environment, in the words of each shell; those who
merely read it do not match."""


def recognise(path: str, names: Collection[str] | None = None) -> EnvironmentCandidate | None:
    """Return the candidate at `path` (a real path), or None when it carries no marker.

    `names` are those of :data:`NAMES` that the folder is known to hold; None asks the disk.
    Nothing is judged here: a stray cfg is a candidate too, and inspection calls it suspect.
    """
    if (names is None or "pyvenv.cfg" in names) and (found := _read_with_cfg(path)):
        return found
    if (names is None or "conda-meta" in names) and (kind := _conda_kind(path)):
        return _candidate(path, kind)
    if (names is None or "bin" in names or "Scripts" in names) and _is_legacy(path):
        return _candidate(path, Kind.LEGACY)
    return None


def _read_with_cfg(path: str) -> EnvironmentCandidate | None:
    cfg_path = os.path.join(path, "pyvenv.cfg")
    identity = identity_of(path)
    try:
        status = reach.stat(cfg_path)  # before reading, which may renew the access time
    except (OSError, ValueError):
        if identity is None or not reach.islink(cfg_path):
            return None
        problem = "is a broken symlink"
        return EnvironmentCandidate(
            path,
            identity,
            Kind.VENV,
            read_layout(path),
            cfg_problem=problem,
            names=_names_in(path),
        )
    if identity is None:
        return None
    cfg, problem = read_cfg(cfg_path)
    atime = status.st_atime if stat.S_ISREG(status.st_mode) else None
    return EnvironmentCandidate(
        path,
        identity,
        Kind.VENV,
        read_layout(path),
        cfg,
        problem,
        atime,
        names=_names_in(path),
    )


_NAMES_AT_MOST = 1000
"""So many names right in an environment are read; it has about ten, and a project root that is one
has as many as it likes."""


def _names_in(path: str) -> frozenset[str] | None:
    """Return the names in a folder, case-folded; None where they are too many or not to be read."""
    try:
        with reach.scandir(path) as entries:
            names = [entry.name.casefold() for entry in islice(entries, _NAMES_AT_MOST)]
    except (OSError, ValueError):
        return None
    return frozenset(names) if len(names) < _NAMES_AT_MOST else None


def _conda_kind(path: str) -> Kind | None:
    meta = os.path.join(path, "conda-meta")
    if reach.isfile(os.path.join(meta, "pixi")):
        return Kind.PIXI
    if reach.isfile(os.path.join(meta, "history")) or _has_records(meta):
        return Kind.CONDA
    return None


def _has_records(meta: str) -> bool:
    """Tell whether a `conda-meta` holds the record of a package, which is all that some tools
    write there."""
    try:
        with reach.scandir(meta) as entries:
            names = (entry.name for entry in islice(entries, _RECORDS))
            return any(_RECORD.match(name) for name in names)
    except OSError:
        return False


def _is_legacy(path: str) -> bool:
    if path in _SYSTEM_PREFIXES:
        return False
    for folder, python in (("bin", "python"), ("Scripts", "python.exe")):
        scripts = os.path.join(path, folder)
        if reach.lexists(os.path.join(scripts, python)):
            return _is_virtualenvs(path, scripts)
    return False


def _is_virtualenvs(path: str, scripts: str) -> bool:
    """Tell whether virtualenv left more in a folder than a script called `activate`, which others
    have too: `~/.local/bin` holds whatever a person puts there. Which shells it wrote scripts for
    was a choice, and some of them may be gone."""
    found = [name for name in _ACTIVATE_NAMES if reach.isfile(os.path.join(scripts, name))]
    if "activate_this.py" in found:
        return True
    for name in found:
        activate = read_bounded(os.path.join(scripts, name), CFG_LIMIT, whole=False)
        if not isinstance(activate, Unread) and _ACTIVATES.search(activate):
            return True
    return any(
        reach.isfile(os.path.join(os.path.dirname(folder.path), "orig-prefix.txt"))
        for folder in _package_folders(path)
    )


def _candidate(path: str, kind: Kind) -> EnvironmentCandidate | None:
    identity = identity_of(path)
    if identity is None:
        return None
    return EnvironmentCandidate(path, identity, kind, read_layout(path), names=_names_in(path))


def identity_of(path: str) -> Identity | None:
    """Return what the folder at `path` is, links followed; None when there is none."""
    try:
        status = reach.stat(path)
    except (OSError, ValueError):
        return None
    return Identity(status.st_dev, status.st_ino)
