"""Upgrading: in a copy of hard links, verified, and then exchanged for the environment."""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from envdeck.core.dotenv import values_of
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.model import Environment, Fact, NoPlan, Plan, Step
from envdeck.core.operations.engine.failure import Failure, explain
from envdeck.core.operations.engine.runner import Runner, ignore
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.operations.sources.source import InstallMethod, PackageSource, SourceName
from envdeck.core.operations.staging.changes import Packages, packages_of
from envdeck.core.operations.staging.stage import MISDIRECTED_HINT, BuildError, StagedBuild
from envdeck.core.operations.upgrade.candidates import candidates
from envdeck.core.operations.upgrade.lock import LockOffer, lock_offer, plan_lock_upgrade
from envdeck.core.operations.upgrade.model import Resolution, UpgradeCandidates
from envdeck.core.operations.upgrade.resolve import UvResolver, resolve
from envdeck.core.operations.upgrade.staged import UpgradePlan, no_plan, staged_plan, with_edits
from envdeck.core.system import reach

if TYPE_CHECKING:
    from envdeck.core.operations.shared.context import Context, Stopped


def resolver_of(operations: "Context", environment: Environment, stopped: "Stopped") -> UvResolver:
    """Return the resolver for one environment."""
    uv = _uv_of(operations, environment)
    project = environment.project.path
    hides = values_of(project) if project is not None else ()  # what it builds may print them
    runner = Runner(operations.catalog.host, hides=hides)
    return UvResolver(uv, runner, environment, ignore, stopped)


def _uv_of(operations: "Context", environment: Environment) -> UvAdapter:
    host = operations.catalog.host
    return UvAdapter(
        host, folder=host.home, offline=operations.policy.offline, environment=environment.path
    )


def candidates_of(
    operations: "Context", environment: Environment, stopped: "Stopped"
) -> UpgradeCandidates | NoPlan:
    """Return what could be upgraded; see :meth:`Operations.candidates`."""
    if why := _uv_of(operations, environment).misdirected:
        return NoPlan(why, MISDIRECTED_HINT)
    if unreached := _unreached(environment):
        return unreached
    found = candidates(
        environment, read_distributions(environment), resolver_of(operations, environment, stopped)
    )
    return no_plan(found) if isinstance(found, Failure) else found


def _unreached(environment: Environment) -> NoPlan | None:
    """Say that nothing can be asked of an interpreter that may not be touched."""
    why = reach.obstacle(environment.python.executable or "")
    if not why:
        return None
    hint = f"envdeck recreate {shlex.quote(environment.path)} --python VERSION"
    return NoPlan(f"its interpreter is out of reach: {why}", hint=f"`{hint}` uses another one")


def plan_upgrade(
    operations: "Context",
    environment: Environment,
    wanted: Mapping[str, str | None] | None,
    *,
    lock: bool,
    allow: frozenset[str],
    keep_edits: bool = False,
) -> Plan | NoPlan:
    """Plan to upgrade packages; see :meth:`Operations.plan_upgrade`."""
    if why := _uv_of(operations, environment).misdirected:
        return NoPlan(why, MISDIRECTED_HINT)
    if unreached := _unreached(environment):
        return unreached
    resolver = resolver_of(operations, environment, operations.stopped)
    packages = packages_of(environment)  # before it is read
    distributions = read_distributions(environment)
    if wanted is None:
        found = candidates(environment, distributions, resolver)
        if isinstance(found, Failure):
            return no_plan(found)
        wanted = {row.name: None for row in found.rows if row.upgradable}
        if not wanted:
            return NoPlan(
                "nothing can be upgraded", hint="everything is as new as the rest lets it"
            )
    project = environment.project.path
    offer = (
        lock_offer(operations.catalog.host, project, tuple(wanted), manager=environment.manager)
        if project is not None
        else None
    )
    if lock:
        return plan_lock_upgrade(
            operations, environment, tuple(wanted), offer, allow, keep_edits=keep_edits
        )
    resolution = resolve(environment, distributions, wanted, resolver)
    if isinstance(resolution, Failure):
        return no_plan(resolution)
    if not resolution.changes:
        return _nothing(resolution)
    plan = _planned(operations, environment, resolution, offer, allow, packages)
    names = frozenset(change.name for change in resolution.changes)
    return plan if isinstance(plan, NoPlan) else with_edits(plan, names, keep=keep_edits)


def _nothing(resolution: Resolution) -> NoPlan:
    held = resolution.held
    if held:
        because = f": {held[0].because[0]}" if held[0].because else ""
        return NoPlan(f"{held[0].name} stays at {held[0].gets}{because}")
    return NoPlan("nothing would change", hint="it is what was asked for already")


def _planned(
    operations: "Context",
    environment: Environment,
    resolution: Resolution,
    offer: LockOffer | None,
    allow: frozenset[str],
    packages: Packages,
) -> UpgradePlan | NoPlan:
    names = [change.name for change in resolution.changes]
    source = PackageSource(
        name=SourceName.EXACT,
        title="",
        how=InstallMethod.PINS,
        requirements=resolution.requirements,
    )
    goes = [change.name for change in resolution.changes if change.after is None]

    def change(building: StagedBuild) -> list[str]:
        done = building.install()
        if not done.ok:
            raise BuildError.of(explain(done))
        versions = {each.name: each.version for each in read_distributions(building.environment())}
        for each in resolution.changes:
            if versions.get(each.name) != each.after:
                found = versions.get(each.name)
                raise BuildError(f"{each.name} came out as {found}, and not as {each.after}")
        return [f"all {len(names):,} are at the versions that were shown"]

    warnings = [
        f"{held.name} gets to {held.gets}, not to {held.wanted}"
        + (f": {held.because[0]}" if held.because else "")
        for held in resolution.held
    ]
    if resolution.moves_along:
        warnings.append(f"moves along: {', '.join(resolution.moves_along)}")
    if goes:
        warnings.append(f"goes: {', '.join(goes)}")
    if offer is not None:
        warnings.append(offer.sentence)
    facts = tuple(
        Fact(each.name, f"{each.before or 'not here'} to {each.after or 'gone'}")
        for each in resolution.changes
    )
    count = f"{len(names):,} package{'' if len(names) == 1 else 's'}"
    return staged_plan(
        operations,
        environment,
        source=source,
        facts=facts,
        middle=lambda staged, blueprint: (
            Step(
                f"upgrade {count} in the copy",
                blueprint.installing(staged, operations.catalog.host).shown,
            ),
        ),
        warnings=tuple(warnings),
        change=change,
        tried=_touched(environment, names),
        done=f"{count} of {environment.name} {'is' if len(names) == 1 else 'are'} upgraded",
        allow=allow,
        packages=packages,
    )


def _touched(environment: Environment, names: list[str]) -> frozenset[str]:
    """Return what changes, and what needs it: those are worth an attempt to import."""
    rows = {row.name: row for row in read_distributions(environment)}
    found = set(names)
    for name in names:
        if name in rows:
            found |= set(rows[name].required_by)
    return frozenset(found)


# acting
