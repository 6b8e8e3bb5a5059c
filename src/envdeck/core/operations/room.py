"""Whether the disk has room for what is built beside what is there."""

import os

from envdeck.core.model import Refusal
from envdeck.core.operations.shortage import Lack, hint_for, shortage_of
from envdeck.core.operations.transaction import Ground

_SPARE_BYTES = 64 * 1024 * 1024
"""Room that is left free on the disk."""
_SPARE_FILES = 64


def no_room(path: str, needs: int | None, ground: Ground) -> tuple[Refusal, ...]:
    """Return why the disk is too full for what is built for `path`, or nothing.

    `needs` are bytes, or None where only the resolver will tell: then a little has to be free.
    """
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return ()
    files, lack = ground.disk.free_files(folder), Lack.INODES
    free, needed = ground.disk.free_bytes(folder), needs or 0
    if files is not None and files < _SPARE_FILES:
        why = f"the disk has {files:,} inodes free"
    elif free < needed + _SPARE_BYTES:
        lack, both = Lack.BLOCKS, f"it takes {needed:,} while both are there"
        takes = both if needs else "it takes some while it runs"
        why = f"the disk has {free:,} bytes free, and {takes}; {_SPARE_BYTES:,} are to stay free"
    else:
        return ()
    shortage = shortage_of(lack, folder, ground)
    return (Refusal("no-room", why, hint=hint_for(shortage, ground), path=path),)
