"""The machine as an argument, so that every tool on every system is tested on any one."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def _uptime() -> float:
    """Return the seconds since the machine was started, those asleep included where the system
    counts them: Linux by a clock of its own, macOS by the usual one."""
    if not hasattr(time, "clock_gettime"):
        return time.monotonic()
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Host:
    """Where and when we look: platform, home folder, environment variables and clock.

    Nothing in the core asks `os.environ`, `sys.platform`, `os.path.expanduser` or the clock
    by itself; it asks the host it was given.
    """

    platform: str
    """As `sys.platform`: `linux`, `darwin` or `win32`."""
    home: str
    environ: Mapping[str, str]
    now: Callable[[], float] = field(default=time.time)
    root: str = "/"
    """What system-wide places (`/opt`, `/usr`) are under; another folder in tests."""
    uptime: Callable[[], float] = field(default=_uptime)
    """Seconds since the machine was started: unlike :attr:`now`, nobody can set it."""

    @classmethod
    def current(cls) -> "Host":
        """Return the machine we run on."""
        return cls(sys.platform, _home(os.environ), os.environ)

    @property
    def windows(self) -> bool:
        """Whether paths and places follow Windows' rules."""
        return self.platform == "win32"

    @property
    def macos(self) -> bool:
        """Whether paths and places follow macOS's rules."""
        return self.platform == "darwin"

    def variable(self, name: str) -> str | None:
        """Return an environment variable; an empty one counts as unset, as in the XDG rules."""
        return self.environ.get(name) or None

    def folder(self, name: str) -> str | None:
        """Return the folder an environment variable names, `~` expanded, if absolute then."""
        value = self.variable(name)
        if value is None:
            return None
        path = self.expand(value)
        return path if os.path.isabs(path) else None

    def expand(self, path: str) -> str:
        """Replace a leading `~` by the home folder."""
        if path == "~":
            return self.home
        if path.startswith(("~/", "~\\")):
            return os.path.join(self.home, path[2:])
        return path

    def at_home(self, *parts: str) -> str:
        """Return a path under the home folder."""
        return os.path.join(self.home, *parts)

    def system(self, *parts: str) -> str:
        """Return a system-wide path (`/opt/…`), under :attr:`root`."""
        return os.path.join(self.root, *parts)

    def xdg_data(self) -> str:
        """Return `$XDG_DATA_HOME` or its default, on any platform (pipx and uv use it so)."""
        return self.folder("XDG_DATA_HOME") or self.at_home(".local", "share")

    def user_data(self) -> str:
        """Return where programs keep a user's data, by the platform's custom."""
        if self.windows:
            return self.folder("LOCALAPPDATA") or self.at_home("AppData", "Local")
        if self.macos:
            return self.at_home("Library", "Application Support")
        return self.xdg_data()

    def user_state(self) -> str:
        """Return where programs keep what they did, by the platform's custom."""
        if self.windows or self.macos:
            return self.user_data()
        return self.folder("XDG_STATE_HOME") or self.at_home(".local", "state")

    def user_cache(self) -> str:
        """Return where programs keep a user's caches, by the platform's custom."""
        if self.windows:
            return self.folder("LOCALAPPDATA") or self.at_home("AppData", "Local")
        if self.macos:
            return self.at_home("Library", "Caches")
        return self.folder("XDG_CACHE_HOME") or self.at_home(".cache")

    def user_config(self) -> str:
        """Return where programs keep a user's configuration, by the platform's custom."""
        if self.windows:
            return self.folder("APPDATA") or self.at_home("AppData", "Roaming")
        if self.macos:
            return self.at_home("Library", "Application Support")
        return self.folder("XDG_CONFIG_HOME") or self.at_home(".config")


def _home(environ: Mapping[str, str]) -> str:
    """Return the home folder of whoever runs us, always an absolute path.

    A `HOME` that is empty or relative counts as unset, as in the XDG rules: what is kept at home
    would land in whichever folder is the current one. Who has no home at all has the root.
    """
    home = environ.get("HOME", "") if os.name == "posix" else os.path.expanduser("~")
    if not os.path.isabs(home) and os.name == "posix":
        import pwd  # not there on Windows

        try:
            home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:  # a user by number only, as in containers
            home = os.sep
    return os.path.normpath(home) if os.path.isabs(home) else os.path.abspath(os.sep)
