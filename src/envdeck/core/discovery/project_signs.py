"""What makes a folder a project."""

import os

from envdeck.core import reach

_MANIFESTS = (
    "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile",
    "environment.yml", "environment.yaml", "pixi.toml", "tox.ini", "noxfile.py", "manage.py",
)  # fmt: skip
"""Files that make a folder a Python project by themselves."""
_SIGNS = (".python-version", ".env")
"""Files that say so where nothing else does; `.env` may be an environment's folder."""
_SCAN = 2000
"""So many names of a folder are looked at for further signs."""


def is_project(folder: str) -> bool:
    """Tell whether a folder looks like a project: a manifest, a repository, `.python-version`,
    a `.env` file, any `requirements*.txt` or any Python file at the top.

    A few questions for names first, then one look at no more than 2,000 entries.
    """
    if has_manifest(folder) or any(reach.isfile(os.path.join(folder, name)) for name in _SIGNS):
        return True
    try:
        with reach.scandir(folder) as entries:
            return any(
                _is_python_file(entry) for _, entry in zip(range(_SCAN), entries, strict=False)
            )
    except (OSError, ValueError):
        return False


def has_manifest(folder: str, *, repository: bool = True) -> bool:
    """Tell whether a folder holds a project's manifest or, with `repository`, a `.git`."""
    if any(reach.isfile(os.path.join(folder, name)) for name in _MANIFESTS):
        return True
    return repository and reach.lexists(os.path.join(folder, ".git"))


def _is_python_file(entry: "os.DirEntry[str]") -> bool:
    name = entry.name
    if not (name.endswith(".py") or (name.startswith("requirements") and name.endswith(".txt"))):
        return False
    try:
        return entry.is_file()
    except OSError:  # a link in a loop
        return False
