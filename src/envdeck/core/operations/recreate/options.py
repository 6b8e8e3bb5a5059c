"""Sources and interpreters to choose from; version bumps for another Python."""

import os
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeAlias

from packaging.version import InvalidVersion, Version

from envdeck.core.inspection.packages.distributions import read_heads
from envdeck.core.inspection.packages.requirements import parse_requirement, satisfied
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import (
    SEED_PACKAGES,
    Distribution,
    Doubt,
    Environment,
    Interpreter,
    InterpreterOption,
    NoPlan,
    Python,
)
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import UvAdapter, read_pins
from envdeck.core.operations.recipe.edits import look_at
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.recipe import Recipe
from envdeck.core.operations.recreate.doubts import DoubtSearch, find_doubts
from envdeck.core.operations.recreate.forecast import CALL_SECONDS, Availability, Forecast, forecast
from envdeck.core.operations.shared.context import Context, Stopped
from envdeck.core.operations.shared.interpreters import interpreter_choices
from envdeck.core.operations.sources.offer import sources, sources_of
from envdeck.core.operations.sources.snapshot import offered_snapshots
from envdeck.core.operations.sources.source import InstallMethod, PackageSource, SourceName
from envdeck.core.operations.staging.changes import Installed
from envdeck.core.system import reach


@dataclass(frozen=True, slots=True)
class SourceDifference:
    """Names are those of PEP 503, sorted."""

    added: tuple[tuple[str, str | None], ...] = ()
    """Name and version that come; the version is None where it is not known yet."""
    removed: tuple[tuple[str, str], ...] = ()
    """Name and version that go. Where not :attr:`resolved`: what nothing declared leads to."""
    changed: tuple[tuple[str, str, str | None], ...] = ()
    """Name, version now, version then (None: only that this one will not do is known)."""
    same: int = 0
    """How many stay as they are."""
    resolved: bool = True
    """False where the outcome is only known after a resolve: then this is what can be told."""


def difference(
    source: PackageSource,
    installed: Sequence[Distribution],
) -> SourceDifference:
    """Compare a source with what is installed.

    Seed packages are the creator's, and not called removed. A version that a source does
    not tell (a folder, a checkout) is taken for the one that is there.
    """
    now = {one.name: one.version for one in installed}
    if source.how is InstallMethod.RESOLVE:
        return _unresolved(source, installed, now)
    then = {normalise(name): version for name, version in source.expected}
    changed = tuple(
        (name, now[name], version)
        for name, version in sorted(then.items())
        if name in now and version is not None and not _equal(now[name], version)
    )
    return SourceDifference(
        tuple((name, version) for name, version in sorted(then.items()) if name not in now),
        _removed(now, then.keys() | SEED_PACKAGES),
        changed,
        len(now.keys() & then.keys()) - len(changed),
    )


def _unresolved(
    source: PackageSource,
    installed: Sequence[Distribution],
    now: dict[str, str],
) -> SourceDifference:
    """Tell which requirements nothing installed satisfies, and what none of them leads to."""
    added: dict[str, None] = {}
    changed: dict[str, tuple[str, str, None]] = {}
    wanted = dict.fromkeys(name for name, _ in source.expected if name)
    for line in (*source.requirements, *(line for line, _, _ in source.indexed)):
        requirement = parse_requirement(line.partition(" --hash=")[0])
        if requirement is None or requirement.name not in wanted:
            continue
        version = now.get(requirement.name)
        if version is not None and not satisfied(requirement, (version,)):
            changed[requirement.name] = (requirement.name, version, None)
    added = {name: None for name in wanted if name not in now}
    requires = {one.name: one.requires for one in installed}
    reached: set[str] = set()
    todo = list(wanted)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += requires.get(name, ())
    removed = _removed(now, reached | SEED_PACKAGES)
    same = len(now) - len(removed) - len(changed)
    return SourceDifference(
        tuple((name, None) for name in sorted(added)),
        removed,
        tuple(changed[name] for name in sorted(changed)),
        same,
        resolved=False,
    )


def _removed(now: dict[str, str], kept: Collection[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, now[name]) for name in sorted(now) if name not in kept)


def _equal(first: str, second: str) -> bool:
    """Tell whether two versions are one, however they are written; a local part that only one
    of them has (`1.0+cpu`) counts."""
    if first == second:
        return True
    try:
        return Version(first) == Version(second)
    except (InvalidVersion, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """One thing an environment can be made from, and how that differs from what is there."""

    name: str
    """`exact`, `lock`, `declared`, `file` or `snapshot`."""
    title: str
    """`exactly what is here`, `what the project locked` …"""
    file: str | None = None
    """What it is read from."""
    added: tuple[tuple[str, str], ...] = ()
    """Name and version of what is not here now."""
    removed: tuple[tuple[str, str], ...] = ()
    """Name and version of what would be gone."""
    changed: tuple[tuple[str, str, str], ...] = ()
    """Name, version here, version then."""
    resolved: bool = True
    """Whether the difference is exact; else only the resolver can tell it all."""
    notes: tuple[str, ...] = ()
    """What a person should know of it, one sentence each."""
    problem: str = ""
    """Why it cannot be used; or empty."""
    snapshot: str | None = None
    """The id of the snapshot, where that is it."""
    installs_project: bool = False
    """Whether it installs the project itself, which can be left out."""


@dataclass(frozen=True, slots=True)
class RecreateChoices:
    """Both, in the order of choice."""

    sources: tuple[SourceChoice, ...]
    interpreters: tuple[InterpreterOption, ...]
    doubts: tuple[Doubt, ...] = ()
    """The packages that cannot be recreated exactly on the proposed one."""


def own_packages(recipe: Recipe, project: str | None) -> tuple[str, ...]:
    """Return the names of what is installed from the project's own folder."""
    here = project and reach.realpath(project)
    return tuple(pin.name for pin in recipe.installed if pin.source and pin.source == here)


def recreate_choices(
    context: Context, environment: Environment, file: str | None
) -> RecreateChoices:
    """Return sources and interpreters; see :meth:`Operations.recreate_choices`."""
    installed = Installed.read(environment)
    distributions = installed.distributions
    recipe = freeze(environment, heads=installed.heads)
    found = interpreter_choices(context, environment, environment.project.path)
    proposed = next((one.interpreter for one in found if one.default), None)
    doubts: tuple[Doubt, ...] = ()
    if proposed is not None:
        same_minor = next(one.same_minor for one in found if one.default)
        asked = DoubtSearch(
            context.catalog.host,
            environment,
            proposed,
            same_minor,
            context.policy.offline,
            context.stopped,
        )
        doubts = find_doubts(asked, recipe, look_at(environment))
    return RecreateChoices(
        tuple(
            _choice(source, difference(source, distributions), recipe, environment.project.path)
            for source in (
                *sources_of(environment, distributions, recipe, file, proposed),
                *offered_snapshots(context, environment, distributions),
            )
        ),
        found,
        doubts,
    )


def create_choices(context: Context, project: str) -> RecreateChoices | NoPlan:
    """Return sources and interpreters; see :meth:`Operations.create_choices`."""
    if not reach.isdir(project):
        hint = "pass a project folder"
        return NoPlan(f"`{project}` is not a folder", hint=hint, missing=True)
    real = reach.realpath(project)
    found = interpreter_choices(context, None, real)
    one = next((each.interpreter for each in found if each.default), None)
    python = None if one is None else Python(one.version, one.implementation, one.executable)
    return RecreateChoices(
        tuple(
            _choice(source, difference(source, ()), None)
            for source in sources(None, real, python=python)
        ),
        found,
    )


def _choice(
    source: PackageSource,
    differs: SourceDifference,
    recipe: Recipe | None,
    project: str | None = None,
) -> SourceChoice:
    notes = source.notes
    if source.name is SourceName.EXACT and recipe is not None:
        # What has no line of its own is rebuilt from its files, so nothing of it goes.
        problems = [f"{pin.name}: {pin.problem}" for pin in recipe.installed if pin.problem]
        return SourceChoice(
            source.name,
            source.title,
            notes=(*notes, *problems),
            problem=source.problem,
            installs_project=bool(own_packages(recipe, project)),
        )
    return SourceChoice(
        source.name,
        source.title,
        source.file,
        added=tuple((name, version or "newest") for name, version in differs.added),
        removed=differs.removed,
        changed=tuple(
            (name, before, after or "another") for name, before, after in differs.changed
        ),
        resolved=differs.resolved,
        notes=notes,
        problem=source.problem,
        snapshot=source.snapshot,
        installs_project=source.install_project or source.names_project,
    )


def forecast_for(
    context: Context, environment: Environment, interpreter: Interpreter, stopped: Stopped
) -> Forecast | NoPlan:
    """Return what another interpreter would make of what is installed."""
    heads = read_heads(environment)
    recipe = freeze(environment, heads=heads)
    bounds = {row.name: row.requires_python or "" for row in heads}
    pins = [
        (pin.name, pin.version, pin.requirement, bounds.get(pin.name, ""))
        for pin in recipe.installed
        if pin.requirement
    ]
    with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
        found = forecast(
            context.catalog.host,
            pins,
            interpreter,
            folder,
            environment=environment.path,
            offline=context.policy.offline,
            stopped=stopped,
        )
    if found.problem and not found.pins:
        return NoPlan(found.problem)
    return found


Jumps: TypeAlias = tuple[tuple[str, str, str], ...]
"""Name, version now, version then; :data:`NOT_HERE` for what a newer release needs besides."""
NOT_HERE = "not installed"


def bump_versions(
    context: Context,
    environment: Environment,
    recipe: Recipe,
    interpreter: Interpreter,
    jump: str,
) -> Jumps | NoPlan:
    """Return which packages have to move for an interpreter, and where to: to the `smallest`
    version up that has a wheel for it, or to the `newest`."""
    told = forecast_for(context, environment, interpreter, context.stopped)
    if isinstance(told, NoPlan):
        return told
    found = []
    for pin in told.pins:
        if pin.verdict in {Availability.WHEEL, Availability.UNKNOWN}:
            continue
        target = pin.smallest if jump == "smallest" else pin.newest
        if target is None and pin.verdict is not Availability.BUILD:
            return NoPlan(
                f"no version of {pin.name} has a wheel for Python {interpreter.version}",
                hint="recreate from the declared dependencies: `--from declared`",
            )
        if target is not None and target != pin.version:
            found.append((pin.name, pin.version, target))
    return (*found, *_needed_besides(context, environment, recipe, interpreter, tuple(found)))


def _needed_besides(
    context: Context,
    environment: Environment,
    recipe: Recipe,
    interpreter: Interpreter,
    jumps: Jumps,
) -> Jumps:
    """Return what the newer releases need that is not here; nothing where that cannot be told,
    which is then met as a missing dependency."""
    if not jumps:
        return ()
    moved = {name: version for name, _, version in jumps}
    pins = {pin.name: moved.get(pin.name, pin.version) for pin in recipe.installed}
    host = context.catalog.host
    with tempfile.TemporaryDirectory(prefix="envdeck-") as folder:
        uv = UvAdapter(
            host, folder=folder, environment=environment.path, offline=context.policy.offline
        )
        files = []
        for name, lines in (("jumps.in", moved), ("pins.in", pins)):
            files.append(os.path.join(folder, name))
            text = "".join(f"{each}=={version}\n" for each, version in lines.items())
            Path(files[-1]).write_text(text, "utf-8")
        command = uv.resolve(files[0], python=interpreter.executable, constraints=files[1])
        done = Runner(host).run(command, stopped=context.stopped, limit=CALL_SECONDS)
    taken = read_pins(done) if done.ok else ()
    return tuple(
        (normalise(name), NOT_HERE, version)
        for name, version in taken
        if normalise(name) not in pins
    )


def bump_source(source: PackageSource, recipe: Recipe, jumps: Jumps) -> PackageSource:
    """Return the exact source with those versions in place of the ones that are here."""
    moved = {name: version for name, _, version in jumps}
    lines = [
        f"{pin.display_name}=={moved[pin.name]}" if pin.name in moved else pin.requirement
        for pin in recipe.installed
        if pin.requirement and not pin.obstacle
    ]
    new = {name: version for name, before, version in jumps if before == NOT_HERE}
    lines += [f"{name}=={version}" for name, version in new.items()]
    expected = tuple((name, moved.get(name, version)) for name, version in source.expected)
    expected += tuple(new.items())
    return replace(source, how=InstallMethod.PINS, requirements=tuple(lines), expected=expected)


def drop_seeds(source: PackageSource, recipe: Recipe) -> PackageSource:
    """Return the exact source without pip, setuptools and wheel: the creator seeds those that
    suit the other Python."""
    seeds = {pin.name: pin.requirement for pin in recipe.installed if pin.seed}
    return replace(
        source,
        requirements=tuple(line for line in source.requirements if line not in seeds.values()),
        expected=tuple(pair for pair in source.expected if pair[0] not in seeds),
    )
