"""A project read whole, from whichever manifests it has."""

import os

from envdeck.core.discovery.managers import lock_manager
from envdeck.core.project.locks.find import read_lock, read_locks
from envdeck.core.project.manifests.others import read_environment_yml, read_setup_cfg
from envdeck.core.project.manifests.pipfile import read_pipfile
from envdeck.core.project.manifests.pyproject import read_pyproject
from envdeck.core.project.manifests.requirements_txt import read_requirements, requirements_files
from envdeck.core.project.model import Manifest, Project
from envdeck.core.project.pythons import wanted_python
from envdeck.core.system import reach

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


_ENVIRONMENTS = ("environment.yml", "environment.yaml")


def read_project(folder: str) -> Project:
    """Return all that the files of a project say. Nothing of it is run, and nothing is changed.

    It never raises: what cannot be read is among its problems, each with its file and line.
    The packages of its locks have no hashes: nothing is installed from what is read here.
    """
    # start-up: only where it is asked which Pythons a project names
    from envdeck.core.project.deployed.find import named_pythons

    manifests = (*read_declared(folder), *_environments(folder))
    locks = read_locks(folder, hashes=False, manifests=manifests)
    wanted = wanted_python(folder)
    named, unread = named_pythons(folder)
    problems = (
        *(problem for one in manifests for problem in one.problems),
        *(problem for one in locks for problem in one.problems),
        *wanted.problems,
        *unread,
    )
    return Project(folder, manifests, locks, wanted, named, tuple(dict.fromkeys(problems)))


def project_of_file(path: str) -> Project:
    """Return what one file alone says: a lock file, or what declares something; a requirements
    file in which all is pinned counts as a lock, whoever pinned it. A lock that a tool keeps
    beside what is declared is read with that: it tells which groups and extras are asked for."""
    lock = read_lock(path, hashes=False)
    folder = os.path.dirname(path)
    if lock is not None:
        manifests = read_declared(folder) if lock_manager(lock.format) else ()
        return Project(folder, manifests, (lock,), problems=lock.problems)
    manifest = read_manifest(path)
    return Project(folder, (manifest,), problems=manifest.problems)


def _environments(folder: str) -> tuple[Manifest, ...]:
    paths = [os.path.join(folder, name) for name in _ENVIRONMENTS]
    return tuple(read_environment_yml(path) for path in paths if reach.isfile(path))
