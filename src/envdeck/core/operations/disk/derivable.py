"""Freeing the first blocks on a full disk, out of what a person has asked to remove for good.

As long as the removal is not journalled the environment has to stay whole: only what Python and
the creators of environments write again by themselves goes.
"""

import os
from collections.abc import Iterator
from contextlib import suppress

from envdeck.core.inspection.creator_files import ACTIVATION
from envdeck.core.operations.disk.reserve import sync_folder

_CACHE = "__pycache__"
_SCRIPTS = frozenset({"bin", "Scripts"})


def remove_derivable(path: str, wanted: int, *, everything: bool = False) -> int:
    """Remove files below `path` until `wanted` bytes are free, and return how many are.

    Byte code goes first, then activation scripts; with `everything`, of what is half removed
    already, any file but those at its top. A file with links elsewhere frees nothing, and stays.
    """
    freed = 0
    for chosen in (_byte_code, _activation, *([_inner] if everything else [])):
        for folder, names in chosen(path):
            before = freed
            for name in names:
                freed += _unlink(os.path.join(folder, name))
                if freed >= wanted:
                    break
            if freed > before:
                sync_folder(folder)
            if freed >= wanted:
                return freed
    return freed


def _byte_code(top: str) -> Iterator[tuple[str, list[str]]]:
    for folder, _, names in os.walk(top):
        if os.path.basename(folder) == _CACHE:
            yield folder, [name for name in names if name.endswith(".pyc")]


def _activation(top: str) -> Iterator[tuple[str, list[str]]]:
    for folder, folders, names in os.walk(top):
        if "pyvenv.cfg" in names:
            for scripts in _SCRIPTS.intersection(folders):
                yield os.path.join(folder, scripts), sorted(ACTIVATION)
            folders.clear()


def _inner(top: str) -> Iterator[tuple[str, list[str]]]:
    for folder, _, names in os.walk(top):
        if folder != top:
            yield folder, names


def _unlink(path: str) -> int:
    with suppress(OSError):  # not there, or not to be removed: it frees nothing
        status = os.lstat(path)
        if status.st_nlink == 1:
            os.unlink(path)
            return getattr(status, "st_blocks", 8) * 512
    return 0
