"""INSTALLER, REQUESTED and `direct_url.json`: set as they were, with their lines in RECORD."""

import base64
import hashlib
import os
import stat

from envdeck.core.files import Unread, is_missing, read_bounded, temporary_name
from envdeck.core.inspection.direct_url import DIRECT_URL_LIMIT
from envdeck.core.inspection.record import RECORD_LIMIT
from envdeck.core.model import Environment
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.pins import Pin, Recipe
from envdeck.core.operations.recipe.records import MARKS, MARKS_OF_UV

_ALL = (*MARKS, *MARKS_OF_UV)
_OF_ONE_VERSION = frozenset({"direct_url.json", *MARKS_OF_UV})


def set_marks(recipe: Recipe, after: Environment) -> tuple[str, ...]:
    """Make the marks of every distribution in `after` those it has in the recipe, so that who
    reads it next finds the same; return the names of those that were changed.

    The old metadata folders are read again. Where the version is another one, the origin is
    left as it was installed now. Raises OSError when `after` cannot be written.
    """
    there = {pin.name: pin for pin in freeze(after, quick=True).installed}
    return tuple(
        pin.name
        for pin in recipe.installed
        if (new := there.get(pin.name)) is not None and _set(pin, new)
    )


def _set(old: Pin, new: Pin) -> bool:
    if not (old.path.endswith(".dist-info") and new.path.endswith(".dist-info")):
        return False
    changed: dict[str, bytes | None] = {}
    for name in _ALL:
        if name in _OF_ONE_VERSION and old.version != new.version:
            continue
        before, now = _content(old.path, name), _content(new.path, name)
        if before != now and not isinstance(before, Unread):
            changed[name] = before
    if not changed:
        return False
    for name, data in changed.items():
        path = os.path.join(new.path, name)
        if data is None:
            os.unlink(path)
        else:
            _write(path, data)
    _set_rows(new.path, changed)
    return True


def _content(folder: str, name: str) -> bytes | Unread | None:
    """Return what a mark holds; None where there is none."""
    path = os.path.join(folder, name)
    data = read_bounded(path, DIRECT_URL_LIMIT)
    return None if isinstance(data, Unread) and is_missing(path) else data


def _set_rows(folder: str, changed: dict[str, bytes | None]) -> None:
    """Have RECORD tell of the marks as they are now; its other lines stay as they are."""
    path = os.path.join(folder, "RECORD")
    record = read_bounded(path, RECORD_LIMIT)
    if isinstance(record, Unread):
        return
    info = os.fsencode(os.path.basename(folder))
    starts = tuple(info + b"/" + name.encode() + b"," for name in changed)
    lines = [line for line in record.splitlines(keepends=True) if not line.startswith(starts)]
    end = b"\r\n" if record.endswith(b"\r\n") else b"\n"
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines[-1] += end
    for name, data in changed.items():
        if data is not None:
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
            line = b"%s/%s,sha256=%s,%d" % (info, name.encode(), digest, len(data))
            lines.append(line + end)
    _write(path, b"".join(lines))


def _write(path: str, data: bytes) -> None:
    """Put a file in the place of another, which may be linked from elsewhere: a cache, a snapshot.

    It is not made to last on its own: a new environment is, as a whole, before it is used.
    """
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        mode = 0o644
    partial = temporary_name(path)
    try:
        descriptor = os.open(
            partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600
        )
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(partial, mode)
        os.replace(partial, path)
    except OSError:
        if os.path.lexists(partial):
            os.unlink(partial)
        raise
