"""What files hold, by their hash: each content is read once, under however many names it lies.

An installer that links from its cache puts the very same files into the new environment that are
in the old one: what was read there need not be read again.
"""

import base64
import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import TypeAlias

from envdeck.core import reach
from envdeck.core.files import Unread, reason_of

_PART = 1024 * 1024
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KNOWN = hashlib.algorithms_guaranteed - {"shake_128", "shake_256"}

Inode: TypeAlias = tuple[int, int]
"""A device and a file on it."""
_Key: TypeAlias = tuple[int, int, int, int]


@dataclass(slots=True)
class Contents:
    """Hashes that were taken, by device, inode, length and time of change."""

    read_bytes: int = 0
    """How much was read so far."""
    presumed: dict[Inode, str] = field(default_factory=dict)
    """Of files of the old environment that have other names too: the hash that RECORD gives them.
    Where the new one has the very same file, nothing differs, and it is not read."""
    met: set[Inode] = field(default_factory=set)
    """Those of them that the new one has too."""
    _taken: dict[tuple[_Key, str], str] = field(default_factory=dict)

    def agrees(self, path: str, status: os.stat_result, expected: str) -> bool | Unread:
        """Tell whether a file holds what a row of RECORD says: `sha256=` and the digest. A kind of
        hash that is not known agrees, since nothing speaks against it."""
        algorithm, _, digest = expected.partition("=")
        if algorithm not in _KNOWN:
            return True
        found = self.digest(path, status, algorithm)
        return found if isinstance(found, Unread) else found == digest.rstrip("=")

    def digest(self, path: str, status: os.stat_result, algorithm: str) -> str | Unread:
        """Return the digest of a file, in URL-safe base 64 without padding; `status` is that of
        its content (links followed)."""
        key = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        found = self._taken.get((key, algorithm))
        if found is None:
            taken = _hashed(path, status.st_size, algorithm)
            if isinstance(taken, Unread):
                return taken
            self.read_bytes += status.st_size
            found = self._taken[key, algorithm] = taken
        return found


def _hashed(path: str, size: int, algorithm: str) -> str | Unread:
    """Hash a regular file; one that grows while it is read is read no further than one byte more
    than it had, and so is another one."""
    try:
        descriptor = reach.open_file(path, _FLAGS)
    except (OSError, ValueError) as error:
        return Unread(reason_of(error))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return Unread("is not a regular file")
        digest = hashlib.new(algorithm)
        left = size + 1
        while left > 0 and (part := os.read(descriptor, min(left, _PART))):
            digest.update(part)
            left -= len(part)
    except OSError as error:
        return Unread(reason_of(error))
    finally:
        os.close(descriptor)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
