"""What is an interpreter, and what is its prefix: told as CPython's start-up code tells it,
by the standard library beside it (`os.py` is the landmark), without running anything.

Not interpreters: the entry of a virtual environment (PEP 405: a `pyvenv.cfg` beside it or one
level up), pyenv's shims and other scripts, `python3-config`, links that lead nowhere.
"""

import os
import stat
from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Unreadable
from envdeck.core.system import reach
from envdeck.core.system.files import read_bounded, reason_of
from envdeck.core.system.host import Host

ENTRIES = 50_000
"""So many entries of one folder are looked at; `/usr/bin` of a full system has 5,000."""

_FAMILIES = ("python", "graalpy", "pypy")
_LEVELS = 3  # `bin` below the prefix, and one more for `lib/pypy3.9/bin`
_OLD_PYPY = ("lib-python/3", "lib-python/2.7")


@dataclass(frozen=True, slots=True)
class Located:
    """An interpreter that is there, before anything in it is read."""

    executable: str
    """Its real path."""
    prefix: str
    """Where its standard library is, links resolved: `sys.prefix`."""
    stdlib: str
    """The folder of its standard library: `lib/python3.12` in the prefix, `Lib` on Windows."""
    minor: str | None
    """`3.12`, where the name of the folder or of the executable tells."""
    implementation: str
    source: str = "path"
    """Who installed it; `path` when it was met without knowing that."""
    aliases: tuple[str, ...] = ()
    """Other paths on the PATH that lead to it."""


def is_name(name: str, *, windows: bool = False) -> bool:
    """Tell whether an interpreter can have that file name: `python`, `python3.13t`, `pypy3`."""
    if windows:
        name = name.lower()
        if not name.endswith(".exe"):
            return False
        name = name[:-4]
    for family in _FAMILIES:
        if name.startswith(family):
            return not name[len(family) :].rstrip("td").strip("0123456789.")
    return name.startswith("platform-python")  # Red Hat's own, in libexec


def locate(path: str, *, windows: bool = False) -> Located | None:
    """Return the interpreter that an executable is or leads to, or None when it is none."""
    if _is_in_environment(path):
        return None
    try:
        real = reach.realpath(path)
        status = reach.stat(real)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode) or not (windows or status.st_mode & 0o111):
        return None
    if _is_in_environment(real) or read_bounded(real, 2, whole=False) == b"#!":
        return None
    prefix = real
    for _ in range(_LEVELS):
        prefix = os.path.dirname(prefix)
        if (stdlib := _stdlib(prefix, _minor_in(os.path.basename(real)))) is not None:
            return _located(real, prefix, stdlib)
    return None


def find_in_folder(folder: str, host: Host) -> Iterator[tuple[str, Located] | Unreadable]:
    """Yield each entry of a folder that is or leads to an interpreter, with what it leads to.

    A folder that does not exist yields nothing; one that cannot be read says so.
    """
    try:
        with reach.scandir(folder) as entries:
            names = [
                entry.name
                for entry in islice(entries, ENTRIES)
                if is_name(entry.name, windows=host.windows)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        yield Unreadable(folder, reason_of(error))
        return
    for name in sorted(names):
        path = os.path.join(folder, name)
        if located := locate(path, windows=host.windows):
            yield path, located


def find_in_prefix(prefix: str, host: Host) -> Iterator[tuple[str, Located] | Unreadable]:
    """Yield the interpreters of one prefix: in its `bin`, or in itself on Windows."""
    if reach.lexists(os.path.join(prefix, "pyvenv.cfg")):
        return
    if host.windows:
        yield from find_in_folder(prefix, host)
    yield from find_in_folder(os.path.join(prefix, "bin"), host)


def children(folder: str) -> Iterator[str | Unreadable]:
    """Yield the folders in a folder, sorted, without links and dot entries.

    A folder that does not exist yields nothing; one that cannot be read says so.
    """
    try:
        with reach.scandir(folder) as entries:
            names = [
                entry.name
                for entry in islice(entries, ENTRIES)
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        yield Unreadable(folder, reason_of(error))
        return
    for name in sorted(names):
        yield os.path.join(folder, name)


def _is_in_environment(path: str) -> bool:
    folder = os.path.dirname(path)
    return reach.lexists(os.path.join(folder, "pyvenv.cfg")) or reach.lexists(
        os.path.join(os.path.dirname(folder), "pyvenv.cfg")
    )


def _minor_in(name: str) -> str | None:
    """Return `3.13t` of `python3.13t` and None of `python3`."""
    number = name.removesuffix(".exe").lstrip("abcdefghijklmnopqrstuvwxyz-")
    return number if "." in number else None


def _stdlib(prefix: str, minor: str | None) -> str | None:
    for lib in ("lib", "lib64"):
        folder = os.path.join(prefix, lib)
        names = [family + minor for family in _FAMILIES] if minor else _versioned(folder)
        for name in names:
            if _is_stdlib(path := os.path.join(folder, name)):
                return path
    for name in ("Lib", *_OLD_PYPY):
        if _is_stdlib(path := os.path.join(prefix, name)):
            return path
    return None


def _versioned(folder: str) -> list[str]:
    """Return names like `python3.12`, the newest first: an executable named `python` does not
    tell which is its own, and there is hardly ever a second."""
    try:
        with reach.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, ENTRIES) if is_name(entry.name)]
    except OSError:
        return []
    return sorted((name for name in names if _minor_in(name)), key=_number, reverse=True)


def _number(name: str) -> tuple[int, ...]:
    parts = (_minor_in(name) or "").rstrip("td").split(".")
    return tuple(int(part) for part in parts if part.isdecimal() and len(part) < 9)


def _is_stdlib(path: str) -> bool:
    return reach.isfile(os.path.join(path, "os.py"))


def _located(real: str, prefix: str, stdlib: str) -> Located:
    executable, folder = os.path.basename(real).lower(), os.path.basename(stdlib)
    minor = _minor_in(folder) or _minor_in(executable)
    if "lib-python" in stdlib or folder.startswith("pypy") or executable.startswith("pypy"):
        implementation = "pypy"
    elif folder.startswith("graalpy") or executable.startswith("graalpy"):
        implementation = "graalpy"
    else:
        implementation = "cpython"
    if minor is None and folder == "2.7":
        minor = folder
    return Located(real, prefix, stdlib, minor and minor.rstrip("td"), implementation)


class InterpreterSource:
    """Where one installer keeps its interpreters: it says where to look, and no more. The defaults
    know nothing. Each has an instance named `SOURCE`, which the registry (:mod:`find`) knows."""

    name: ClassVar[str]
    """The `source` of an interpreter: `pyenv`, `uv`, `system` …"""
    rank: ClassVar[int]
    """Who names an interpreter that two of them lead to: lower before higher."""

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield folders that may be the prefix of an interpreter (its `sys.prefix`), whether
        they exist or not, and folders of theirs that could not be listed."""
        return iter(())

    def folders(self, host: Host) -> Iterator[str]:
        """Yield folders that hold interpreters, or links to them, among other commands."""
        return iter(())

    def steady_link(self, prefix: str) -> str | None:
        """Return the link beside a prefix that the installer moves on to the next patch release
        of its minor version, whether it is there or not; None where it keeps none."""
        return None
