"""The shared files of an environment, small enough to keep: columns, differences, zlib.

As they are counted (see :class:`envdeck.core.model.SharedFiles`) an environment linked from an
installer's cache takes 32 bytes a file, 280 KB for 80 packages; kept so, a tenth of it.
"""

import zlib
from array import array
from itertools import accumulate
from operator import sub

from envdeck.core.model import SharedFiles

_FIELDS = 4
_WORD = (1 << 64) - 1
_LIMIT = 64 * 1024 * 1024
"""Bytes; two million files, beyond what any environment has."""


def deflate(shared: SharedFiles) -> bytes:
    """Return the records packed; the device is kept beside them."""
    numbers = array("Q")
    numbers.frombytes(shared.packed)
    inodes = numbers[0::_FIELDS].tolist()
    steps = array("Q", [step & _WORD for step in map(sub, inodes, [0, *inodes[:-1]])])
    columns = (steps, *(numbers[field::_FIELDS] for field in range(1, _FIELDS)))
    return zlib.compress(b"".join(column.tobytes() for column in columns), 1)


def inflate(device: int, packed: bytes) -> SharedFiles | None:
    """Return what :func:`deflate` packed, or None where it is something else."""
    worker = zlib.decompressobj()
    try:
        data = worker.decompress(packed, _LIMIT)
        length = len(data) // _FIELDS
        if not worker.eof or len(data) % (8 * _FIELDS):
            return None
        steps = array("Q", data[:length])
        numbers = array("Q", bytes(len(data)))
        numbers[0::_FIELDS] = array("Q", [inode & _WORD for inode in accumulate(steps)])
        for field in range(1, _FIELDS):
            numbers[field::_FIELDS] = array("Q", data[field * length : (field + 1) * length])
    except zlib.error:
        return None
    return SharedFiles(device, numbers.tobytes())
