"""Where a repository keeps what: read from its files, without git."""

import os
from dataclasses import dataclass

from envdeck.core import reach
from envdeck.core.files import Unread, decode_path, read_bounded, read_text
from envdeck.core.git.config import settings

_LIMIT = 8 * 1024
"""Bytes; a `.git` file has one line with a path."""
_CONFIG_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class GitFolders:
    """The folders behind one working tree."""

    own: str
    """What `.git` is or leads to: of a linked worktree or a submodule, not below it."""
    common: str
    """What all worktrees of a repository share (configuration, hooks): else the same."""


def find_repository(folder: str) -> str | None:
    """Return the working tree that a folder lies in, by a `.git` in it or above; None without."""
    while True:
        if reach.lexists(os.path.join(folder, ".git")):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def git_folders(repository: str) -> GitFolders | None:
    """Return the folders behind a working tree; None where its `.git` leads to none.

    A `.git` that is a file (`gitdir: PATH`) is that of a linked worktree, whose `commondir` names
    the shared folder, or of a submodule.
    """
    own = os.path.join(repository, ".git")
    if not reach.isdir(own):
        named = _path_in(own, prefix=b"gitdir:")
        if named is None:
            return None
        own = os.path.normpath(os.path.join(repository, named))
    if not reach.isdir(own):
        return None
    shared = _path_in(os.path.join(own, "commondir"))
    common = os.path.normpath(os.path.join(own, shared)) if shared else own
    return GitFolders(own, common)


def disk_obstacle(repository: str) -> str:
    """Say why git is not asked about a repository a part of which is on a network disk; empty
    where none is. git follows what `.git`, `commondir` and `alternates` name by itself."""
    own = os.path.join(repository, ".git")
    named = _path_in(own, prefix=b"gitdir:") if reach.isfile(own) else None
    if why := reach.obstacle(os.path.join(repository, named) if named else own):
        return why
    folders = git_folders(repository)
    if folders is None:
        return ""
    objects = os.path.join(folders.common, "objects")
    text = read_text(os.path.join(objects, "info", "alternates"), _CONFIG_LIMIT)
    others = () if isinstance(text, Unread) else text.splitlines()
    places = (folders.common, objects, *(os.path.join(objects, line) for line in others if line))
    return next((why for place in places if (why := reach.obstacle(place))), "")


def names_other_tree(repository: str) -> bool:
    """Tell whether a repository's own configuration puts its working tree elsewhere
    (`core.worktree`): what git says of the files here is then not about them."""
    folders = git_folders(repository)
    if folders is None or folders.own != folders.common:  # of a linked worktree it does not hold
        return False
    text = read_text(os.path.join(folders.common, "config"), _CONFIG_LIMIT)
    named = "" if isinstance(text, Unread) else settings(text).get("core.worktree", "")
    tree = reach.realpath(os.path.join(folders.own, named))
    return bool(named) and tree != reach.realpath(repository)


def _path_in(file: str, prefix: bytes = b"") -> str | None:
    data = read_bounded(file, _LIMIT)
    if isinstance(data, Unread) or not data.startswith(prefix) or b"\0" in data:
        return None
    return decode_path(data.removeprefix(prefix).strip(b" \t\r\n")) or None
