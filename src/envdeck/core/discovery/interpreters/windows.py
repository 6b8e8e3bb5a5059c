"""The registry of Windows itself."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

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
