"""A lock file as a source: its packages for one interpreter, as pinned lines with hashes."""

import os
from collections.abc import Sequence
from urllib.parse import unquote

from envdeck.core.discovery.managers import lock_manager
from envdeck.core.operations.sources.source import (
    NOT_ITSELF,
    InstallMethod,
    PackageSource,
    SourceName,
    SourceRequest,
)
from envdeck.core.project import Lock, LockedPackage, Manifest, Project
from envdeck.core.project.locks.selection import select, split_ids
from envdeck.core.project.locks.uv import uv_lock_revision
from envdeck.core.project.parts import part_ids
from envdeck.core.project.requirements import file_url
from envdeck.core.system import reach


def lock_source(lock: Lock, project: Project, asked: SourceRequest) -> PackageSource:
    """Return what a lock file installs; one that cannot be used has its problem.

    uv's own is installed by `uv sync --frozen`; the others are read here, and installed as the
    pins they are, without resolving anything.
    """
    name = os.path.basename(lock.file)
    pyproject = next((one for one in project.manifests if one.format in _PYPROJECT), None)
    usual, more = _defaults(project, lock, asked.manager)
    groups = usual if asked.groups is None else asked.groups
    extras = more if asked.extras is None else asked.extras
    synced = lock.format == "uv.lock" and bool(asked.project) and _is_synced(lock)
    how = InstallMethod.UV_SYNC if synced else InstallMethod.PINS
    title = name
    if lock.problems:
        told = str(lock.problems[0]).removeprefix(lock.file + ":").strip()
        told = f"{name}: line {told}" if lock.problems[0].line else f"{name} {told}"
        return PackageSource(
            name=SourceName.LOCK,
            title=title,
            how=how,
            file=lock.file,
            project=asked.project or None,
            problem=told,
        )
    chosen = select(lock, asked.markers, groups, extras)
    packages = [one for one in chosen.packages if one.requirement and (
        asked.itself or not asked.is_project(one.requirement))]  # fmt: skip
    lines = [_line(one) for one in packages]
    expected = [(one.name, one.version) for one in packages if one.name]
    problem = f"{name} cannot be used: {chosen.problem}" if chosen.problem else ""
    problem = problem or _unknown(lock, groups, extras) or _missing_folder(chosen.packages)
    itself, line = _itself(lock, chosen.roots, pyproject, asked)
    unbuilt = pyproject.unbuilt if pyproject is not None and not chosen.roots else ""
    leaves = bool(unbuilt) and not asked.in_place and asked.installs(builds=True)
    left_out = [unbuilt] if leaves else []
    builds = pyproject is not None and pyproject.builds
    if not asked.itself and (builds or any(one.kind == "editable" for one in chosen.roots)):
        left_out = [NOT_ITSELF]
    hashed = bool(lines) and all(one.hashes for one in packages)
    if itself is not None:
        lines.append(line)
        expected.append(itself)
    return PackageSource(
        name=SourceName.LOCK,
        title=title,
        how=how,
        file=lock.file,
        project=asked.project or None,
        requirements=(*lock.options, *lines),
        hashes=hashed and itself is None,
        expected=tuple(sorted(expected)),
        places=tuple((one.name, name) for one in chosen.packages if one.name),
        groups=tuple(groups),
        extras=extras,
        install_project=itself is not None,
        problem=problem,
        notes=(
            *(f"Not used: {one}" for one in project.passed),
            *_notes(lock, synced=synced),
            *left_out,
        ),
    )


_PYPROJECT = frozenset({"pyproject", "poetry", "pdm"})


def _defaults(project: Project, lock: Lock, manager: str) -> tuple[tuple[str, ...], ...]:
    """Return the groups and extras that the tool that keeps a project installs without being
    asked: those that are compared with what it has."""
    default = [name for name, usual in part_ids(project, lock, manager).items() if usual]
    groups, extras = split_ids(default)
    known = {*lock.groups, *lock.extras}
    return (
        tuple(one for one in lock.groups if one in groups),
        tuple(one for one in extras if one in known),
    )


def _itself(
    lock: Lock, roots: Sequence[LockedPackage], pyproject: Manifest | None, asked: SourceRequest
) -> tuple[tuple[str, str | None], str] | tuple[None, str]:
    """Return the project itself, and the line that installs it, where it is installed."""
    for root in roots:  # uv says by its own lock whether it installs the project
        if root.kind == "editable" and asked.itself:
            return (root.name, root.version), root.requirement
    if roots or pyproject is None or not asked.project or not pyproject.name:
        return None, ""
    if pyproject.unbuilt and not asked.in_place:
        return None, ""
    if not asked.installs(builds=pyproject.builds):
        return None, ""
    return (pyproject.name, None), f"-e {file_url(os.path.normpath(asked.project))}"


def _line(package: LockedPackage) -> str:
    hashes = "".join(f" --hash={one}" for one in package.hashes)
    return package.requirement + hashes


def _unknown(lock: Lock, groups: Sequence[str], extras: Sequence[str]) -> str:
    """Say which group or extra that is asked for a lock file does not have: nobody gets an
    environment without it, and no word."""
    known = {*lock.groups, *lock.extras}
    name = os.path.basename(lock.file)
    for kind, asked in (("group", groups), ("extra", extras)):
        lacking = [one for one in asked if one not in known]
        if lacking:
            return f"{name} does not lock the {kind} `{lacking[0]}`"
    return ""


def _missing_folder(packages: Sequence[LockedPackage]) -> str:
    for one in packages:
        _, found, path = one.requirement.partition("file://")
        path = unquote(path, errors="surrogateescape") if found else ""
        if path and not reach.lexists(path.partition("#")[0]):
            return f"{one.name} is locked to a folder or file that does not exist"
    return ""


def _is_synced(lock: Lock) -> bool:
    """Tell whether uv itself installs what a `uv.lock` says, by `uv sync --frozen`: without the
    `pyproject.toml` that it was made from, from revision 5 on."""
    if reach.isfile(os.path.join(os.path.dirname(lock.file), "pyproject.toml")):
        return True
    return (uv_lock_revision(lock.file) or 0) >= _ALONE


_ALONE = 5


def _notes(lock: Lock, *, synced: bool) -> tuple[str, ...]:
    manager = lock_manager(lock.format)
    if not manager or synced:
        return ()
    if manager == "uv":
        return ("uv.lock is read by EnvDeck: uv requires a pyproject.toml for its revision",)
    return (f"{os.path.basename(lock.file)} is read by EnvDeck; {manager} is not run",)
