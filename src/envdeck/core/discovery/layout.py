"""Where things are inside an environment, on every platform."""

import os
import re
from dataclasses import dataclass
from typing import NamedTuple

from envdeck.core import reach
from envdeck.core.files import reason_of

_PACKAGE_PARENT = re.compile(r"(python|pypy|graalpy)(\d+\.\d+)t?\Z")
"""`lib/python3.12`, `lib/pypy3.10`, and `lib/python3.13t` of the free-threaded build."""
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
    for name in ("bin", "Scripts"):
        scripts = os.path.join(path, name)
        if reach.isdir(scripts):
            executable = _executable(scripts) or _executable(path)
            return _laid_out(path, scripts, executable)
    return _laid_out(path, None, _executable(path))  # conda on Windows


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
        return f"its {os.path.basename(folder)} cannot be read: {reason_of(error)}"
    return ""


def _executable(folder: str) -> str | None:
    for name in _EXECUTABLES:
        path = os.path.join(folder, name)
        if reach.lexists(path) and not reach.isdir(path):
            return path
    return None


def _package_folders(path: str) -> tuple[PackageFolder, ...]:
    found: list[PackageFolder] = []
    lib = os.path.join(path, "lib")
    try:
        with reach.scandir(lib) as entries:
            names = sorted(entry.name for entry in entries if entry.name[:2] in {"py", "gr"})
    except OSError:
        names = []
    for name in names:
        if match := _PACKAGE_PARENT.match(name):
            packages = os.path.join(lib, name, "site-packages")
            if reach.isdir(packages):
                family, minor = match.groups()
                found.append(PackageFolder(packages, minor, _IMPLEMENTATIONS.get(family, family)))
    if not found:
        for packages in (
            os.path.join(path, "Lib", "site-packages"),
            os.path.join(path, "site-packages"),
        ):
            if reach.isdir(packages):  # Windows, and PyPy before 3.8
                found.append(PackageFolder(packages, None, None))
                break
    return tuple(found)
