"""Upgrading: in a copy of hard links, verified, and then exchanged for the environment."""

import shlex
from collections.abc import Iterable, Mapping, Sequence

from envdeck.core.dotenv.report import values_of
from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import (
    Distribution,
    Environment,
    Fact,
    NoPlan,
    Operation,
    Plan,
    RecreateRequest,
    Step,
)
from envdeck.core.operations.engine.failure import Failure
from envdeck.core.operations.engine.pip_configuration import (
    index_silence,
    is_cut_off,
    requires_hashes,
    silence_warnings,
)
from envdeck.core.operations.engine.runner import Runner, ignore
from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.operations.recreate.plan import plan_recreate
from envdeck.core.operations.shared.base_interpreter import uses_of
from envdeck.core.operations.shared.context import Context, Stopped
from envdeck.core.operations.shared.interpreters import interpreter_choices, pick
from envdeck.core.operations.sources.source import InstallMethod, PackageSource, SourceName
from envdeck.core.operations.staging.changes import Installed
from envdeck.core.operations.staging.stage import MISDIRECTED_HINT
from envdeck.core.operations.upgrade.candidates import candidates
from envdeck.core.operations.upgrade.interpreter import NoRepairKind, Repair, repair_plan
from envdeck.core.operations.upgrade.lock import LockOffer, lock_offer, plan_lock_upgrade
from envdeck.core.operations.upgrade.model import (
    Resolution,
    StagedChange,
    UpgradeCandidates,
    UpgradePlan,
    add_edits,
    no_plan,
    staged_plan,
)
from envdeck.core.operations.upgrade.resolve import UvResolver, resolve
from envdeck.core.system import reach
from envdeck.core.system.words import counted


def resolver_of(context: Context, environment: Environment, stopped: Stopped) -> UvResolver:
    """Return the resolver for one environment."""
    uv = _uv_of(context, environment)
    uv = replace(uv, offline=uv.offline or is_cut_off(context, environment.path))
    project = environment.project.path
    hides = values_of(project) if project is not None else ()  # what it builds may print them
    runner = Runner(context.catalog.host, hides=hides)
    return UvResolver(uv, runner, environment, ignore, stopped)


def _uv_of(context: Context, environment: Environment) -> UvAdapter:
    host = context.catalog.host
    return UvAdapter(
        host, folder=host.home, offline=context.policy.offline, environment=environment.path
    )


def candidates_of(
    context: Context, environment: Environment, stopped: Stopped
) -> UpgradeCandidates | NoPlan:
    """Return what could be upgraded; see :meth:`Operations.candidates`."""
    if obstacle := planning_obstacle(context, environment) or _unknown(context, environment):
        return obstacle
    found = candidates(
        environment, read_distributions(environment), resolver_of(context, environment, stopped)
    )
    return no_plan(found) if isinstance(found, Failure) else found


def _unknown(context: Context, environment: Environment) -> NoPlan | None:
    """Say that the index cannot be reached: what uv's cache has is not the newest there is."""
    silence = index_silence(context, environment.path)
    if silence is None or silence.late:
        return None
    return NoPlan(
        f"the newest versions are not known: the index cannot be reached ({silence.reason})",
        hint="check the connection and proxy, then try again",
    )


def planning_obstacle(context: Context, environment: Environment) -> NoPlan | None:
    """Return why uv cannot be asked: it would install elsewhere, or the interpreter may not be
    touched."""
    if why := _uv_of(context, environment).misdirected:
        return NoPlan(why, MISDIRECTED_HINT)
    why = reach.obstacle(environment.python.executable or "")
    if not why:
        return None
    hint = f"envdeck recreate {shlex.quote(environment.path)} --python VERSION"
    return NoPlan(f"interpreter is out of reach: {why}", hint=f"use another one: `{hint}`")


def plan_upgrade(
    context: Context,
    environment: Environment,
    wanted: Mapping[str, str | None] | None,
    *,
    lock: bool,
    allow: frozenset[str],
    keep_edits: bool = False,
) -> Plan | NoPlan:
    """Plan to upgrade packages; see :meth:`Operations.plan_upgrade`."""
    if obstacle := planning_obstacle(context, environment):
        return obstacle
    newest = wanted is None or None in wanted.values()
    if newest and not lock and (unknown := _unknown(context, environment)):
        return unknown
    resolver = resolver_of(context, environment, context.stopped)
    installed = Installed.read(environment)
    distributions = installed.distributions
    if wanted is None:
        found = candidates(environment, distributions, resolver)
        if isinstance(found, Failure):
            return no_plan(found)
        wanted = {row.name: None for row in found.rows if row.upgradable}
        if not wanted:
            return NoPlan("all packages up to date", nothing=True)
    project = environment.project.path
    offer = (
        lock_offer(context.catalog.host, project, tuple(wanted), manager=environment.manager)
        if project is not None
        else None
    )
    if lock:
        return plan_lock_upgrade(
            context,
            environment,
            tuple(wanted),
            offer,
            allow,
            installed=installed,
            keep_edits=keep_edits,
        )
    if requires_hashes(context.catalog.host, environment.path):
        return NoPlan(
            "hashes are required (UV_REQUIRE_HASHES or pip's require-hashes), and an upgrade of"
            " packages knows none",
            hint=f"upgrade the lock file: `envdeck upgrade {shlex.quote(environment.path)} --lock`",
        )
    resolution = resolve(environment, distributions, wanted, resolver)
    if isinstance(resolution, Failure):
        return no_plan(resolution)
    if not resolution.changes:
        return _report_nothing(resolution)
    names = frozenset(change.name for change in resolution.changes)
    bounded = (
        *resolver.bounds.sentences(names),
        *silence_warnings(context, environment.path),
    )
    plan = _planned(context, environment, resolution, offer, allow, installed, bounded)
    return plan if isinstance(plan, NoPlan) else add_edits(plan, names, keep=keep_edits)


def _report_nothing(resolution: Resolution) -> NoPlan:
    held = resolution.held
    if held:
        because = f": {held[0].because[0]}" if held[0].because else ""
        return NoPlan(f"{held[0].name} stays at {held[0].gets}{because}", nothing=True)
    return NoPlan("nothing to upgrade: already at the requested version", nothing=True)


def _planned(
    context: Context,
    environment: Environment,
    resolution: Resolution,
    offer: LockOffer | None,
    allow: frozenset[str],
    installed: Installed,
    bounded: Sequence[str],
) -> UpgradePlan | NoPlan:
    names = [change.name for change in resolution.changes]
    source = PackageSource(
        name=SourceName.EXACT,
        title="",
        how=InstallMethod.PINS,
        requirements=resolution.requirements,
    )
    goes = [change.name for change in resolution.changes if change.after is None]
    warnings = [
        f"{held.name} is limited to {held.gets} (latest {held.wanted})"
        + (f": {held.because[0]}" if held.because else "")
        for held in resolution.held
    ]
    if resolution.moves_along:
        warnings.append(f"also changes: {', '.join(resolution.moves_along)}")
    warnings += bounded
    if goes:
        warnings.append(f"removes: {', '.join(goes)}")
    if offer is not None:
        warnings.append(offer.sentence)
    count = counted(len(names), "package")
    return staged_plan(
        context,
        environment,
        StagedChange(
            change=resolution,
            package_changes=resolution.changes,
            source=source,
            middle=lambda staged, blueprint: (
                Step(
                    f"Upgrade {count} in the copy",
                    blueprint.install_command(staged, context.catalog.host).shown,
                ),
            ),
            warnings=tuple(warnings),
            tried=touched(installed.distributions, names),
            done=f"upgraded {count} in {environment.name}",
        ),
        allow=allow,
        installed=installed,
    )


def touched(distributions: Iterable[Distribution], names: Iterable[str]) -> frozenset[str]:
    """Return what changes, and what needs it: those are worth an attempt to import."""
    rows = {row.name: row for row in distributions}
    found = set(names)
    for name in names:
        if name in rows:
            found |= set(rows[name].required_by)
    return frozenset(found)


def plan_interpreter(
    context: Context,
    environment: Environment,
    interpreter: str | None,
    *,
    allow: frozenset[str],
    keep_edits: bool = False,
) -> Plan | NoPlan:
    """Plan another interpreter; see :meth:`Operations.plan_interpreter`."""
    project = environment.project.path
    choices = interpreter_choices(context, environment, project, interpreter)
    link = None
    if interpreter is not None:
        chosen = pick(interpreter, choices)
        if isinstance(chosen, NoPlan):
            return chosen
        link = chosen.path
    known = [one.interpreter for one in choices]
    found = repair_plan(environment, known, context.catalog.host, wanted=interpreter, link=link)
    if isinstance(found, Repair):
        return _repaired(context, environment, found, allow)
    if found.kind is NoRepairKind.RECREATE:
        return plan_recreate(
            context,
            environment,
            RecreateRequest(interpreter=interpreter, keep_edits=keep_edits),
            allow=allow,
            operation=Operation.UPGRADE,
        )
    hint = found.hint.replace("ENV", environment.path)
    return NoPlan(
        found.reason,
        hint,
        missing=found.kind is NoRepairKind.NO_INTERPRETER,
        nothing=found.kind is NoRepairKind.CURRENT,
    )


def _repaired(
    context: Context, environment: Environment, repair: Repair, allow: frozenset[str]
) -> Plan | NoPlan:
    one, named = repair.interpreter, repair.named.executable
    facts = [
        Fact("python", f"{environment.python.version or 'unknown'} → {one.version}"),
        Fact("base interpreter", named),
        *uses_of(repair.named, one.version),
        *(Fact("link", f"{link.path} → {link.after}") for link in repair.links),
        *(Fact("copy", copy.path) for copy in repair.copies),
        *(Fact("pyvenv.cfg", f"{each.key} = {each.after}") for each in repair.cfg_changes),
    ]
    return staged_plan(
        context,
        environment,
        StagedChange(
            change=repair,
            package_changes=(),
            source=PackageSource(name=SourceName.EXACT, title="", how=InstallMethod.PINS),
            facts=tuple(facts),
            middle=lambda _staged, _blueprint: (
                Step(f"Set the base interpreter of the copy to {named}"),
            ),
            warnings=(repair.named.lost,) if repair.named.lost else (),
            done=f"{environment.name} now uses Python {one.version}",
        ),
        allow=allow,
    )
