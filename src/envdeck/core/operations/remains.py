"""What is said of an item that could not be removed as a whole: what is left, why, what helps."""

import os
import shlex

from envdeck.core.files import reason_of
from envdeck.core.host import Host
from envdeck.core.operations.disk import NotOneDiskError, RemainderError
from envdeck.core.operations.disk.flags import immutable_part, unlock_command


def describe_remains(error: OSError, folder: str, host: Host) -> str:
    """Return which part of an item could not be removed, and why; `folder` is the item's."""
    if not isinstance(error, RemainderError):
        named = f": {error.filename}" if isinstance(error.filename, str) else ""
        return f"{reason_of(error)}{named}"
    what = os.path.relpath(error.path, folder)
    part = immutable_part(error.path, host)
    flag = ""
    if part:
        flag = " (immutable)" if part == error.path else " (its folder is immutable)"
    more = f", and {error.count - 1:,} more" if error.count > 1 else ""
    return f"{what} cannot be removed: {reason_of(error)}{flag}{more}"


def suggest_purge(error: OSError, folder: str, identifier: str, host: Host) -> str:
    """Return what a person can do so that the rest is removed."""
    if isinstance(error, NotOneDiskError):
        return "see what is mounted there, and unmount it"
    again = f"`envdeck trash purge {identifier}`"
    if isinstance(error, RemainderError) and (part := immutable_part(error.path, host)):
        deep = error.count > 1
        command = unlock_command(folder if deep else part, host, deep=deep)
        return f"`{shlex.join(command)}` as root, then {again}"
    return f"{again} tries again"
