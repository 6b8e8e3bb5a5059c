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
_TAG = "CACHEDIR.TAG"


def remove_derivable(path: str, wanted: int, *, everything: bool = False) -> int:
    """Remove files below `path` until `wanted` bytes are free, and return how many are.

    With `everything`, of what is half removed already, any file goes but those at its top.
    """
    freed, folders = 0, set()
    for file, size in find_derivable(path, everything=everything):
        with suppress(OSError):  # it may not be removed: the next one may
            os.unlink(file)
            freed += size
            folders.add(os.path.dirname(file))
        if freed >= wanted:
            break
    for folder in folders:
        sync_folder(folder)
    return freed


def find_derivable(path: str, *, everything: bool = False) -> Iterator[tuple[str, int]]:
    """Yield the files below `path` that are written again by themselves, and the bytes that each
    frees: byte code, then activation scripts. One with links elsewhere frees nothing."""
    for find in (_byte_code, _activation, *([_inner] if everything else [])):
        for file in find(path):
            with suppress(OSError):  # not there
                status = os.lstat(file)
                if status.st_nlink == 1:
                    yield file, getattr(status, "st_blocks", 8) * 512


def _byte_code(top: str) -> Iterator[str]:
    for folder, _, names in os.walk(top):
        if os.path.basename(folder) == _CACHE:
            yield from (os.path.join(folder, name) for name in names if name.endswith(".pyc"))


def _activation(top: str) -> Iterator[str]:
    for folder, folders, names in os.walk(top):
        if "pyvenv.cfg" in names:
            for scripts in _SCRIPTS.intersection(folders):
                yield from (os.path.join(folder, scripts, name) for name in sorted(ACTIVATION))
            yield os.path.join(folder, _TAG)
            folders.clear()


def _inner(top: str) -> Iterator[str]:
    for folder, _, names in os.walk(top):
        if folder != top:
            yield from (os.path.join(folder, name) for name in names)
