"""Where a repository keeps what, its plain settings and hooks, without running git."""

import os
import re

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode_path, read_bounded, read_text
from envdeck.core.system.host import Host

_SECTION = re.compile(r"\s*\[\s*([A-Za-z0-9.-]+)\s*(?:\"((?:\\.|[^\"\\])*)\")?\s*\]")
_SETTING = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=(.*)|([#;].*)?\Z)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


def settings(text: str) -> dict[str, str]:
    """Return settings by their full names (`core.hookspath`, in lower case but for a subsection);
    of one that is set again the last. A line that is none is passed over."""
    found: dict[str, str] = {}
    section = ""
    for line in _joined(text.removeprefix("\ufeff")):
        head = _SECTION.match(line)
        if head:
            section = head[1].lower() + (f".{head[2]}" if head[2] is not None else "")
            line = line[head.end() :]
        setting = _SETTING.match(line)
        if setting and section:
            value = "true" if setting[2] is None else _unquoted(setting[2])
            found[f"{section}.{setting[1].lower()}"] = value
    return found


def _joined(text: str) -> list[str]:
    """Return the lines, one that ends with a backslash joined with the next."""
    lines: list[str] = []
    open_ended = False
    for line in text.splitlines():
        if open_ended:
            lines[-1] += line
        else:
            lines.append(line)
        slashes = len(line) - len(line.rstrip("\\"))
        open_ended = slashes % 2 == 1
        if open_ended:
            lines[-1] = lines[-1][:-1]
    return lines


def _unquoted(value: str) -> str:
    """Return a value without its quotes, escapes, comment, and the blanks around it."""
    kept: list[str] = []
    length = 0
    quoted = escaped = False
    for letter in value.strip():
        if escaped:
            kept.append(_ESCAPES.get(letter, letter))
            escaped = False
        elif letter == "\\":
            escaped = True
            continue
        elif letter == '"':
            quoted = not quoted
        elif letter in "#;" and not quoted:
            break
        else:
            kept.append(letter)
        if quoted or not letter.isspace():
            length = len(kept)
    return "".join(kept[:length])


_FOLDERS_LIMIT = 8 * 1024
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
    """Return the working tree that a folder is in, by a `.git` in it or above; None without."""
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
    data = read_bounded(file, _FOLDERS_LIMIT)
    if isinstance(data, Unread) or not data.startswith(prefix) or b"\0" in data:
        return None
    return decode_path(data.removeprefix(prefix).strip(b" \t\r\n")) or None


_HOOKS_LIMIT = 256 * 1024


def hooks_folder(project: str, host: Host | None = None) -> str | None:
    """Return the folder that git runs the hooks of a project from; None outside repositories.

    It is `core.hooksPath`, of the repository's configuration or, with a host, of the person's and
    the system's; else `hooks` in what all its worktrees share. `include` is not followed. The
    folder need not be there.
    """
    repository = find_repository(reach.realpath(project))
    folders = git_folders(repository) if repository is not None else None
    if repository is None or folders is None:
        return None
    own = _settings(os.path.join(folders.common, "config"))
    named = "" if host is None else _user_configuration(host)
    named = own.get("core.hookspath", named)
    if own.get("extensions.worktreeconfig", "").lower() in {"true", "yes", "on", "1"}:
        of_worktree = _settings(os.path.join(folders.own, "config.worktree"))
        named = of_worktree.get("core.hookspath", named)
    if not named:
        return os.path.join(folders.common, "hooks")
    if named == "~" or named.startswith("~/"):
        named = host.expand(named) if host is not None else named
    return os.path.normpath(os.path.join(repository, named))


def _user_configuration(host: Host) -> str:
    """Return what the system's and the person's own configuration say, the last one winning."""
    config = host.folder("XDG_CONFIG_HOME") or host.at_home(".config")
    files = (
        host.system("etc", "gitconfig"),
        os.path.join(config, "git", "config"),
        host.at_home(".gitconfig"),
    )
    named = ""
    for file in files:
        named = _settings(file).get("core.hookspath", named)
    return named


def _settings(file: str) -> dict[str, str]:
    data = read_bounded(file, _HOOKS_LIMIT)
    return {} if isinstance(data, Unread) else settings(os.fsdecode(data))
