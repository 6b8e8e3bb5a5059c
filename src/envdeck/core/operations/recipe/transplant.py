"""An editable install brought over file by file, where its project cannot be built again now."""

import os
import shutil

from envdeck.core.files import Unread
from envdeck.core.model import Environment
from envdeck.core.operations.recipe.pins import Pin
from envdeck.core.operations.recipe.records import record_of

_MOST = 1_000
"""Files; an editable install puts down a handful."""


def transplant(pin: Pin, before: Environment, after: Environment) -> str:
    """Copy what RECORD lists of an editable distribution from one environment into another.

    Both have the same minor version. Scripts come too, and still name the old environment's
    interpreter, which is right where the new one takes its place. Returns why it cannot be
    done, or nothing. Raises OSError when `after` cannot be written.
    """
    rows = record_of(pin.path)
    if isinstance(rows, Unread):
        return f"its RECORD cannot be read: {rows.reason}"
    if len(rows) > _MOST:
        return "it lists more files than an editable install has"
    site = os.path.dirname(pin.path)
    pairs = []
    for row in rows:
        source = os.path.normpath(os.path.join(site, row.path))
        if row.path.endswith(".pyc"):
            continue
        if not source.startswith(before.path + os.sep):
            return f"it lists a file outside of the environment: {row.path}"
        pairs.append((source, after.path + source[len(before.path) :]))
    for source, target in pairs:
        if not os.path.isfile(source):
            return f"a file of it is missing: {os.path.relpath(source, before.path)}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            shutil.copy2(source, target, follow_symlinks=False)
    return ""
