"""Installing, reinstalling and uninstalling packages: resolved, and planned."""

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from envdeck.core.inspection.packages.requirements import parse_requirement
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import (
    SEED_PACKAGES,
    STILL_REQUIRED,
    Distribution,
    Environment,
    NoPlan,
    Operation,
    PackageChange,
    Plan,
    Refusal,
    Step,
)
from envdeck.core.operations.engine.command import Command
from envdeck.core.operations.engine.failure import Failure, FailureKind
from envdeck.core.operations.engine.pip_configuration import silence_warnings
from envdeck.core.operations.engine.uv import InstallRules
from envdeck.core.operations.shared.context import Context
from envdeck.core.operations.sources.source import InstallMethod, PackageSource, SourceName
from envdeck.core.operations.staging.changes import Installed
from envdeck.core.operations.staging.stage import SOME, BuildSpec, python_at
from envdeck.core.operations.upgrade.candidates import (
    UpgradeBaseline,
    is_half,
    normal_version,
    not_running,
    take_apart,
    unmet_requirements,
)
from envdeck.core.operations.upgrade.model import (
    InstallChange,
    StagedChange,
    add_edits,
    no_plan,
    staged_plan,
)
from envdeck.core.operations.upgrade.plan import planning_obstacle, resolver_of, touched
from envdeck.core.operations.upgrade.resolve import FINAL_FAILURES, UvResolver, newly_broken
from envdeck.core.project.project import read_project
from envdeck.core.system import reach
from envdeck.core.system.words import counted, find_nearest, join_some


def plan_install(
    context: Context,
    environment: Environment,
    requirements: Sequence[str],
    *,
    again: bool,
    allow: frozenset[str],
) -> Plan | NoPlan:
    """Plan to install packages; see :meth:`Operations.plan_install`."""
    wanted = [_read(text) for text in requirements]
    for one in wanted:
        if isinstance(one, NoPlan):
            return one
    asked = [one for one in wanted if isinstance(one, Requirement)]
    if again and (ranged := next((one for one in asked if one.specifier or one.extras), None)):
        hint = f"use `{ranged.name}` to install its current version again"
        return NoPlan(f"`{ranged}` is not a package name", hint=hint, missing=True)
    if obstacle := _obstacle(context, environment):
        return obstacle
    read = Installed.read(environment)
    installed = take_apart(environment, read.distributions)
    resolver = resolver_of(context, environment, context.stopped)
    names = tuple(dict.fromkeys(canonicalize_name(one.name) for one in asked))
    if again:
        found = _reinstalled(installed, names, resolver)
    else:
        found = _added(installed, asked, resolver)
    if isinstance(found, Failure):
        return no_plan(found)
    if not found:
        verb = "is" if len(names) == 1 else "are"
        return NoPlan(f"{', '.join(names)} {verb} already installed", nothing=True)
    bounded = (
        *resolver.bounds.sentences({each.name for each in found}),
        *silence_warnings(context, environment.path),
    )
    plan = _install(context, installed, found, names, read, again=again, allow=allow)
    if isinstance(plan, NoPlan) or not bounded:
        return plan
    return replace(plan, warnings=(*plan.warnings, *bounded))


def _read(text: str) -> Requirement | NoPlan:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return NoPlan(
            f"invalid requirement `{text}`", hint="use name, or name>=version", missing=True
        )
    if requirement.url:
        hint = "use name==version, which comes from the index"
        return NoPlan(f"{requirement.name} is a direct URL", hint=hint, missing=True)
    return requirement


def _obstacle(context: Context, environment: Environment) -> NoPlan | None:
    if failure := not_running(environment):
        return no_plan(failure)
    return planning_obstacle(context, environment)


def _added(
    installed: UpgradeBaseline, asked: Sequence[Requirement], resolver: UvResolver
) -> tuple[PackageChange, ...] | Failure:
    """Return what installing those changes: what is installed stays at its versions, if any plan
    lets it; if none does, it goes up only."""
    names = {canonicalize_name(one.name) for one in asked}
    texts = [str(one) for one in asked]
    here = {*installed.movable, *installed.kept}
    held = resolver.plan(
        texts, [*installed.exactly(sorted(here - names)), *_required(installed, here - names)], ()
    )
    if isinstance(held, Failure):
        if held.kind in FINAL_FAILURES:
            return held
    elif not newly_broken(installed, held):
        return held
    free = resolver.plan(
        [*installed.names, *texts],
        [
            *installed.exactly(installed.kept),
            *installed.constrain_up(sorted(installed.movable.keys() - names)),
        ],
        (),
    )
    if isinstance(free, Failure):
        return free
    broken = newly_broken(installed, free)
    return Failure(FailureKind.CONFLICT, broken) if broken else free


def _required(installed: UpgradeBaseline, held: Collection[str]) -> list[str]:
    """Return as constraints what is required here of all that is not installed, or not as it is
    required; of what is held only its version counts."""
    unmet = unmet_requirements(installed.environment, installed.distributions)
    bounds = set()
    for _, text in sorted(pair for pairs in unmet.values() for pair in pairs):
        requirement = parse_requirement(text)
        if requirement is not None and requirement.specifier and requirement.name not in held:
            bounds.add(f"{requirement.name}{requirement.specifier}")
    return sorted(bounds)


def _reinstalled(
    installed: UpgradeBaseline, names: Sequence[str], resolver: UvResolver
) -> tuple[PackageChange, ...] | Failure:
    """Return names as installed again at the version they have, if the index still has that; of
    several versions of a name the newest stays."""
    versions: dict[str, str] = {}
    reasons = {each.name: each.reason for each in installed.fixed if each.name in installed.kept}
    for row in filter(is_half, installed.distributions):
        reasons.pop(row.name, None)
    for name in names:
        found = [v for row in installed.distributions if row.name == name for v in _known(row)]
        if not found:
            return Failure(FailureKind.MISSING, f"{name} is not installed")
        if name in reasons:
            return Failure(FailureKind.OTHER, f"{name} cannot be reinstalled: {reasons[name]}")
        versions[name] = max(found, key=Version)
    changes = resolver.reinstall(versions)
    if isinstance(changes, Failure):
        return changes
    after = {each.name: each.after for each in changes}
    for name, version in versions.items():
        if after.get(name) != version:
            return Failure(FailureKind.OTHER, f"{name} {version} cannot be reinstalled")
    return tuple(PackageChange(name, versions[name], versions[name]) for name in sorted(versions))


def _known(row: Distribution) -> tuple[str, ...]:
    version = normal_version(row)
    return () if version is None else (version,)


def _install(
    context: Context,
    installed: UpgradeBaseline,
    changes: tuple[PackageChange, ...],
    names: Sequence[str],
    read: Installed,
    *,
    again: bool,
    allow: frozenset[str],
) -> Plan | NoPlan:
    environment = installed.environment
    pins = tuple(f"{each.name}=={each.after}" for each in changes if each.after)
    halves = tuple(
        os.path.relpath(row.path, environment.path)
        for row in installed.distributions
        if again and row.name in names and is_half(row)
    )
    change = InstallChange(
        changes, pins, _lines(installed, changes), tuple(names) if again else (), halves
    )
    moved = [each.name for each in changes if each.before and each.name not in names]
    warnings = [f"also changes: {', '.join(moved)}"] if moved else []
    for name in names if again else ():
        several = sorted({row.version for row in installed.distributions if row.name == name})
        if len(several) > 1:
            one = next(each.after for each in changes if each.name == name)
            warnings.append(f"{name} is installed as {', '.join(several)}: only {one} stays")
    count = counted(len(changes), "package")
    verb, done = ("Reinstall", "reinstalled") if again else ("Install", "installed")

    def command(blueprint: BuildSpec, item: str, python: str) -> Command:
        rules = InstallRules(
            dependencies=False, reinstall=change.again, compiles=blueprint.compiles
        )
        uv = blueprint.uv(context.catalog.host, item)
        return uv.install(python, os.path.join(item, SOME), rules)

    plan = staged_plan(
        context,
        environment,
        StagedChange(
            operation=Operation.INSTALL,
            change=change,
            package_changes=changes,
            source=_source(pins),
            middle=_step(context, f"{verb} {count} in the copy", command),
            warnings=tuple(warnings),
            tried=touched(installed.distributions, [each.name for each in changes]),
            done=f"{done} {count} in {environment.name}",
        ),
        allow=allow,
        installed=read,
    )
    if isinstance(plan, NoPlan):
        return plan
    replaced = frozenset(each.name for each in changes if each.before)
    return add_edits(plan, replaced, keep=False, became="reinstalled" if again else "changed")


def plan_uninstall(
    context: Context,
    environment: Environment,
    names: Sequence[str],
    *,
    unneeded: bool,
    allow: frozenset[str],
) -> Plan | NoPlan:
    """Plan to uninstall packages; see :meth:`Operations.plan_uninstall`."""
    if obstacle := _obstacle(context, environment):
        return obstacle
    read = Installed.read(environment)
    installed = take_apart(environment, read.distributions)
    rows = installed.distributions
    asked = tuple(dict.fromkeys(canonicalize_name(name) for name in names))
    if stuck := _stuck(asked, rows):
        return stuck
    declared = _declared(environment)
    roots = {
        row.name
        for row in rows
        if row.requested or row.editable or row.name in SEED_PACKAGES or row.name in declared
    }
    alone = find_unneeded(rows, asked, roots)
    gone = frozenset(asked) | (alone if unneeded else frozenset())
    if unneeded and (stuck := _stuck(sorted(alone), rows)):
        return stuck
    broken = _broken(installed, gone)
    changes = tuple(
        PackageChange(row.name, row.version, None)
        for row in sorted({row.name: row for row in rows}.values(), key=lambda row: row.name)
        if row.name in gone
    )
    warnings = [
        f"{who} requires {join_some(sorted(texts))}, which would be missing"
        for who, texts in sorted(broken.items())
    ]
    if told := sorted(gone & declared):
        warnings.append(f"declared by the project: {join_some(told)}")
    count = counted(len(changes), "package")
    change = InstallChange(changes, lines=_lines(installed, changes), broken=frozenset(broken))

    def command(blueprint: BuildSpec, item: str, python: str) -> Command:
        return blueprint.uv(context.catalog.host, item).uninstall(python, os.path.join(item, SOME))

    plan = staged_plan(
        context,
        environment,
        StagedChange(
            operation=Operation.UNINSTALL,
            change=change,
            package_changes=changes,
            source=_source(()),
            middle=_step(context, f"Uninstall {count} in the copy", command),
            warnings=tuple(warnings),
            refusals=_refusals(environment, broken, allow),
            tried=_whole(rows, gone, broken),
            done=f"uninstalled {count} from {environment.name}",
        ),
        allow=allow,
        installed=read,
    )
    if isinstance(plan, NoPlan):
        return plan
    plan = replace(plan, unneeded=tuple(sorted(alone)))
    return add_edits(plan, gone, keep=False, became="uninstalled")


def _stuck(names: Iterable[str], rows: Sequence[Distribution]) -> NoPlan | None:
    """Say why one of these cannot be removed."""
    for name in names:
        found = [row for row in rows if row.name == name]
        if not found:
            close = find_nearest(name, {row.name for row in rows})
            hint = f"did you mean `{close[0]}`?" if close else ""
            return NoPlan(f"{name} is not installed", hint=hint, missing=True)
        for row in found:
            if row.installer == "conda":
                return NoPlan(f"{name} cannot be uninstalled: installed by conda")
            whole = reach.isfile(os.path.join(row.path, "RECORD"))
            if row.path.endswith(".dist-info") and not whole:
                hint = f"reinstall it first: `envdeck install ENV {name} --reinstall`"
                return NoPlan(f"{name} cannot be uninstalled: it has no RECORD", hint=hint)
    return None


def _declared(environment: Environment) -> frozenset[str]:
    """Return the names that the project declares."""
    path = environment.project.path
    if path is None or not reach.isdir(path):
        return frozenset()
    manifests = read_project(path, deployed=False).manifests
    return frozenset(line.name for one in manifests for line in one.requirements if line.name)


def find_unneeded(
    distributions: Iterable[Distribution], names: Collection[str], roots: Collection[str]
) -> frozenset[str]:
    """Return what only `names` need, and what only that needs, and so on; never any of `roots`.
    What needs each other in a ring goes together."""
    requires: dict[str, set[str]] = {}
    for row in distributions:
        requires.setdefault(row.name, set()).update(row.requires)
    found: set[str] = set()
    pending = [*names]
    while pending:
        for name in requires.get(pending.pop(), ()):
            if name in requires and name not in found and name not in names and name not in roots:
                found.add(name)
                pending.append(name)
    while True:
        stays = requires.keys() - found - {*names}
        needed = found & {name for one in stays for name in requires[one]}
        if not needed:
            return frozenset(found)
        found -= needed


def _broken(installed: UpgradeBaseline, gone: Collection[str]) -> dict[str, list[str]]:
    """Return by name what stays and would miss something that goes, and what it requires."""
    before = unmet_requirements(installed.environment, installed.distributions)
    left = [row for row in installed.distributions if row.name not in gone]
    after = unmet_requirements(installed.environment, left)
    missed = {who: pairs - before.get(who, set()) for who, pairs in after.items()}
    return {
        who: [text.partition(";")[0].strip() for _, text in sorted(pairs)]
        for who, pairs in missed.items()
        if pairs
    }


def _refusals(
    environment: Environment, broken: Mapping[str, Sequence[str]], allow: Collection[str]
) -> tuple[Refusal, ...]:
    if not broken or STILL_REQUIRED in allow:
        return ()
    refusal = Refusal(
        STILL_REQUIRED,
        f"still required by {join_some(sorted(broken))}",
        hint="uninstall those too",
        path=environment.path,
        overrulable=True,
    )
    return (refusal,)


def _whole(
    rows: Sequence[Distribution], gone: Collection[str], broken: Iterable[str]
) -> frozenset[str]:
    """Return what stays and is not let break: something may import what it does not declare."""
    hurt = {*broken}
    while more := {row.name for row in rows if hurt & {*row.requires}} - hurt:
        hurt |= more
    return frozenset(row.name for row in rows) - hurt - {*gone}


def _lines(installed: UpgradeBaseline, changes: Iterable[PackageChange]) -> dict[str, str]:
    versions: dict[str, str | None] = {**installed.movable}
    versions |= {each.name: each.after for each in changes}
    return {name: f"{name}=={version}" for name, version in versions.items() if version}


def _source(pins: tuple[str, ...]) -> PackageSource:
    return PackageSource(name=SourceName.EXACT, title="", how=InstallMethod.PINS, requirements=pins)


def _step(
    context: Context, title: str, command: Callable[[BuildSpec, str, str], Command]
) -> Callable[[str, BuildSpec], tuple[Step, ...]]:
    """Return the step in the copy, with the command that is run on it there."""

    def steps(staged: str, blueprint: BuildSpec) -> tuple[Step, ...]:
        python = python_at(staged, context.catalog.host)
        return (Step(title, command(blueprint, os.path.dirname(staged), python).shown),)

    return steps
