"""A second tree of the same files: folders are made, files are linked."""

import os
import shutil
import stat
from collections.abc import Callable

_COPIED = (".pth", ".cfg", ".json", ".egg-link")
"""Endings of small files that people and tools edit in place: a link would be edited with them."""
_EVERY = 512
"""Files between two words on how far it is."""


def link_tree(source: str, target: str, tell: Callable[[int, int], None]) -> None:
    """Fill the existing folder `target` with what is in `source`.

    Symbolic links stay what they are. What is in `bin` or `Scripts`, at the top (`pyvenv.cfg`, and
    uv's `.lock`, which would be one lock for both), and what people edit, is copied; so is every
    file where the file system has no hard links, or no more of them. Folders keep their modes and
    times. Sockets and pipes are passed over: they belong to a process.
    """
    done = size = 0
    folders = [(source, target, 0)]
    made: list[tuple[str, str]] = []
    while folders:
        here, there, depth = folders.pop()
        made.append((here, there))
        copied = os.path.basename(here) in {"bin", "Scripts"} and depth == 1
        with os.scandir(here) as entries:
            for entry in entries:
                path = os.path.join(there, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    os.mkdir(path, 0o700)
                    folders.append((entry.path, path, depth + 1))
                    continue
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), path)
                elif entry.is_file(follow_symlinks=False):
                    alone = copied or depth == 0 or entry.name.endswith(_COPIED)
                    size += _put(entry.path, path, alone)
                done += 1
                if done % _EVERY == 0:
                    tell(done, size)
    for here, there in reversed(made):  # inner ones first, or filling them changes the times
        shutil.copystat(here, there)
    tell(done, size)


def _put(source: str, target: str, copied: bool) -> int:  # noqa: FBT001 - told by its name
    """Link or copy one file, and return the bytes that were copied."""
    if not copied:
        try:
            os.link(source, target, follow_symlinks=False)
        except (OSError, NotImplementedError):  # no links here, too many, or not allowed
            pass
        else:
            return 0
    status = os.lstat(source)
    if not stat.S_ISREG(status.st_mode):
        return 0
    shutil.copyfile(source, target, follow_symlinks=False)
    shutil.copystat(source, target, follow_symlinks=False)
    return status.st_size
