"""Which sources there are, lock files among them; one chosen source found again."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import unquote

from envdeck.core.discovery.managers import lock_manager
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.inspection.packages.requirements import holds, marker_environment
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.model import (
    Distribution,
    Environment,
    Interpreter,
    NoPlan,
    ProjectState,
    Python,
    RecreateRequest,
)
from envdeck.core.operations.recipe.recipe import Recipe
from envdeck.core.operations.sources.source import (
    DEFAULTS,
    Exact,
    InstallMethod,
    PackageSource,
    Parts,
    SourceName,
    SourceRequest,
)
from envdeck.core.project import (
    DeclaredRequirement,
    Lock,
    LockedPackage,
    Manifest,
    PackageIndex,
    read_declared,
    read_lock,
    read_locks,
    read_manifest,
    select,
)
from envdeck.core.project.locks.uv import uv_lock_revision
from envdeck.core.project.requirements import file_url


def lock_source(lock: Lock, manifests: Sequence[Manifest], asked: SourceRequest) -> PackageSource:
    """Return what a lock file installs; one that cannot be used has its problem.

    uv's own is installed by `uv sync --frozen`; the others are read here, and installed as the
    pins they are, without resolving anything.
    """
    name = os.path.basename(lock.file)
    pyproject = next((one for one in manifests if one.format in _PYPROJECT), None)
    groups = _groups(lock, pyproject) if asked.groups is None else asked.groups
    extras = asked.extras
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
    lines = [_locked_line(one) for one in chosen.packages if one.requirement]
    expected = [(one.name, one.version) for one in chosen.packages if one.name and one.requirement]
    problem = f"{name} cannot be used: {chosen.problem}" if chosen.problem else ""
    problem = problem or _missing_folder(chosen.packages)
    itself, line = _itself(lock, chosen.roots, pyproject, asked)
    hashed = bool(lines) and all(one.hashes for one in chosen.packages if one.requirement)
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
        groups=tuple(groups),
        extras=extras,
        install_project=itself is not None,
        problem=problem,
        notes=_notes(lock, synced=synced),
    )


_PYPROJECT = frozenset({"pyproject", "poetry", "pdm"})


def _groups(lock: Lock, pyproject: Manifest | None) -> tuple[str, ...]:
    """Return the groups that the tool that wrote a lock installs without being asked."""
    if lock.format == "pylock" or pyproject is None:
        return lock.default_groups
    if lock.format == "uv.lock":
        usual = pyproject.default_groups if pyproject.format == "pyproject" else ("dev",)
        return tuple(name for name in usual if name in lock.groups)
    optional = {*pyproject.optional_groups, *pyproject.extras}
    return tuple(name for name in lock.default_groups if name not in optional)


def _itself(
    lock: Lock, roots: Sequence[LockedPackage], pyproject: Manifest | None, asked: SourceRequest
) -> tuple[tuple[str, str | None], str] | tuple[None, str]:
    """Return the project itself, and the line that installs it, where it is installed."""
    for root in roots:  # uv says by its own lock whether it installs the project
        if root.kind == "editable":
            return (root.name, root.version), root.requirement
    if roots or pyproject is None or not asked.project or not pyproject.name:
        return None, ""
    if not asked.installs(builds=pyproject.builds):
        return None, ""
    return (pyproject.name, None), f"-e {file_url(os.path.normpath(asked.project))}"


def _locked_line(package: LockedPackage) -> str:
    hashes = "".join(f" --hash={one}" for one in package.hashes)
    return package.requirement + hashes


def _missing_folder(packages: Sequence[LockedPackage]) -> str:
    for one in packages:
        _, found, path = one.requirement.partition("file://")
        path = unquote(path, errors="surrogateescape") if found else ""
        if path and not os.path.lexists(path.partition("#")[0]):
            return f"{one.name} is locked to a folder or file that does not exist"
    return ""


def _is_synced(lock: Lock) -> bool:
    """Tell whether uv itself installs what a `uv.lock` says, by `uv sync --frozen`: without the
    `pyproject.toml` that it was made from, from revision 5 on."""
    if os.path.isfile(os.path.join(os.path.dirname(lock.file), "pyproject.toml")):
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


_INDEX_OPTIONS = ("--index-url ", "--extra-index-url ")


def declared_source(manifest: Manifest, asked: SourceRequest) -> PackageSource:
    """Return what a manifest declares for the interpreter that is to be.

    One mistake in a file makes it no source: what it asks for would be installed in part.
    """
    groups = manifest.default_groups if asked.groups is None else asked.groups
    if manifest.format == "Pipfile" and asked.groups is None:
        groups = tuple(name for name in manifest.groups if name == "dev")
    lines: list[str] = []
    indexed: dict[str, tuple[str, str, PackageIndex]] = {}
    expected: dict[str, None] = {}
    for one in manifest.requirements:
        if one.extra and one.extra not in asked.extras:
            continue
        if one.group and one.group not in groups:
            continue
        if holds(one.text, one.extra, asked.markers) is False:
            continue
        index = next((each for each in manifest.indexes if each.name == one.index), None)
        if index is None:
            lines.append(_line(one))
        else:
            indexed[one.text] = (one.text, one.name, index)
        if one.name and one.name != manifest.name:
            expected[one.name] = None
    itself = asked.installs(builds=manifest.builds) and bool(asked.project)
    if itself:
        lines.append(f"-e {file_url(os.path.normpath(asked.project))}")
        if manifest.name:
            expected[manifest.name] = None
    return PackageSource(
        name=SourceName.DECLARED,
        title=os.path.basename(manifest.file),
        how=InstallMethod.RESOLVE,
        file=manifest.file,
        project=asked.project or None,
        requirements=(*manifest.options, *dict.fromkeys(lines)),
        indexed=tuple(indexed.values()),
        own_indexes=any(option.startswith(_INDEX_OPTIONS) for option in manifest.options),
        constraints=tuple(_line(one) for one in manifest.constraints),
        hashes=bool(lines)
        and not itself
        and not indexed
        and all(one.hashes for one in manifest.requirements),
        expected=tuple((name, None) for name in expected),
        groups=tuple(groups),
        extras=asked.extras,
        install_project=itself,
        problem=_problem(manifest),
    )


def _line(one: DeclaredRequirement) -> str:
    return one.text + "".join(f" --hash={digest}" for digest in one.hashes)


def _problem(manifest: Manifest) -> str:
    if not manifest.problems:
        return ""
    first = manifest.problems[0]
    name = os.path.basename(first.file)
    return f"{name}:{first.line}: {first.message}" if first.line else f"{name}: {first.message}"


def sources(
    environment: Environment | None,
    project: str | None,
    *,
    exact: Sequence[Exact] = (),
    distributions: Sequence[Distribution] = (),
    python: Python | None = None,
    file: str | None = None,
    parts: Parts = DEFAULTS,
) -> tuple[PackageSource, ...]:
    """Return what an environment can be rebuilt (or, with None, made anew) from.

    In the order of the contract: what is here (where there is an environment), every lock file,
    what is declared, and `file` where one is given. One that cannot be used is listed with its
    problem. Markers are evaluated for `python`, the interpreter that is to be (default: the
    environment's).
    """
    target = python or (environment.python if environment else Python())
    asked = SourceRequest(
        project or "",
        marker_environment(target),
        parts.groups,
        parts.extras or (),
        _in_place(project, distributions) if environment is not None else None,
    )
    found: list[PackageSource] = []
    if environment is not None:
        found.append(_exact(exact))
    if project is not None:
        manifests = read_declared(project)
        locks = read_locks(project)
        found += [lock_source(lock, manifests, asked) for lock in locks]
        if not locks:
            found.append(_none(SourceName.LOCK, "lock file", "no lock file"))
        locked = {lock.file for lock in locks if lock.usable}
        declared = [one for one in manifests if one.file not in locked]
        declared = [one for one in declared if one.requirements or one.problems or one.builds]
        found += [declared_source(manifest, asked) for manifest in _chosen(declared)]
        if not declared:
            nothing = "no readable declared dependencies"
            found.append(_none(SourceName.DECLARED, "declared dependencies", nothing))
    if file is not None:
        found.append(_file(file, asked))
    return tuple(found)


def _exact(exact: Sequence[Exact]) -> PackageSource:
    return PackageSource(
        name=SourceName.EXACT,
        title="current packages, exact versions",
        how=InstallMethod.PINS,
        requirements=tuple(line for _, _, line in exact),
        expected=tuple((normalise(name), version) for name, version, _ in exact),
    )


def _none(name: SourceName, title: str, problem: str) -> PackageSource:
    return PackageSource(name=name, title=title, how=InstallMethod.PINS, problem=problem)


def _chosen(manifests: Sequence[Manifest]) -> Sequence[Manifest]:
    """Return one declaration for each way of declaring, those that can be used first.

    Of several requirements files each is offered: none of them is the whole by itself.
    """
    return sorted(manifests, key=lambda one: bool(one.problems and not one.requirements))


def _file(path: str, asked: SourceRequest) -> PackageSource:
    lock = read_lock(path)
    if lock is not None:
        source = lock_source(lock, (), asked)
    else:
        source = declared_source(read_manifest(path), asked)
    how = InstallMethod.PINS if source.how is InstallMethod.UV_SYNC else source.how
    title = os.path.basename(path)
    return replace(source, name=SourceName.FILE, title=title, how=how)


def _in_place(project: str | None, distributions: Sequence[Distribution]) -> bool:
    """Whether the project is installed in place (editable) now."""
    if project is None:
        return False
    url = file_url(os.path.normpath(project))
    return any(one.editable and (one.origin or "").rstrip("/") == url for one in distributions)


_LOCKS = re.compile(r"uv\.lock|pylock(\.[^.]+)?\.toml|poetry\.lock|pdm\.lock|Pipfile\.lock")
_DECLARED = re.compile(
    r"pyproject\.toml|requirements[\w.-]*\.(txt|in)|setup\.(cfg|py)|Pipfile|environment\.ya?ml"
)


def rebuilt_from(environment: Environment, *, kept: bool = True) -> str:
    """Return what a person could rebuild it from once it is gone for good; `kept` tells whether
    the trash will hold a list of its packages."""
    found = []
    project = environment.project
    if project.path is not None and project.state is ProjectState.FOUND:
        try:
            names = sorted(os.listdir(project.path))
        except OSError:
            names = []
        locks = [name for name in names if _LOCKS.fullmatch(name)]
        declared = [name for name in names if _DECLARED.fullmatch(name)]
        found += [", ".join(locks[:2])] if locks else []
        found += [", ".join(declared[:2])] if declared else []
    if environment.packages and kept:
        found.append("saved package list")
    if found:
        return ", ".join(found)
    return "nothing (cannot be rebuilt)" if environment.packages else "nothing (no packages)"


def sources_of(
    environment: Environment,
    recipe: Recipe,
    file: str | None,
    interpreter: Interpreter | None,
    parts: Parts = DEFAULTS,
) -> tuple[PackageSource, ...]:
    """Return everything that an environment can be made from, for an interpreter."""
    project = environment.project
    python = environment.python
    if interpreter is not None:
        python = Python(interpreter.version, interpreter.implementation, interpreter.executable)
    return sources(
        environment,
        project.path if project.state is ProjectState.FOUND else None,
        exact=[
            (pin.name, pin.version, pin.requirement)
            for pin in recipe.installed
            if pin.requirement and not pin.obstacle
        ],
        distributions=read_distributions(environment),
        python=python,
        file=file,
        parts=parts,
    )


def source_of(
    environment: Environment,
    recipe: Recipe,
    request: RecreateRequest,
    interpreter: Interpreter | None,
    parts: Parts,
) -> PackageSource | NoPlan:
    """Return the source that is asked for, if it can be used; else why it cannot."""
    name = request.source
    offered = sources_of(environment, recipe, request.file, interpreter, parts)
    found = [one for one in offered if one.name == name]
    if not found:
        what = {
            SourceName.LOCK: "the project has no lock file",
            SourceName.DECLARED: "the project declares no dependencies",
            SourceName.FILE: "no file given",
        }.get(SourceName(name), "unknown source")
        return NoPlan(f"cannot recreate {environment.name}: {what}", missing=True)
    usable = [one for one in found if one.usable]
    if not usable:
        return NoPlan(
            f"{found[0].title} cannot be used: {found[0].problem}",
            hint="use another source: `--from declared`" if name == SourceName.LOCK else "",
        )
    return usable[0]
