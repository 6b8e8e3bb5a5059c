"""RECORD as what can be compared: the rows that two installs of one wheel have in common."""

import hashlib
import os
import posixpath
import re
from collections.abc import Iterable

from envdeck.core.files import Unread
from envdeck.core.inspection.record import RecordRow, read_rows

MARKS = ("INSTALLER", "REQUESTED", "direct_url.json")
"""What an installer writes of itself into a metadata folder; no part of the package."""

MARKS_OF_UV = ("uv_cache.json", "uv_build.json")
"""What uv keeps of the file or folder that it installed from, and of how it built that."""

_OWN = frozenset({*MARKS, *MARKS_OF_UV, "RECORD", "RECORD.jws", "RECORD.p7s"})
COMPILED = (".pyc", ".pyo", "/__pycache__")
"""How what Python compiles ends; virtualenv lists the folders of it too."""

_SCRIPT = re.compile(r"(?:\.\./)+(?:bin|Scripts)/")


def record_of(path: str) -> tuple[RecordRow, ...] | Unread:
    """Return the rows of the distribution whose metadata folder is `path`, or why there are
    none."""
    if not path.endswith(".dist-info"):
        return Unread("is of a format without a RECORD")
    return read_rows(os.path.join(path, "RECORD"))


def comparable(rows: Iterable[RecordRow], info: str) -> frozenset[tuple[str, str]]:
    """Return path and hash of the rows that every install of one wheel has.

    Left out are compiled files, scripts (they hold the environment's path), and what the
    installer writes of itself into `info`, the name of the metadata folder. A row without a
    hash stands for its size.
    """
    return frozenset(
        (path, row.hash or str(row.size))
        for row in rows
        if not is_compiled(path := row.path.replace("\\", "/"), row.hash)
        and not _SCRIPT.match(path)
        and not is_own(path, info)
    )


def script_name(path: str) -> str | None:
    """Return what a script that a row is of is called; None where it is of something else."""
    path = path.replace("\\", "/")
    match = _SCRIPT.match(path)
    return None if match is None else path[match.end() :]


def is_compiled(path: str, digest: str) -> bool:
    """Tell whether a row is of what Python compiles by itself. A package may ship bytecode in
    place of sources: that lies outside of `__pycache__`, and has a hash."""
    return path.endswith(COMPILED) and (not digest or "__pycache__" in path)


def is_own(path: str, info: str) -> bool:
    """Tell whether a row is of what the installer writes of itself: in the metadata folder, or
    the mark that virtualenv puts beside it for what it seeded."""
    folder, _, name = path.rpartition("/")
    if not folder:
        return name == info.removesuffix(".dist-info") + ".virtualenv"
    return folder == info and name in _OWN


def rows_digest(rows: Iterable[RecordRow], info: str) -> str:
    """Return the SHA-256 over the comparable rows; equal for two installs of one wheel."""
    digest = hashlib.sha256()
    for path, value in sorted(comparable(rows, info)):
        digest.update(f"{path}\0{value}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def place_of(row: str, folder: str, environment: str) -> str | None:
    """Return where a row's file is, relative to the environment and with `/`; None outside it.

    `folder` is the package folder, by which rows are told.
    """
    path = os.path.normpath(os.path.join(folder, row))
    inside = environment.rstrip(os.sep) + os.sep
    if "\0" in row or not path.startswith(inside):
        return None
    return path[len(inside) :].replace(os.sep, posixpath.sep)
