"""Where the dotenv files of a project are: its folder, and one level below it."""

import os
import stat
from dataclasses import dataclass, replace
from itertools import islice

from envdeck.core import reach
from envdeck.core.discovery.prune import NAMES
from envdeck.core.dotenv.model import FileKind
from envdeck.core.dotenv.naming import kind_of

_ENTRIES = 10_000
"""So many names of the project's folder are looked at."""
_ENTRIES_BELOW = 2_000
"""And so many of each folder in it."""
_FOLDERS = 200
"""So many folders of a project are looked into."""
_FILES = 100
"""So many dotenv files are reported of one project."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A dotenv file by its name, before it is read."""

    path: str
    kind: FileKind


@dataclass(frozen=True, slots=True)
class _Listing:
    files: tuple[FoundFile, ...] = ()
    folders: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()


def find_files(project: str, environment: str | None = None) -> tuple[FoundFile, ...]:
    """Return the dotenv files of a project: `.env` first, each folder's in the order of names.

    They are looked for in its folder and one level below (`docker`, `backend`, `config`), not in
    hidden folders, links to folders, other repositories, nor where packages lie; and at the top of
    its environments, where they are strays.
    """
    top = _listing(project)
    environments = list(dict.fromkeys([*top.environments, *([environment] if environment else [])]))
    found = list(top.files)
    for folder in top.folders[:_FOLDERS]:
        if len(found) >= _FILES:
            break
        below = _listing(folder, nested=True)
        found += below.files
    for folder in environments:
        found += _listing(folder).files
    strays = tuple(reach.realpath(folder) for folder in environments)
    unique: dict[str, FoundFile] = {}
    for file in found:
        unique.setdefault(_identity(file.path), _as_stray(file, strays))
    return tuple(unique.values())[:_FILES]


def _listing(folder: str, *, nested: bool = False) -> _Listing:
    """Return what matters in one folder; nothing of one that cannot be listed."""
    files: list[FoundFile] = []
    folders: list[str] = []
    environments: list[str] = []
    try:
        with reach.scandir(folder) as entries:
            for entry in islice(entries, _ENTRIES_BELOW if nested else _ENTRIES):
                kind = kind_of(entry.name)
                if kind is not None and not _is_other_folder(entry.path):
                    files.append(FoundFile(entry.path, kind))
                elif not nested and entry.is_dir(follow_symlinks=False):
                    if _is_environment(entry.path):
                        environments.append(entry.path)
                    elif _is_looked_into(entry):
                        folders.append(entry.path)
    except (OSError, ValueError):
        return _Listing()
    files.sort(key=lambda file: (os.path.basename(file.path) != ".env", file.path))
    return _Listing(tuple(files), tuple(sorted(folders)), tuple(sorted(environments)))


def _is_environment(folder: str) -> bool:
    return any(reach.lexists(os.path.join(folder, sign)) for sign in ("pyvenv.cfg", "conda-meta"))


def _is_looked_into(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or entry.name in NAMES:
        return False
    return not reach.lexists(os.path.join(entry.path, ".git"))


def _is_other_folder(path: str) -> bool:
    """Tell a folder that rightly has such a name: an environment, or one of settings. A folder
    called `.env` that is none stands where the file should be, and is reported."""
    try:
        if not stat.S_ISDIR(reach.lstat(path).st_mode):
            return False
    except (OSError, ValueError):
        return False
    return os.path.basename(path) != ".env" or _is_environment(path)


def _identity(path: str) -> str:
    """Return the path of the entry itself: with the links of its folder followed, not its own."""
    folder, name = os.path.split(path)
    return os.path.join(reach.realpath(folder), name)


def _as_stray(file: FoundFile, environments: tuple[str, ...]) -> FoundFile:
    folder = os.path.dirname(_identity(file.path))
    inside = any(
        folder == environment or folder.startswith(environment.rstrip(os.sep) + os.sep)
        for environment in environments
    )
    return replace(file, kind=FileKind.STRAY) if inside else file
