"""Carrying a repair out, on a staged copy of the environment."""

import os
import shutil
from collections.abc import Callable

from envdeck.core.operations.upgrading.repair import Repair

_NEW = ".envdeck-new"


def apply_repair(folder: str, repair: Repair, write: Callable[[str, bytes], None]) -> None:
    """Carry a repair out in the staged copy at `folder`.

    The files of the copy are hard links to the original's: each is replaced by a new one, and
    none is written into. `write` does so for a whole file. Raises OSError, and leaves the copy
    half done then: it is staged, and is thrown away.
    """
    for link in repair.links:
        path = os.path.join(folder, link.path)
        _clear(path + _NEW)
        os.symlink(link.after, path + _NEW)
        os.replace(path + _NEW, path)
    for copy in repair.copies:
        path = os.path.join(folder, copy.path)
        _clear(path + _NEW)
        shutil.copyfile(copy.source, path + _NEW)
        shutil.copymode(copy.source, path + _NEW)
        os.replace(path + _NEW, path)
    write(os.path.join(folder, "pyvenv.cfg"), repair.cfg)


def _clear(path: str) -> None:
    """Remove what an earlier attempt left."""
    if os.path.lexists(path):
        os.unlink(path)
