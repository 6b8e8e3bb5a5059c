"""What a project declares, by whichever manifests it has."""

import os
import re

from envdeck.core import reach
from envdeck.core.project.model import Manifest
from envdeck.core.project.pipfile import read_pipfile
from envdeck.core.project.pyproject import read_pyproject
from envdeck.core.project.requirements_txt import read_requirements
from envdeck.core.project.setup_cfg import read_setup_cfg

_READERS = {
    "pyproject.toml": read_pyproject,
    "setup.cfg": read_setup_cfg,
    "Pipfile": read_pipfile,
}
PLAIN_LABELS = ("requirements", "base", "main")
"""What requirements files are called that hold the project's own dependencies."""

_WORD = re.compile(r"^requirements[._-]?|[._-]?requirements$")
_SCAN = 5000
"""So many names of a folder are looked at."""


def read_manifest(path: str) -> Manifest:
    """Read one file, by its name; what has no name of its own is read as requirements."""
    return _READERS.get(os.path.basename(path), read_requirements)(path)


def read_declared(folder: str) -> tuple[Manifest, ...]:
    """Return the manifests of a project that say anything (or cannot be read), in the order in
    which one goes before another: `pyproject.toml`, `setup.cfg`, `Pipfile`, `requirements*.txt`
    and what they are compiled of (`.in`), the plain name first."""
    found = [read_manifest(path) for path in manifest_files(folder)]
    return tuple(one for one in found if one.requirements or one.builds or one.problems)


def manifest_files(folder: str) -> tuple[str, ...]:
    """Return the manifests in a folder, whatever they hold; also what cannot be read as one (a
    pipe, a link to nothing), since a project that has it does not declare nothing."""
    named = [os.path.join(folder, name) for name in _READERS]
    found = (*named, *requirements_files(folder))
    return tuple(path for path in found if reach.lexists(path) and not reach.isdir(path))


def requirements_files(folder: str) -> tuple[str, ...]:
    """Return `requirements*.txt` and `.in` in a folder, and those in its folder `requirements`."""
    found: list[str] = []
    for place, starts in ((folder, "requirements"), (os.path.join(folder, "requirements"), "")):
        try:
            with reach.scandir(place) as entries:
                names = [one.name for _, one in zip(range(_SCAN), entries, strict=False)]
        except (OSError, ValueError):
            continue
        wanted = [
            name for name in names if name.startswith(starts) and name.endswith((".txt", ".in"))
        ]
        found += [os.path.join(place, name) for name in sorted(wanted, key=_plain_first)]
    return tuple(found)


def requirements_label(path: str) -> str:
    """Return what a requirements file is for, by its name: `dev` of `requirements-dev.txt` and
    of `requirements/dev.txt`, `requirements` of the plain one."""
    stem = os.path.splitext(os.path.basename(path))[0].lower()
    return _WORD.sub("", stem) or stem


def _plain_first(name: str) -> tuple[bool, str]:
    return os.path.splitext(name)[0] not in PLAIN_LABELS, name
