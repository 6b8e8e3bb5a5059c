"""A project read whole, from whichever manifests it has: the one reading that all else takes."""

import os
from collections.abc import Iterator, Sequence

from envdeck.core.discovery.managers import lock_manager
from envdeck.core.discovery.prune import NAMES
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.project.deployed import named_pythons
from envdeck.core.project.documents import read_toml
from envdeck.core.project.locks.find import read_lock, read_locks
from envdeck.core.project.manifests.others import (
    read_environment_yml,
    read_pipfile,
    read_setup_cfg,
    read_setup_py,
)
from envdeck.core.project.manifests.pyproject import read_pyproject
from envdeck.core.project.manifests.requirements_txt import (
    main_label,
    read_requirements,
    requirements_files,
    requirements_label,
)
from envdeck.core.project.manifests.sources import member_folders, workspace_root
from envdeck.core.project.model import (
    Lock,
    Manifest,
    Overrides,
    PassedFile,
    Problem,
    Project,
    WantedPython,
)
from envdeck.core.project.parts import passed_manifests
from envdeck.core.project.pythons import wanted_python
from envdeck.core.project.requirements import read_overrides
from envdeck.core.system import reach

_READERS = {
    "pyproject.toml": read_pyproject,
    "setup.cfg": read_setup_cfg,
    "setup.py": read_setup_py,
    "Pipfile": read_pipfile,
}


def read_manifest(path: str) -> Manifest:
    """Read one file, by its name; what has no name of its own is read as requirements."""
    name = os.path.basename(path)
    if name in _ENVIRONMENTS:
        return read_environment_yml(path)
    return _READERS.get(name, read_requirements)(path)


def read_declared(folder: str) -> tuple[Manifest, ...]:
    """Return the manifests of a project that say anything (or cannot be read), in the order in
    which one goes before another: `pyproject.toml`, `setup.cfg`, `setup.py`, `Pipfile`,
    `requirements*.txt` and what they are compiled of (`.in`), the plain name first.

    A `setup.py` beside a `pyproject.toml` or a `setup.cfg` that declares dependencies is what
    those are built by, and no manifest."""
    found: list[Manifest] = []
    for path in manifest_files(folder):
        if os.path.basename(path) == "setup.py" and any(
            one.requirements or one.problems or (one.format == "pyproject" and one.builds)
            for one in found
        ):
            continue
        found.append(read_manifest(path))
    return tuple(one for one in found if one.requirements or one.builds or one.problems)


def manifest_files(folder: str) -> tuple[str, ...]:
    """Return the manifests in a folder, whatever they hold; also what cannot be read as one (a
    pipe, a link to nothing), since a project that has it does not declare nothing."""
    named = [os.path.join(folder, name) for name in _READERS]
    found = (*named, *requirements_files(folder))
    return tuple(path for path in found if reach.lexists(path) and not reach.isdir(path))


_ENVIRONMENTS = ("environment.yml", "environment.yaml")
_PIXI = ("pixi.toml", "pixi.lock")


def read_project(
    folder: str, *, deployed: bool = True, pythons: bool = True, hashes: bool = False
) -> Project:
    """Return all that the files of a project say. Nothing of it is run, and nothing is changed.

    It never raises: what cannot be read is among its problems, each with its file and line.
    Without `deployed` the Pythons that containers, platforms and CI name are left out, which
    take longest to read, and without `pythons` what it wants of a Python too; with `hashes` the
    packages of its locks have theirs.
    """
    manifests = (*read_declared(folder), *_environments(folder))
    root = workspace_of(folder)
    locks = read_locks(folder, hashes=hashes, manifests=manifests)
    if root and not locks:
        locks = tuple(_locks_of_member(root, folder, hashes=hashes))
    used, passed = _used(locks, manifests)
    named, unread = named_pythons(folder) if deployed else ((), ())
    wanted = wanted_python(folder, named if deployed else None) if pythons else WantedPython()
    problems = (
        *(problem for one in manifests for problem in one.problems),
        *(problem for one in locks for problem in one.problems),
        *wanted.problems,
        *unread,
    )
    found = Project(
        folder,
        manifests,
        used,
        wanted,
        named,
        tuple(dict.fromkeys(problems)),
        (*passed, *_unread_manifests(folder, manifests)),
        root,
        tuple(_below(folder, nothing=not (used or any(map(_is_main, manifests))))),
    )
    return replace(found, passed=(*found.passed, *passed_manifests(found)))


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


def _used(
    locks: Sequence[Lock], manifests: Sequence[Manifest]
) -> tuple[tuple[Lock, ...], list[PassedFile]]:
    """Return the locks that lock anything, and those that are passed over: empty ones, and what
    is compiled for a part of a project whose own dependencies are not."""
    asks = any(one.requirements and not one.problems for one in manifests)
    files = [one.file for one in manifests if one.format == "requirements"]
    main = main_label(map(requirements_label, files))
    compiled = {requirements_label(one.file) for one in locks if one.format == "requirements"}
    used, passed = [], []
    for lock in locks:
        real = [one for one in lock.packages if one.name]
        if lock.usable and not real and (asks or len(locks) > 1):
            passed.append(PassedFile(lock.file, "it locks no packages"))
        elif lock.format == "requirements" and main not in compiled:
            told = f"it locks `{requirements_label(lock.file)}` alone"
            passed.append(PassedFile(lock.file, told))
        else:
            used.append(lock)
    used.sort(key=lambda one: one.format == "requirements" and
              requirements_label(one.file) != main)  # fmt: skip
    return tuple(used), passed


def _unread_manifests(folder: str, manifests: Sequence[Manifest]) -> Iterator[PassedFile]:
    """Yield what is there, says what to install, and is not read, or not whole."""
    for one in manifests:
        if os.path.basename(one.file) in _ENVIRONMENTS:
            count = sum(not each.pip for each in one.requirements)
            if count:
                yield PassedFile(one.file, "conda is not run: its conda packages are not installed")
    for name in _PIXI:
        path = os.path.join(folder, name)
        if reach.lexists(path):
            yield PassedFile(path, "pixi is not run: its packages are not installed")


def workspace_of(folder: str) -> str:
    """Return the root of uv's workspace that a folder is a member of; empty for its root."""
    document = read_toml(os.path.join(folder, "pyproject.toml"))
    if isinstance(document, Problem):
        return ""
    root = workspace_root(document)
    if root is None or root.file == document.file:
        return ""
    top = os.path.dirname(root.file)
    return top if os.path.normpath(folder) in set(member_folders(root)) else ""


def project_overrides(folder: str) -> Overrides:
    """Return what a project overrides; nothing where its manifest cannot be read."""
    document = read_toml(os.path.join(folder, "pyproject.toml"))
    if isinstance(document, Problem):
        return Overrides()
    return read_overrides(document, workspace_root(document) or document)


def _locks_of_member(root: str, folder: str, *, hashes: bool) -> Iterator[Lock]:
    """Yield the lock of a workspace with one of its members as what is installed."""
    path = os.path.join(root, "uv.lock")
    name = read_pyproject(os.path.join(folder, "pyproject.toml")).name
    lock = read_lock(path, hashes=hashes) if reach.lexists(path) else None
    if lock is None:
        return
    packages = tuple(replace(one, root=one.name == name) for one in lock.packages)
    own = [edge for one in packages if one.root for edge in one.edges]
    yield replace(
        lock,
        packages=packages,
        groups=tuple(dict.fromkeys(edge.group for edge in own if edge.group)),
        extras=tuple(dict.fromkeys(edge.extra for edge in own if edge.extra)),
        problems=lock.problems
        or (() if own or name in {one.name for one in packages} else (
            Problem(lock.file, f"does not have {name or 'this member'}: `uv lock` adds it"),)),
    )  # fmt: skip


_SCAN = 2_000
_MOST = 50


def _is_main(manifest: Manifest) -> bool:
    return any(one.pip for one in manifest.requirements) or manifest.builds


def _below(folder: str, *, nothing: bool) -> Iterator[str]:
    """Yield the folders of the members of its workspace; where the project itself declares
    nothing, those one and two levels below that are projects of their own."""
    document = read_toml(os.path.join(folder, "pyproject.toml"))
    if not isinstance(document, Problem):
        root = workspace_root(document)
        if root is not None and root.file == document.file:
            yield from list(dict.fromkeys(member_folders(root)))[:_MOST]
            return
    if not nothing:
        return
    found = 0
    for first in _folders(folder):
        for place in (first, *_folders(first)):
            if found < _MOST and any(
                reach.isfile(os.path.join(place, name))
                for name in (*_READERS, "requirements.txt", *_ENVIRONMENTS)
            ):
                found += 1
                yield place


def _folders(folder: str) -> list[str]:
    try:
        with reach.scandir(folder) as entries:
            found = [one for _, one in zip(range(_SCAN), entries, strict=False)]
            return sorted(
                one.path
                for one in found
                if not one.name.startswith(".")
                and one.name not in NAMES
                and one.name not in _NO_PROJECTS
                and one.is_dir(follow_symlinks=False)
                and not reach.lexists(os.path.join(one.path, "pyvenv.cfg"))
            )
    except (OSError, ValueError):
        return []


_NO_PROJECTS = frozenset(
    {"tests", "test", "docs", "doc", "examples", "requirements", "venv", "env"}
)
