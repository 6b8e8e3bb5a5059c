"""An editable install that left no `direct_url.json`: its project by the files it put down."""

import os
import re
from collections.abc import Iterator

from envdeck.core.discovery.project_signs import has_manifest
from envdeck.core.files import Unread, decode_path, read_bounded
from envdeck.core.inspection.record import RECORD_LIMIT, rows

_LIMIT = 64 * 1024
"""Bytes of a `.pth` or a finder."""
_CLIMB = 3
"""So many levels above the sources their project may be: `project/src/package`."""
_MAPPING = re.compile(rb"^MAPPING\b[^=\n]*=[ ]*\{(.*)\}", re.MULTILINE)
_VALUE = re.compile(r"""['"]: (?:'((?:\\.|[^\\'])*)'|"((?:\\.|[^\\"])*)")""")


def project_of(info: str) -> str | None:
    """Return the project that a distribution is installed from in place, by the `__editable__`
    files of its RECORD; None where it has none. `info` is its metadata folder.

    Sources that no project is found for are returned as they are named: where they are gone,
    that is what a person has to be told.
    """
    folder = os.path.dirname(info)
    record = read_bounded(os.path.join(info, "RECORD"), RECORD_LIMIT)
    if isinstance(record, Unread) or b"__editable__" not in record:
        return None
    first = None
    for row in rows(record):
        name = row.path
        if "/" in name or not name.startswith("__editable__"):
            continue
        if name.endswith((".pth", "_finder.py")):
            data = read_bounded(os.path.join(folder, name), _LIMIT)
            if isinstance(data, Unread):
                continue
            for path in _sources(name, data):
                if not os.path.isabs(path) or "\0" in path:
                    continue
                project = _project_above(path)
                if project is not None:
                    return project
                first = first or os.path.normpath(path)
    return first


def _sources(name: str, data: bytes) -> Iterator[str]:
    if name.endswith(".pth"):
        yield from (line.strip() for line in decode_path(data).splitlines()[:50])
    elif match := _MAPPING.search(data):
        for value in _VALUE.finditer(decode_path(match[1])):
            yield re.sub(r"\\(.)", r"\1", value[1] or value[2] or "")


def _project_above(path: str) -> str | None:
    path = os.path.normpath(path)
    for climbed in range(_CLIMB):
        if has_manifest(path, repository=climbed == 0):
            return path
        path = os.path.dirname(path)
    return None
