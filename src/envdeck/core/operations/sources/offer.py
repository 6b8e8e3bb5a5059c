"""Which sources there are; one chosen source found again."""

import os
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from envdeck.core.discovery.managers import lock_files
from envdeck.core.inspection.import_path import inherited_versions
from envdeck.core.inspection.packages.requirements import (
    holds,
    marker_environment,
    parse_requirement,
    satisfied,
)
from envdeck.core.inspection.packages.site_packages import list_names, normalise
from envdeck.core.lazy_dataclasses import replace
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
    NOT_ITSELF,
    Exact,
    InstallMethod,
    PackageSource,
    Parts,
    SourceName,
    SourceRequest,
    lock_source,
)
from envdeck.core.project import (
    DeclaredRequirement,
    Manifest,
    Overrides,
    PackageIndex,
    Project,
)
from envdeck.core.project.locks.find import read_lock
from envdeck.core.project.locks.selection import ordered_locks, split_ids
from envdeck.core.project.parts import OWN, main_manifests, sections
from envdeck.core.project.project import read_manifest, read_project
from envdeck.core.project.requirements import file_url
from envdeck.core.system import reach
from envdeck.core.system.words import join_some

_INDEX_OPTIONS = ("--index-url ", "--extra-index-url ")


def declared_source(project: Project, asked: SourceRequest) -> PackageSource:
    """Return what a project declares for the interpreter that is to be: the parts of it that are
    asked for, of all manifests that declare them.

    One mistake in a file makes it no source: what it asks for would be installed in part, and
    what another file asks for is something else.
    """
    main = main_manifests(project, asked.manager)
    parts = list(sections(project, None, asked.manager))
    usual = split_ids([one.id for one in parts if one.default])
    groups = usual[0] if asked.groups is None else asked.groups
    extras = usual[1] if asked.extras is None else asked.extras
    ids = {OWN, *(f"group:{one}" for one in groups), *(f"extra:{one}" for one in extras)}
    taken = [one for one in parts if one.id in ids]
    manifests = tuple(dict.fromkeys((*main, *(one.manifest for one in taken))))
    indexes = {each.name: each for one in manifests for each in one.indexes}
    names = {one.name for one in main if not one.dynamic}
    lines: list[str] = []
    indexed: dict[str, tuple[str, str, PackageIndex]] = {}
    expected: dict[str, None] = {}
    used: list[DeclaredRequirement] = []
    omitted: list[str] = []
    for one in (each for part in taken for each in part.requirements):
        if holds(one.text, one.extra, asked.markers) is False:
            continue
        if not asked.itself and asked.is_project(one.text):
            omitted.append(_place(one))
            continue
        used.append(one)
        if one.index in indexes:
            indexed[one.text] = (one.text, one.name, indexes[one.index])
        else:
            lines.append(_line(one))
        if one.name and one.name not in names:
            expected[one.name] = None
    builds = next((one for one in main if one.builds and not one.dynamic), None)
    itself = builds is not None and asked.installs(builds=True) and bool(asked.project)
    left_out = builds.unbuilt if builds is not None and itself and not asked.in_place else ""
    if builds is not None and not asked.itself:
        left_out = NOT_ITSELF
    if itself and not left_out and builds is not None:
        lines.append(f"-e {file_url(os.path.normpath(asked.project))}")
        if builds.name:
            expected[builds.name] = None
    named = " and ".join(dict.fromkeys(os.path.basename(one.file) for one in main))
    named = named or "the project"
    options = tuple(dict.fromkeys(each for one in manifests for each in one.options))
    return PackageSource(
        name=SourceName.DECLARED,
        title=named,
        how=InstallMethod.RESOLVE,
        file=main[0].file if main else None,
        project=asked.project or None,
        requirements=(*options, *dict.fromkeys(lines)),
        indexed=tuple(indexed.values()),
        own_indexes=any(option.startswith(_INDEX_OPTIONS) for option in options),
        constraints=tuple(dict.fromkeys(_line(e) for one in manifests for e in one.constraints)),
        overrides=next((one.overrides for one in main if one.overrides.file), Overrides()),
        hashes=bool(used)
        and (not itself or bool(left_out))
        and not indexed
        and all(one.hashes for one in used),
        expected=tuple((name, None) for name in expected),
        places=tuple({one.name: _place(one) for one in reversed(used) if one.name}.items()),
        groups=tuple(groups),
        extras=tuple(extras),
        install_project=itself and not left_out,
        names_project=any(asked.is_project(one.text) for one in used),
        problem=next(filter(None, (*map(_problem, manifests), *map(_missing_place, used))), "")
        or _unclear(project, main)
        or _unknown_needs(main, omitted),
        notes=(
            *(f"Not used: {one}" for one in project.passed),
            *([left_out] if left_out else []),
            *(f"{one} is left out: it installs the project itself" for one in omitted),
        ),
    )


def _unclear(project: Project, main: Sequence[Manifest]) -> str:
    """Say that a person has to choose, where nothing tells which file is the project's own."""
    names = [os.path.relpath(one.file, project.folder) for one in project.manifests
             if one.format == "requirements"]  # fmt: skip
    if main or not names:
        return ""
    return f"none of {', '.join(names[:5])} is named as the project's own requirements"


def _unknown_needs(main: Sequence[Manifest], omitted: Sequence[str]) -> str:
    """Say that nothing is known without the project, where its build alone tells what it needs."""
    named = next((os.path.basename(one.file) for one in main if one.dynamic), "")
    return f"only a build of the project tells what {named} requires" if named and omitted else ""


def _line(one: DeclaredRequirement) -> str:
    return one.text + "".join(f" --hash={digest}" for digest in one.hashes)


def _place(one: DeclaredRequirement) -> str:
    name = os.path.basename(one.file)
    return f"{name}:{one.line}" if one.line else name


def _missing_place(one: DeclaredRequirement) -> str:
    """Say which line installs from a place on this disk where nothing is: `conda list` and `pip
    freeze` write those of the machine that they ran on."""
    _, found, rest = one.text.partition("file://")
    path = unquote(re.split(r"[#\[ ]", rest, maxsplit=1)[0], errors="surrogateescape")
    known = found and path.startswith("/") and "${" not in path  # a variable is the installer's
    if not known or reach.obstacle(path) or reach.lexists(path):
        return ""
    what = one.name or "a requirement"
    return f"{_place(one)}: {what} is installed from a folder or file that does not exist: {path}"


def _problem(manifest: Manifest) -> str:
    if not manifest.problems:
        return ""
    first = manifest.problems[0]
    name = os.path.basename(first.file)
    return f"{name}:{first.line}: {first.message}" if first.line else f"{name}: {first.message}"


def sources(
    environment: Environment | None,
    project: Project | str | None,
    *,
    exact: Sequence[Exact] = (),
    distributions: Sequence[Distribution] = (),
    python: Python | None = None,
    file: str | None = None,
    parts: Parts = DEFAULTS,
) -> tuple[PackageSource, ...]:
    """Return what an environment can be rebuilt (or, with None, recreated) from.

    `project` is the one reading of it, with hashes, or its folder, which is read then.

    In the order of the contract: what is here (where there is an environment), every lock file,
    what is declared, and `file` where one is given. One that cannot be used is listed with its
    problem. Markers are evaluated for `python`, the interpreter that is to be (default: the
    environment's). `parts` are the project's own defaults unless
    they are told.
    """
    target = python or (environment.python if environment else Python())
    said = project if isinstance(project, Project) else None
    folder = said.folder if said is not None else str(project or "")
    asked = SourceRequest(
        folder,
        marker_environment(target),
        parts.groups,
        parts.extras,
        _is_in_place(folder, distributions) if environment is not None else None,
        _keeper(environment),
        parts.itself,
    )
    found: list[PackageSource] = []
    if environment is not None:
        found.append(_exact(exact))
    if project is not None:
        found += _offer_project(said or read_project(folder, deployed=False, hashes=True), asked)
    if file is not None:
        found.append(_file(file, asked))
    return tuple(found)


def _keeper(environment: Environment | None) -> str:
    """Return the manager of an environment, where that looks after projects as well."""
    manager = environment.manager if environment is not None else ""
    return manager if manager in (*lock_files(), "conda", "pixi") else ""


def _offer_project(project: Project, asked: SourceRequest) -> Iterator[PackageSource]:
    """Yield its locks, the one that an environment is compared with first, then what it
    declares."""
    declared = declared_source(project, asked)
    for lock in ordered_locks(project.locks, asked.manager):
        source = lock_source(lock, project, asked)
        if source.problem and lock.usable and lock.format == "requirements" and declared.usable:
            source = _completed(source, declared)
        yield source
    if not project.locks:
        yield _none(SourceName.LOCK, "lock file", "no lock file")
    locked = {one.file for one in project.locks if one.usable and one.format == "requirements"}
    main = main_manifests(project, asked.manager)
    if any(one.file not in locked for one in main) or declared.problem:
        yield declared
    else:
        nothing = "no readable declared dependencies"
        nothing = str(project.passed[0]) if project.passed else nothing
        yield _none(SourceName.DECLARED, "declared dependencies", nothing)


def _completed(lock: PackageSource, declared: PackageSource) -> PackageSource:
    """Return what a compiled file locks, with the groups and extras that it does not lock: they
    are resolved, and kept to its versions."""
    pins = tuple(line.partition(" --hash=")[0] for line in lock.requirements)
    names = tuple(line for line in pins if not line.startswith("-"))
    more = [f"group {name}" for name in declared.groups]
    more += [f"extra {name}" for name in declared.extras]
    return replace(
        declared,
        name=SourceName.LOCK,
        title=f"{lock.title} and {', '.join(more)}",
        file=lock.file,
        requirements=tuple(dict.fromkeys((*declared.requirements, *pins))),
        constraints=(*declared.constraints, *names),
        hashes=False,
    )


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


def _file(path: str, asked: SourceRequest) -> PackageSource:
    lock = read_lock(path)
    if lock is not None:
        source = lock_source(lock, Project(""), asked)
    else:
        source = declared_source(Project("", (read_manifest(path),)), asked)
    how = InstallMethod.PINS if source.how is InstallMethod.UV_SYNC else source.how
    title = os.path.basename(path)
    return replace(source, name=SourceName.FILE, title=title, how=how)


def _is_in_place(project: str, distributions: Sequence[Distribution]) -> bool:
    """Whether the project is installed in place (editable) now."""
    if not project:
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
            names = sorted(reach.listdir(project.path))
        except OSError:
            names = []
        locks = [name for name in names if _LOCKS.fullmatch(name)]
        declared = [name for name in names if _DECLARED.fullmatch(name)]
        found += [*locks[:2], *declared[:2]]
    if environment.packages and kept:
        found.append("the saved package list")
    if found:
        return " or ".join(filter(None, (", ".join(found[:-1]), found[-1])))
    return "nothing: cannot be rebuilt" if environment.packages else "nothing: no packages"


def sources_of(
    environment: Environment,
    distributions: tuple[Distribution, ...],
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
        distributions=distributions,
        python=python,
        file=file,
        parts=parts,
    )


def source_of(
    environment: Environment,
    distributions: tuple[Distribution, ...],
    recipe: Recipe,
    request: RecreateRequest,
    interpreter: Interpreter | None,
    parts: Parts,
) -> PackageSource | NoPlan:
    """Return the source that is asked for, if it can be used; else why it cannot."""
    name = request.source
    offered = sources_of(environment, distributions, recipe, request.file, interpreter, parts)
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
    first = found.index(usable[0])
    before = [f"Not used: {one.title}: {one.problem}" for one in found[:first]]
    source = drop_inherited(usable[0], environment)
    return replace(source, notes=(*before, *source.notes))


def drop_inherited(source: PackageSource, environment: Environment) -> PackageSource:
    """Return a source without what an environment has from the system, at a version that will do,
    and not itself: to install it again would part the two. Of what a resolver finds only the
    installation knows whether that version will do."""
    if source.name is SourceName.EXACT or not environment.creation.system_site_packages:
        return source
    own = {one.name for one in list_names(environment.site_packages)}
    inherited = inherited_versions(environment)
    kept, left = [], dict[str, None]()
    for line in source.requirements:
        asked = parse_requirement(line.partition(" --hash=")[0])
        at_url = asked is not None and "@" in asked.text.partition("://")[0]
        if asked is None or at_url or asked.name in own:
            kept.append(line)
        elif satisfied(asked, inherited.get(asked.name, ())):
            left[asked.name] = None
        else:
            kept.append(line)
    notes = [f"inherited, not installed: {join_some(left)}"] if left else []
    spared = dict(left)
    if source.how is InstallMethod.RESOLVE:
        direct = {name for name, _ in source.expected} - left.keys()
        spared |= dict.fromkeys(sorted(inherited.keys() - own - direct))
        notes.append("what others require is inherited too, where its version will do")
    return replace(
        source,
        requirements=tuple(kept),
        expected=tuple(one for one in source.expected if one[0] not in left),
        inherited=tuple(spared),
        notes=(*source.notes, *notes),
    )
