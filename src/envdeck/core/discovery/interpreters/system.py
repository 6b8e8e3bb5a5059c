"""System package managers, Homebrew, framework builds, the PATH, the Windows registry (PEP 514)."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import ClassVar, Protocol

from envdeck.core.discovery.interpreters.landmarks import InterpreterSource, children
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Unreadable
from envdeck.core.system import reach
from envdeck.core.system.host import Host

_DEVELOPER = (
    "Library/Developer/CommandLineTools",
    "Applications/Xcode.app/Contents/Developer",
)


def system_folders(host: Host) -> tuple[str, ...]:
    """Return where the system keeps its commands."""
    if host.windows:
        return ()
    parts = ("usr/bin", "usr/local/bin", "bin", "usr/libexec")
    return tuple(host.system(*part.split("/")) for part in parts)


class SystemSource(InterpreterSource):
    """`/usr/bin` and `/usr/local/bin`. On macOS those hold only a launcher; what it starts are
    the frameworks of Apple's developer tools."""

    name: ClassVar[str] = "system"
    rank: ClassVar[int] = 90

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield `/usr` and `/usr/local` themselves, `/opt/python/<version>` as on build images,
        and the frameworks of Apple's developer tools."""
        if host.windows:
            return
        yield host.system("usr")
        yield host.system("usr", "local")
        shelves = [host.system("opt", "python")]
        if host.macos:
            shelves += [
                host.system(folder, "Library", "Frameworks", "Python3.framework", "Versions")
                for folder in _DEVELOPER
            ]
        for shelf in shelves:
            yield from children(shelf)

    def folders(self, host: Host) -> Iterator[str]:
        """Yield the folders of commands, which hold links to interpreters of others too."""
        yield from system_folders(host)


SYSTEM = SystemSource()


_FOLDERS = 500


class PathSource(InterpreterSource):
    """The folders of `$PATH`, except those of the system, which were looked at, and, under WSL,
    those of Windows, which answer slowly and hold nothing that runs environments here."""

    name: ClassVar[str] = "path"
    rank: ClassVar[int] = 100

    def folders(self, host: Host) -> Iterator[str]:
        """Yield each folder once, links resolved."""
        seen = {reach.realpath(folder) for folder in system_folders(host)}
        parts = (host.variable("PATH") or "").split(";" if host.windows else ":")
        for part in islice(parts, _FOLDERS):
            if not os.path.isabs(part) or "\0" in part or _is_windows_drive(part, host):
                continue
            folder = reach.realpath(part)
            if folder not in seen:
                seen.add(folder)
                yield folder


def _is_windows_drive(path: str, host: Host) -> bool:
    if not (host.variable("WSL_DISTRO_NAME") or host.variable("WSL_INTEROP")):
        return False
    drive = path.removeprefix("/mnt/")
    return drive != path and (len(drive) == 1 or drive[1] == "/")


PATH = PathSource()


class FrameworkSource(InterpreterSource):
    """`/Library/Frameworks/Python.framework/Versions/3.12`, and `PythonT.framework` for the
    free-threaded build; `Current` is a link."""

    name: ClassVar[str] = "python.org"
    rank: ClassVar[int] = 70

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each version."""
        if not host.macos:
            return
        for name in ("Python.framework", "PythonT.framework"):
            versions = host.system("Library", "Frameworks", name, "Versions")
            yield from children(versions)


FRAMEWORK = FrameworkSource()


class HomebrewSource(InterpreterSource):
    """`Cellar/python@3.12/3.12.4`, to which `opt/python@3.12` is a link; a framework in it on
    macOS."""

    name: ClassVar[str] = "homebrew"
    rank: ClassVar[int] = 60

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each keg, and the framework's versions in it."""
        for cellar in _cellars(host):
            for formula in children(cellar):
                if isinstance(formula, Unreadable):
                    yield formula
                elif os.path.basename(formula).startswith(("python", "pypy", "graalpy")):
                    yield from _list_formula(formula)

    def steady_link(self, prefix: str) -> str | None:
        """Return `opt/python@3.12` for `Cellar/python@3.12/3.12.4`, and what is in it there."""
        top, cellar, keg = prefix.rpartition(f"{os.sep}Cellar{os.sep}")
        formula, *inner = keg.split(os.sep)
        return os.path.join(top, "opt", formula, *inner[1:]) if cellar and inner else None


def _cellars(host: Host) -> Iterator[str]:
    if folder := host.folder("HOMEBREW_CELLAR"):
        yield folder
    if host.macos:
        yield host.system("opt", "homebrew", "Cellar")
        yield host.system("usr", "local", "Cellar")
    elif not host.windows:
        yield host.system("home", "linuxbrew", ".linuxbrew", "Cellar")


def _list_formula(formula: str) -> Iterator[str | Unreadable]:
    for keg in children(formula):
        yield keg
        if not isinstance(keg, Unreadable):
            yield os.path.join(keg, "libexec")  # PyPy
            yield from children(os.path.join(keg, "Frameworks", "Python.framework", "Versions"))


HOMEBREW = HomebrewSource()


_ROOT = r"Software\Python"
_KEYS = 1000
"""So many keys are looked at on one level."""


class Hive(Protocol):
    """One view of the registry: of the user, or of the machine."""

    def subkeys(self, path: str) -> Iterable[str]:
        """Return the names of the keys below one; none when it is not there."""
        ...

    def text(self, path: str, name: str) -> str | None:
        """Return a text value of a key (`""` is its default one), or None."""
        ...


def _system_hives() -> Iterable[Hive]:
    if sys.platform == "win32":
        return hives()
    return ()


class RegistrySource(InterpreterSource):
    r"""`Software\Python\<company>\<tag>\InstallPath` of the user, of the machine, and of the
    machine's 32-bit programs. The launcher's own entry (`PyLauncher`) is no interpreter."""

    name: ClassVar[str] = "registry"
    rank: ClassVar[int] = 80

    def __init__(self, hives: Callable[[], Iterable[Hive]] = _system_hives) -> None:
        """Read other hives than the system's, if given."""
        self._hives = hives

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield the install path of each."""
        if not host.windows:
            return
        for hive in self._hives():
            for company in list(hive.subkeys(_ROOT))[:_KEYS]:
                if company != "PyLauncher":
                    yield from _read_company(hive, rf"{_ROOT}\{company}")


def _read_company(hive: Hive, company: str) -> Iterator[str]:
    for tag in list(hive.subkeys(company))[:_KEYS]:
        key = rf"{company}\{tag}\InstallPath"
        prefix = hive.text(key, "")
        if not prefix and (executable := hive.text(key, "ExecutablePath")):
            prefix = os.path.dirname(executable)
        if prefix and os.path.isabs(prefix) and "\0" not in prefix:
            yield os.path.normpath(prefix)


REGISTRY = RegistrySource()


if sys.platform == "win32":
    import winreg

    @dataclass(frozen=True, slots=True)
    class SystemHive:
        """A root key in one of its two views (64-bit and 32-bit programs)."""

        root: int
        view: int

        def subkeys(self, path: str) -> list[str]:
            """Return the names of the keys below one; none when it is not there."""
            names: list[str] = []
            try:
                with winreg.OpenKeyEx(self.root, path, 0, winreg.KEY_READ | self.view) as key:
                    count = winreg.QueryInfoKey(key)[0]
                    names += (winreg.EnumKey(key, index) for index in range(count))
            except OSError:
                return names  # absent, or gone while it was read
            return names

        def text(self, path: str, name: str) -> str | None:
            """Return a text value of a key, or None."""
            try:
                with winreg.OpenKeyEx(self.root, path, 0, winreg.KEY_READ | self.view) as key:
                    value, kind = winreg.QueryValueEx(key, name)
            except OSError:
                return None
            return value if kind == winreg.REG_SZ and isinstance(value, str) else None

    def hives() -> Iterator[SystemHive]:
        """Yield the user's and the machine's keys, in the order PEP 514 gives."""
        yield SystemHive(winreg.HKEY_CURRENT_USER, 0)
        yield SystemHive(winreg.HKEY_LOCAL_MACHINE, winreg.KEY_WOW64_64KEY)
        yield SystemHive(winreg.HKEY_LOCAL_MACHINE, winreg.KEY_WOW64_32KEY)
