"""A project, read from its files at once."""

import os

from envdeck.core import reach
from envdeck.core.project.conda_environment import read_environment_yml
from envdeck.core.project.declared import read_declared, read_manifest
from envdeck.core.project.drift import Project
from envdeck.core.project.locked import read_lock, read_locks
from envdeck.core.project.model import Manifest
from envdeck.core.project.wanted import wanted_python

_BESIDE = frozenset({"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"})
_ENVIRONMENTS = ("environment.yml", "environment.yaml")


def read_project(folder: str) -> Project:
    """Return all that the files of a project say. Nothing of it is run, and nothing is changed.

    It never raises: what cannot be read is among its problems, each with its file and line.
    The packages of its locks have no hashes: nothing is installed from what is read here.
    """
    from envdeck.core.project.deployed.sources import named_pythons  # many modules

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
        manifests = read_declared(folder) if lock.format in _BESIDE else ()
        return Project(folder, manifests, (lock,), problems=lock.problems)
    manifest = read_manifest(path)
    return Project(folder, (manifest,), problems=manifest.problems)


def _environments(folder: str) -> tuple[Manifest, ...]:
    paths = [os.path.join(folder, name) for name in _ENVIRONMENTS]
    return tuple(read_environment_yml(path) for path in paths if reach.isfile(path))
