"""Why an environment must not be deleted; our own folders.

The rules are here once: what a list shows as protected is what the guards refuse.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator

from envdeck.core.discovery.managers.base import Manager
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.system import reach
from envdeck.core.system.host import Host, former_folders, lies_under, own_folders

TRASH = ".envdeck-trash"
"""The name of a trash outside the user's data folder (`-` and the user's number may follow)."""
_WITHIN = "inside EnvDeck's own data folder"
_ABOVE = "contains EnvDeck's own data (journal, trash, index)"


@dataclass(frozen=True, slots=True)
class ProtectedPlaces:
    """The places of one host that stay, worked out once for all that is asked of them."""

    own: tuple[str, ...]
    """EnvDeck's own folders and the former ones, as they are named and with links followed."""
    cellars: tuple[str, ...]
    below: tuple[str, ...]
    """Folders of the system, each with a separator behind it: nothing in them may go."""
    above: frozenset[str]
    """Folders that stay as such, though what is in them may be anybody's, and those above them."""
    homes: tuple[str, ...]
    """The home folder as it is named and with its links followed."""
    running: str
    """The environment that EnvDeck runs from."""

    @classmethod
    def find(cls, host: Host) -> "ProtectedPlaces":
        """Return those of a host."""
        named = _folders(host)
        below = () if host.windows else (*_SYSTEMS, *_STORES, *(_MACS if host.macos else ()))
        return cls(
            tuple(dict.fromkeys((*named, *map(reach.realpath, named)))),
            tuple(_cellars(host)),
            tuple(host.system(name) + os.sep for name in below),
            frozenset() if host.windows else _add_parents(host, (*_TOPS, *below, "usr")),
            (host.home, reach.realpath(host.home)),
            reach.realpath(sys.prefix),
        )


def _add_parents(host: Host, names: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for path in map(host.system, names):
        while path not in found:
            found.add(path)
            path = os.path.dirname(path)
    return frozenset(found)


def _lacks_nothing(_name: str) -> bool:
    return False


def own_place(
    path: str,
    host: Host,
    places: ProtectedPlaces | None = None,
    lacks: Callable[[str], bool] = _lacks_nothing,
) -> str:
    """Say why what is at this path is, holds or is inside a place of our own; empty if not.

    Looked at by name and with links followed, whether it is there yet or not: the trash that an
    operation makes must not lie in what it moves there. What it `lacks` for sure is not asked for.
    """
    if is_in_trash(path):
        return _WITHIN
    for own in (places or ProtectedPlaces.find(host)).own:
        if lies_under(path, own):
            return _WITHIN
        if lies_under(own, path):
            return _ABOVE
    return _ABOVE if _holds_trash(path, lacks) else ""


def _folders(host: Host) -> tuple[str, ...]:
    """Return the current folders and the former ones, which keep a trash until it is empty."""
    both = own_folders(host), former_folders(host)
    named = (folder for each in both for folder in (each.state, each.data, each.cache))
    return tuple(dict.fromkeys(named))


def is_in_trash(path: str) -> bool:
    """Tell whether a path, by its names, is a trash outside the user's data or inside one."""
    return any(part == TRASH or part.startswith(f"{TRASH}-") for part in path.split(os.sep))


def _holds_trash(path: str, lacks: Callable[[str], bool]) -> bool:
    """Look right below it; deeper ones are known to the journal."""
    names = [TRASH, *([f"{TRASH}-{os.getuid()}"] if hasattr(os, "getuid") else [])]
    return any(not lacks(name) and reach.isdir(os.path.join(path, name)) for name in names)


_PROJECT_FILES = (
    ".git", ".hg", ".svn", ".bzr", ".jj",
    "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "requirements.txt",
    "uv.lock", "poetry.lock", "pdm.lock", "pixi.toml", "tox.ini", "noxfile.py", "manage.py",
)  # fmt: skip
_SYSTEMS = ("bin", "boot", "etc", "lib", "lib32", "lib64", "proc", "sbin", "sys")
_STORES = ("nix", "gnu/store", "snap", "var/lib/flatpak", "var/lib/snapd")
_MACS = ("System", "Library", "Applications", "private/etc", "cores")
_TOPS = (
    "dev", "dev/shm", "home", "media", "mnt", "opt", "opt/homebrew", "private", "private/var",
    "root", "run", "run/media", "run/user", "srv", "tmp", "usr/local", "usr/local/bin",
    "usr/local/lib", "usr/local/opt", "usr/local/share", "var", "var/lib", "var/tmp", "Users",
    "Volumes",
)  # fmt: skip
"""Folders that stay as such, though what is in them may be anybody's."""


def protection(
    candidate: EnvironmentCandidate,
    manager: Manager,
    host: Host,
    places: ProtectedPlaces | None = None,
) -> str | None:
    """Return the guard that refuses, in one sentence, or None."""
    if cause := candidate.shortcoming:
        return f"not-an-environment: {cause}"
    places = places or ProtectedPlaces.find(host)
    if cause := protected_place(candidate.path, host, places, candidate.lacks):
        return f"protected-path: {cause}"
    if candidate.path == places.running:
        return "self: EnvDeck runs from this environment"
    own = manager.refuses(candidate)
    return f"{own.guard}: {own.message}" if own else None


def protected_place(
    path: str,
    host: Host,
    places: ProtectedPlaces | None = None,
    lacks: Callable[[str], bool] = _lacks_nothing,
) -> str:
    """Say why what is at this path stays, whatever it is; empty where it may go. What it `lacks`
    for sure is not asked for."""
    places = places or ProtectedPlaces.find(host)
    if any(lies_under(home, path) for home in places.homes):
        return "home folder or a parent of it"
    if cause := own_place(path, host, places, lacks):
        return cause
    for name in _PROJECT_FILES:
        if not lacks(name) and reach.lexists(os.path.join(path, name)):
            return f"root of a project (has {name})"
    if os.path.dirname(path) == path:
        return "root of a disk"
    if any(lies_under(path, cellar) for cellar in places.cellars) or _is_in_keg(path):
        return "belongs to a Homebrew formula"
    if _is_systems(path, host, places):
        return "belongs to the operating system"
    return ""


def _cellars(host: Host) -> Iterator[str]:
    if folder := host.folder("HOMEBREW_CELLAR"):
        yield folder
    for prefix in ("opt/homebrew", "usr/local", "home/linuxbrew/.linuxbrew"):
        yield host.system(prefix, "Cellar")


def _is_in_keg(path: str) -> bool:
    """Tell whether a path is in a formula of Homebrew, wherever that is installed: in
    `Cellar/<formula>/<version>`, with a receipt."""
    parts = path.split(os.sep)
    return any(
        reach.isfile(os.path.join(os.sep.join(parts[: at + 3]), "INSTALL_RECEIPT.json"))
        for at, part in enumerate(parts)
        if part == "Cellar" and len(parts) > at + 3
    )


def _is_systems(path: str, host: Host, places: ProtectedPlaces) -> bool:
    if host.windows:
        names = ("SYSTEMROOT", "PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432")
        kept = [folder for name in names if (folder := host.folder(name))]
        data = host.folder("PROGRAMDATA")
        folded = path.casefold()
        return any(lies_under(folded, place.casefold()) for place in kept) or (
            data is not None and lies_under(data.casefold(), folded)
        )
    if lies_under(path, host.system("usr")) and not lies_under(path, host.system("usr", "local")):
        return True
    return f"{path}{os.sep}".startswith(places.below) or path in places.above
