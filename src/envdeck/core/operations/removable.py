"""Whether a tree can be removed as a whole, looked at before any of it is."""

import os
import stat

from envdeck.core.host import Host
from envdeck.core.mounts import read_mounts
from envdeck.core.operations.disk import NotOneDiskError
from envdeck.core.paths import lies_under


def mounted_in(path: str, host: Host) -> str:
    """Return a place at or below `path` where something is mounted; empty where nothing is."""
    real = os.path.realpath(path)
    return next((one.point for one in read_mounts(host) if lies_under(one.point, real)), "")


def check_removable(path: str, host: Host) -> None:
    """Raise `OSError` where a part of a tree could not be removed: what is mounted in it, and
    what is in another user's folder that we may not write to."""
    if point := mounted_in(path, host):
        raise NotOneDiskError(18, "something is mounted in it", point)
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    for folder, names in _folders(path) if user else ():
        status = os.lstat(folder)
        is_ours = status.st_uid == user
        if names and not is_ours and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "permission denied", folder)
        if names and not is_ours and status.st_mode & stat.S_ISVTX:
            for name in names:
                if os.lstat(os.path.join(folder, name)).st_uid != user:
                    raise PermissionError(1, "operation not permitted", os.path.join(folder, name))


def count_entries(path: str) -> int:
    """Return how many files and folders are below a path, as far as it can be looked into."""
    return sum(len(names) for _, names in _folders(path))


def _folders(path: str) -> list[tuple[str, list[str]]]:
    """Return the folders at and below a path, and the names in each; those that cannot be looked
    into (our own may be made so) without any."""
    found, pending = [], [path]
    while pending:
        folder = pending.pop()
        names: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    names.append(entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except PermissionError:
            if os.lstat(folder).st_uid != os.geteuid():
                names = ["?"]  # it may be empty, and then goes with what it is in
        except (FileNotFoundError, NotADirectoryError):
            continue
        found.append((folder, names))
    return found
