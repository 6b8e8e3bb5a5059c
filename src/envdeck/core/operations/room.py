"""Whether the disk has room for what is built beside what is there."""

import os

from envdeck.core.model import Refusal
from envdeck.core.operations.transaction import Ground

_SPARE_BYTES = 64 * 1024 * 1024
"""Room that is left free on the disk."""


def no_room(path: str, needs: int | None, ground: Ground) -> tuple[Refusal, ...]:
    """Return why the disk is too full for what is built for `path`, or nothing.

    `needs` are bytes, or None where only the resolver will tell: then a little has to be free.
    """
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return ()
    free, needed = ground.disk.free_bytes(folder), needs or 0
    if free >= needed + _SPARE_BYTES:
        return ()
    takes = f"it takes {needed:,} while both are there" if needs else "it takes some while it runs"
    return (
        Refusal(
            "no-room",
            f"the disk has {free:,} bytes free, and {takes}; {_SPARE_BYTES:,} are to stay free",
            hint="make room, for one with `envdeck trash purge`",
            path=path,
        ),
    )
