"""The machine as an argument, so that every tool on every system is tested on any one."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Literal

from envdeck.core.lazy_dataclasses import dataclass, field

if sys.platform != "win32":
    import pwd

Kind = Literal["config", "cache", "data", "state"]
"""What one of EnvDeck's own folders holds."""

_NAME = "envdeck"
_XDG: dict[Kind, tuple[str, tuple[str, ...]]] = {
    "config": ("XDG_CONFIG_HOME", (".config",)),
    "cache": ("XDG_CACHE_HOME", (".cache",)),
    "data": ("XDG_DATA_HOME", (".local", "share")),
    "state": ("XDG_STATE_HOME", (".local", "state")),
}
"""The variable of each kind, and where it is at home without one."""


def _uptime() -> float:
    """Return the seconds since the machine was started, those asleep included where the system
    counts them: Linux by its own clock, macOS by the usual one."""
    if not hasattr(time, "clock_gettime"):
        return time.monotonic()
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _user() -> str:
    """Return by whom files are read as far as permissions go: user, group, further groups."""
    if sys.platform == "win32":
        return ""
    groups = sorted({os.getegid(), *os.getgroups()})
    return " ".join(map(str, (os.geteuid(), *groups)))


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
    user: Callable[[], str] = field(default=_user)
    """Another text for everyone who may be able to read other folders."""

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


@dataclass(frozen=True, slots=True)
class OwnFolders:
    """EnvDeck's own folders, whether they exist or not."""

    config: str
    cache: str
    data: str
    state: str

    def folder(self, kind: Kind) -> str:
        """Return the folder of a kind."""
        match kind:
            case "config":
                return self.config
            case "cache":
                return self.cache
            case "data":
                return self.data
            case "state":
                return self.state

    def every(self) -> tuple[str, ...]:
        """Return all four in the order of the fields; some may be the same."""
        return self.config, self.cache, self.data, self.state


def own_folders(host: Host) -> OwnFolders:
    """Return EnvDeck's own folders, as platformdirs has them. It is asked where the system has to
    be (Windows, Android), for the machine that runs: its import takes 15 ms, and elsewhere its
    rules are short, so that every host, a demo or a test too, has them from here."""
    system = host.windows or "ANDROID_ROOT" in host.environ
    asked = (_find_own_folders() if system and _is_running(host) else None) or _derived(host)
    pairs = zip(asked.every(), former_folders(host).every(), strict=True)
    return OwnFolders(*(_match_spelling(usual, before) for usual, before in pairs))


def former_folders(host: Host) -> OwnFolders:
    """Return the folders of the versions before platformdirs: they ignored `$XDG_…` on macOS, and
    expanded a `~` in it elsewhere."""
    bases = (host.user_config(), host.user_cache(), host.user_data(), host.user_state())
    return OwnFolders(*(os.path.join(base, _NAME) for base in bases))


def own_path(host: Host, kind: Kind, name: str) -> str:
    """Return the path of one of EnvDeck's own files or folders: in its former folder as long as it
    exists only there, so that nothing has to be moved to be read."""
    usual = os.path.join(own_folders(host).folder(kind), name)
    former = os.path.join(former_folders(host).folder(kind), name)
    if usual == former or os.path.lexists(usual) or not os.path.lexists(former):
        return usual
    return former


def _is_running(host: Host) -> bool:
    """Return whether a host is the machine that runs, with the variables of this process."""
    return (
        host.environ is os.environ
        and host.platform == sys.platform
        and host.home == _home(os.environ)
    )


def _find_own_folders() -> OwnFolders | None:
    """Ask platformdirs; None if it finds no folder, as for a user without a home.

    With these options the folders on Windows are the same as before.
    """
    from platformdirs import PlatformDirs  # start-up: 15 ms, and few systems need it

    dirs = PlatformDirs(_NAME, appauthor=False, opinion=False)
    roaming = PlatformDirs(_NAME, appauthor=False, opinion=False, roaming=True)
    try:
        return OwnFolders(
            roaming.user_config_dir, dirs.user_cache_dir, dirs.user_data_dir, dirs.user_state_dir
        )
    except (RuntimeError, LookupError, ValueError, OSError):
        return None


def _derived(host: Host) -> OwnFolders:
    """Return what platformdirs answers on a host; tests compare this with its classes."""
    former = former_folders(host)
    if host.windows:
        return former
    folders = []
    for (variable, at_home), before in zip(_XDG.values(), former.every(), strict=True):
        base = host.variable(variable) or ""
        if base.startswith("/"):  # the XDG rules ignore relative paths, `~/…` too
            folders.append(os.path.join(base, _NAME))
        elif host.macos:
            folders.append(before)
        else:
            folders.append(host.at_home(*at_home, _NAME))
    return OwnFolders(*folders)


def _match_spelling(usual: str, before: str) -> str:
    """Return the former spelling if the folder has not changed: the journal contains it."""
    usual = os.path.normpath(usual)
    return before if usual == os.path.normpath(before) else usual


def _home(environ: Mapping[str, str]) -> str:
    """Return the home folder of whoever runs us, always an absolute path.

    A `HOME` that is empty or relative counts as unset, as in the XDG rules: what is kept at home
    would land in whichever folder is the current one. Who has no home at all has the root.
    """
    home = environ.get("HOME", "") if os.name == "posix" else os.path.expanduser("~")
    if not os.path.isabs(home) and os.name == "posix":
        try:
            home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:  # a user by number only, as in containers
            home = os.sep
    return os.path.normpath(home) if os.path.isabs(home) else os.path.abspath(os.sep)


def relative_to(path: str, folder: str) -> str:
    """Do as `os.path.relpath` of two plain absolute paths; quick for what is in the folder."""
    inside = folder + os.sep
    return path[len(inside) :] if path.startswith(inside) else os.path.relpath(path, folder)


def lies_under(path: str, folder: str) -> bool:
    """Tell whether a path is a folder itself or something below it."""
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def outermost(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return the folders that lie below no other of them, each once, in their order."""
    kept: list[str] = []
    for folder in sorted(set(folders), key=lambda folder: folder.rstrip(os.sep) + os.sep):
        if not (kept and lies_under(folder, kept[-1])):
            kept.append(folder)
    outer = set(kept)
    return tuple(folder for folder in dict.fromkeys(folders) if folder in outer)
