"""The lock files of a project, found and read by their names."""

import os
import re
from collections.abc import Callable

from envdeck.core.project.declared import requirements_files
from envdeck.core.project.model import Lock
from envdeck.core.project.pdm_lock import read_pdm_lock
from envdeck.core.project.pinned_requirements import lock_of
from envdeck.core.project.pipfile_lock import read_pipfile_lock
from envdeck.core.project.poetry_lock import read_poetry_lock
from envdeck.core.project.pylock import read_pylock
from envdeck.core.project.requirements_txt import read_requirements
from envdeck.core.project.uv_lock import read_uv_lock

_READERS: dict[str, Callable[[str], Lock]] = {
    "uv.lock": read_uv_lock,
    "pylock.toml": read_pylock,
    "poetry.lock": read_poetry_lock,
    "pdm.lock": read_pdm_lock,
    "Pipfile.lock": read_pipfile_lock,
}
LOCK_FILES = tuple(_READERS)
"""Names of lock files, in the order in which one goes before another."""

_PYLOCK = re.compile(r"pylock\.[^.]+\.toml\Z")
_SCAN = 5000


def find_locks(folder: str) -> tuple[str, ...]:
    """Return the lock files in a folder (pinned requirements are not told by their name)."""
    named = [os.path.join(folder, name) for name in LOCK_FILES]
    try:
        with os.scandir(folder) as entries:
            names = [one.name for _, one in zip(range(_SCAN), entries, strict=False)]
    except (OSError, ValueError):
        names = []
    more = [os.path.join(folder, name) for name in sorted(names) if _PYLOCK.match(name)]
    return tuple(path for path in (*named, *more) if os.path.isfile(path))


def read_lock(path: str) -> Lock | None:
    """Read one lock file by its name; None for what is none, which a requirements file is
    where it leaves anything open."""
    name = os.path.basename(path)
    reader = read_pylock if _PYLOCK.match(name) else _READERS.get(name)
    return lock_of(read_requirements(path)) if reader is None else reader(path)


def read_locks(folder: str) -> tuple[Lock, ...]:
    """Return every lock file of a project, and its requirements files in which all is pinned
    (with hashes); those that cannot be read are there with their problems."""
    found = [lock for path in find_locks(folder) if (lock := read_lock(path)) is not None]
    for path in requirements_files(folder):
        lock = read_lock(path)
        if lock is not None and all(one.hashes or one.kind != "index" for one in lock.packages):
            found.append(lock)
    return tuple(found)
