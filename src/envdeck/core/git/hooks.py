"""Where the hooks of a repository are, told without running git."""

import os

from envdeck.core import reach
from envdeck.core.files import Unread, read_bounded
from envdeck.core.git.config import settings
from envdeck.core.git.folders import find_repository, git_folders
from envdeck.core.host import Host

_LIMIT = 256 * 1024


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
    named = "" if host is None else _of_person(host)
    named = own.get("core.hookspath", named)
    if own.get("extensions.worktreeconfig", "").lower() in {"true", "yes", "on", "1"}:
        of_worktree = _settings(os.path.join(folders.own, "config.worktree"))
        named = of_worktree.get("core.hookspath", named)
    if not named:
        return os.path.join(folders.common, "hooks")
    if named == "~" or named.startswith("~/"):
        named = host.expand(named) if host is not None else named
    return os.path.normpath(os.path.join(repository, named))


def _of_person(host: Host) -> str:
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
    data = read_bounded(file, _LIMIT)
    return {} if isinstance(data, Unread) else settings(os.fsdecode(data))
