"""What a project declares, by whichever manifests it has."""

import os

from envdeck.core import reach
from envdeck.core.project.model import Manifest
from envdeck.core.project.pipfile import read_pipfile
from envdeck.core.project.pyproject import read_pyproject
from envdeck.core.project.requirements_txt import read_requirements, requirements_files
from envdeck.core.project.setup_cfg import read_setup_cfg

_READERS = {
    "pyproject.toml": read_pyproject,
    "setup.cfg": read_setup_cfg,
    "Pipfile": read_pipfile,
}


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
