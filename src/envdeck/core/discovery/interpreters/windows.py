"""PEP 514 and the Windows registry."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, Protocol

from envdeck.core.discovery.interpreters.landmarks import InterpreterSource
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Unreadable
from envdeck.core.system.host import Host

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
    hives: Iterable[Hive] = ()
    if sys.platform == "win32":
        # the registry is on Windows alone
        from envdeck.core.discovery.interpreters import windows

        hives = windows.hives()
    return hives


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
                    yield from _of_company(hive, rf"{_ROOT}\{company}")


def _of_company(hive: Hive, company: str) -> Iterator[str]:
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
