"""One look into one folder: the names in it that discovery cares for."""

import os
from typing import NamedTuple

from envdeck.core.discovery import markers

PROJECT_FILES = frozenset({"pyproject.toml", "Pipfile", ".python-version"})
"""Files that lead from a project to its environments: by the hash of the folder, or by name."""
_MARKS = markers.NAMES | PROJECT_FILES | {".venv"}

_REPARSE_POINT = 0x400  # FILE_ATTRIBUTE_REPARSE_POINT: junctions, which Windows calls folders


class Listing(NamedTuple):
    """What a folder holds, less everything that cannot matter. A plain tuple, for speed."""

    folders: tuple[str, ...]
    """Real folders in it, less those whose names are pruned."""
    marks: tuple[str, ...]
    """Names that make it a candidate, a project, or (a `.venv` file) a pointer."""
    links: tuple[str, ...]
    """Symbolic links, whatever they lead to."""


def list_folder(path: str, names: frozenset[str], *, windows: bool = False) -> Listing:
    """Read a folder once. `names` are folder names that are of no interest.

    Raises:
        OSError: it cannot be read, or is no longer there.
    """
    folders: list[str] = []
    marks: list[str] = []
    links: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            name = entry.name
            if name in _MARKS:
                marks.append(name)
            if entry.is_dir(follow_symlinks=False):
                if name not in names and not (windows and _is_junction(entry)):
                    folders.append(name)
            elif entry.is_symlink():
                links.append(name)
    return Listing(tuple(folders), tuple(marks), tuple(links))


def _is_junction(entry: "os.DirEntry[str]") -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return True  # what cannot be asked is not walked into
    return bool(getattr(status, "st_file_attributes", 0) & _REPARSE_POINT)
