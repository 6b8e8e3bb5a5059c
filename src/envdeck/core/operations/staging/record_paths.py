"""RECORDs of a copy that name files outside of it: kept from an installer while it works there.

An installer that removes a package deletes what its RECORD names. A row with an absolute path, as
poetry writes them for the project itself, or with enough `..`, leads from a copy back into the
original, or to somewhere else. In the copy such rows are made relative, or are left out where they
lead out of the environment; when the copy is finished, each RECORD that nobody rewrote meanwhile is
again what it was.
"""

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Mapping

from envdeck.core.inspection.packages.record import RECORD_LIMIT, RecordRow, rows
from envdeck.core.inspection.packages.site_packages import list_names
from envdeck.core.model import Environment
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.paths import lies_under

Write = Callable[[str, bytes], None]
"""Replaces a file as a whole."""
_LEADS_OUT = re.compile(rb'^"?(?:[/\\]|[A-Za-z]:|\.\.)', re.MULTILINE)


def confine_records(
    environment: Environment, copy: str, write: Write
) -> Mapping[str, tuple[bytes, bytes]]:
    """Have the RECORDs in the copy of an environment name nothing outside of the copy.

    Returns, by the path of each RECORD that was changed, what it was and what it is now. Raises
    `OSError` where one cannot be written.
    """
    changed = {}
    for listed in list_names(environment.site_packages):
        inner = os.path.relpath(listed.path, environment.path)
        if inner.startswith(os.pardir):
            continue
        path = os.path.join(copy, inner, "RECORD")
        data = read_bounded(path, RECORD_LIMIT)
        if isinstance(data, Unread) or not _LEADS_OUT.search(data):
            continue
        confined = _confine(data, os.path.dirname(listed.path), environment.path)
        if confined is not None:
            write(path, confined)
            changed[path] = (data, confined)
    return changed


def restore_records(changed: Mapping[str, tuple[bytes, bytes]], write: Write) -> None:
    """Have each RECORD be what it was that nobody rewrote or removed. Raises `OSError`."""
    for path, (before, confined) in changed.items():
        if read_bounded(path, RECORD_LIMIT) == confined:
            write(path, before)


def _confine(data: bytes, folder: str, environment: str) -> bytes | None:
    """Return a RECORD whose rows stay within the environment; None where they all do."""
    roots = (os.path.normpath(environment), os.path.realpath(environment))
    kept: list[RecordRow] = []
    is_changed = False
    for row in rows(data):
        path = _inner_path(row.path, folder, roots)
        is_changed = is_changed or path != row.path
        if path is not None:
            kept.append(row._replace(path=path))
    return _text(kept) if is_changed else None


def _inner_path(path: str, folder: str, roots: Iterable[str]) -> str | None:
    """Return the path of a row relative to the package folder; None where it leads out."""
    full = os.path.normpath(os.path.join(folder, path))
    for root in roots:
        if lies_under(full, root):
            if not os.path.isabs(path):
                return path
            base = folder if lies_under(folder, root) else os.path.realpath(folder)
            return os.path.relpath(full, base).replace(os.sep, "/")
    return None


def _text(kept: Iterable[RecordRow]) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    for row in kept:
        writer.writerow((row.path, row.hash, "" if row.size is None else row.size))
    return written.getvalue().encode("utf-8", "surrogateescape")
