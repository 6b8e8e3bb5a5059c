"""Windows: a rename never replaces by itself, and folders cannot be opened to be synced."""

import os
import stat
import time
from collections.abc import Callable

from envdeck.core.operations.disk.disk import Disk

_BUSY = frozenset({5, 32, 33})
"""ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION."""
_TRIES = 6


class WindowsDisk(Disk):
    """Folders are exchanged in two journalled renames; scanners that hold a file are waited for."""

    def move(self, source: str, target: str) -> None:
        """Rename; `os.rename` raises `FileExistsError` here where the target is taken."""
        _patiently(lambda: os.rename(source, target))

    def settle_tree(self, path: str) -> None:
        """Nothing: there is no way to flush a tree, and files are written through."""
        del path

    def remove_file(self, path: str) -> None:
        """Remove a file or a link, read-only ones too."""
        try:
            os.unlink(path)
        except FileNotFoundError:
            return
        except PermissionError:
            os.chmod(path, stat.S_IWRITE)
            os.unlink(path)

    def _keep_entry(self, path: str) -> None:
        del path


def _patiently(call: Callable[[], None]) -> None:
    """Call again for a second while another program holds a file, as virus scanners do."""
    for attempt in range(_TRIES):
        try:
            call()
        except PermissionError as error:
            if attempt == _TRIES - 1 or getattr(error, "winerror", None) not in _BUSY:
                raise
            time.sleep(0.05 * 2**attempt)
        else:
            return
