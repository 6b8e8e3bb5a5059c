"""Where EnvDeck itself keeps things: journal, locks and trash, index, and the trashes on other
disks. No operation acts on them, or on anything that holds them."""

import os

from envdeck.core import reach
from envdeck.core.host import Host, former_folders, own_folders
from envdeck.core.paths import lies_under

TRASH = ".envdeck-trash"
"""The name of a trash outside the user's data folder (`-` and the user's number may follow)."""
_WITHIN = "it lies where EnvDeck keeps its own things"
_ABOVE = "EnvDeck keeps its own things in it (its journal, its trash, its index)"


def own_place(path: str, host: Host) -> str:
    """Say why what is at this path is, holds or lies in a place of our own; empty if not.

    Looked at by name and with links followed, whether it is there yet or not: the trash that an
    operation makes must not lie in what it moves there.
    """
    if in_trash(path):
        return _WITHIN
    for named in _folders(host):
        for own in (named, reach.realpath(named)):
            if lies_under(path, own):
                return _WITHIN
            if lies_under(own, path):
                return _ABOVE
    return _ABOVE if _holds_trash(path) else ""


def _folders(host: Host) -> tuple[str, ...]:
    """Return the current folders and the former ones, which keep a trash until it is empty."""
    both = own_folders(host), former_folders(host)
    named = (folder for each in both for folder in (each.state, each.data, each.cache))
    return tuple(dict.fromkeys(named))


def in_trash(path: str) -> bool:
    """Tell whether a path, by the names in it, is or lies in a trash outside the user's data."""
    return any(part == TRASH or part.startswith(f"{TRASH}-") for part in path.split(os.sep))


def _holds_trash(path: str) -> bool:
    """Look right below it; deeper ones are known to the journal."""
    names = [TRASH, *([f"{TRASH}-{os.getuid()}"] if hasattr(os, "getuid") else [])]
    return any(reach.isdir(os.path.join(path, name)) for name in names)
