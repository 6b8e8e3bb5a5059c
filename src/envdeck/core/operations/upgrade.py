"""Upgrading: in a copy of hard links, verified, and then exchanged for the environment."""

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envdeck.core import reach
from envdeck.core.dotenv import values_of
from envdeck.core.inspection.distributions import read_distributions
from envdeck.core.model import (
    Environment,
    Fact,
    NoPlan,
    Operation,
    Plan,
    Result,
    Step,
    StepProgress,
    StepStarted,
    Target,
)
from envdeck.core.operations.asking import mark_of, moment_of, obstacles
from envdeck.core.operations.base_links import anchor_links
from envdeck.core.operations.blueprint import Blueprint
from envdeck.core.operations.disk.linking import FolderLinkError, folder_links
from envdeck.core.operations.edit_words import edit_facts, upgrade_warnings
from envdeck.core.operations.engine.creators import VenvCreator
from envdeck.core.operations.engine.failure import Failure, FailureKind, explain
from envdeck.core.operations.engine.runner import Runner, ignore
from envdeck.core.operations.engine.uv import Uv
from envdeck.core.operations.file_proof import FileProof
from envdeck.core.operations.journal import new_id
from envdeck.core.operations.meanwhile import Packages, Watch, packages_of
from envdeck.core.operations.places import ENVIRONMENT
from envdeck.core.operations.rebuilding import MISDIRECTED_HINT, Building, GivenUpError
from envdeck.core.operations.recipe.edits import find_edits
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.record_paths import confine_records
from envdeck.core.operations.replacing import ReplacePlan, replace_environment
from envdeck.core.operations.room import no_room
from envdeck.core.operations.sources import How, Source, SourceName
from envdeck.core.operations.transaction import first_trash
from envdeck.core.operations.upgrading.asking import UvResolver
from envdeck.core.operations.upgrading.candidate import Candidates, Resolution
from envdeck.core.operations.upgrading.candidates import candidates
from envdeck.core.operations.upgrading.lock_offers import LockOffer, lock_offer
from envdeck.core.operations.upgrading.resolving import resolve

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations, Stopped, Tell


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePlan(ReplacePlan):
    """An environment to be changed in a copy that takes its place."""

    change: Callable[[Building], list[str]]
    """What is done in the copy; returns what was verified of it."""
    tried: frozenset[str]
    """The distributions whose import is tried; empty for all."""


def resolver_of(
    operations: "Operations", environment: Environment, stopped: "Stopped"
) -> UvResolver:
    """Return the resolver for one environment."""
    uv = _uv_of(operations, environment)
    project = environment.project.path
    hides = values_of(project) if project is not None else ()  # what it builds may print them
    runner = Runner(operations.catalog.host, hides=hides)
    return UvResolver(uv, runner, environment, ignore, stopped)


def _uv_of(operations: "Operations", environment: Environment) -> Uv:
    host = operations.catalog.host
    return Uv(
        host, folder=host.home, offline=operations.policy.offline, environment=environment.path
    )


def candidates_of(
    operations: "Operations", environment: Environment, stopped: "Stopped"
) -> Candidates | NoPlan:
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


def no_plan(failure: Failure) -> NoPlan:
    """Return a failure as why there is no plan."""
    return NoPlan(failure.cause, failure.hint, missing=failure.kind is FailureKind.MISSING)


def plan_upgrade(
    operations: "Operations",
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
        from envdeck.core.operations.locking import plan_lock_upgrade

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


def with_edits(plan: UpgradePlan, names: frozenset[str], *, keep: bool) -> UpgradePlan:
    """Return a plan that tells of the edited files in the distributions that it replaces."""
    edits = find_edits(plan.environment, names)
    target = plan.targets[0]
    target = replace(target, facts=(*target.facts, *edit_facts(edits)), edits=edits)
    warnings = (*plan.warnings, *upgrade_warnings(edits, keep=keep))
    return replace(
        plan,
        targets=(target,),
        warnings=warnings,
        keep_edits=keep,
        replaced_edits=edits.count,
    )


def _nothing(resolution: Resolution) -> NoPlan:
    held = resolution.held
    if held:
        because = f": {held[0].because[0]}" if held[0].because else ""
        return NoPlan(f"{held[0].name} stays at {held[0].gets}{because}")
    return NoPlan("nothing would change", hint="it is what was asked for already")


def _planned(
    operations: "Operations",
    environment: Environment,
    resolution: Resolution,
    offer: LockOffer | None,
    allow: frozenset[str],
    packages: Packages,
) -> UpgradePlan | NoPlan:
    names = [change.name for change in resolution.changes]
    source = Source(
        name=SourceName.EXACT, title="", how=How.PINS, requirements=resolution.requirements
    )
    goes = [change.name for change in resolution.changes if change.after is None]

    def change(building: Building) -> list[str]:
        done = building.install()
        if not done.ok:
            raise GivenUpError.of(explain(done))
        versions = {each.name: each.version for each in read_distributions(building.environment())}
        for each in resolution.changes:
            if versions.get(each.name) != each.after:
                found = versions.get(each.name)
                raise GivenUpError(f"{each.name} came out as {found}, and not as {each.after}")
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


def staged_plan(
    operations: "Operations",
    environment: Environment,
    *,
    source: Source,
    facts: tuple[Fact, ...],
    middle: Callable[[str, Blueprint], tuple[Step, ...]],
    warnings: tuple[str, ...],
    change: Callable[[Building], list[str]],
    tried: frozenset[str],
    done: str,
    allow: frozenset[str],
    operation: Operation = Operation.UPGRADE,
    packages: Packages | None = None,
) -> UpgradePlan | NoPlan:
    """Return the plan of a change that is made in a copy of an environment.

    `middle` returns the steps between making the copy and checking it, given where it will lie.
    `packages` is what was installed before anything was asked; by default, what is now. There is
    no plan where a link would have the change made outside of the copy.
    """
    host = operations.catalog.host
    link = next(folder_links(environment.path), None)
    if link is not None:
        return NoPlan(_shared(environment.path, link), hint=_SHARED_HINT)
    identifier = new_id(host)
    trash = first_trash(environment.path, operations.ground)
    staged = os.path.join(trash, identifier, ENVIRONMENT)
    moment = moment_of(operations)
    target = Target(
        environment.path, environment.identity, environment.name, facts, mark_of(environment.path)
    )
    blueprint = Blueprint(
        path=environment.path,
        interpreter=environment.python.base_executable or "",
        creator=VenvCreator(host, host.home),
        creation=environment.creation,
        source=source,
        downloads=operations.policy.downloads,
        offline=operations.policy.offline,
    )
    steps = (
        Step(f"make a copy of hard links, which share the files that stay, at {staged}"),
        *middle(staged, blueprint),
        Step("check what it needs, and that it imports what it could"),
        Step(f"exchange the two: the old one of {environment.name} goes to the trash"),
    )
    return UpgradePlan(
        id=identifier,
        operation=operation,
        targets=(target,),
        steps=steps,
        warnings=warnings,
        refusals=(
            *obstacles(operation, target, environment, moment, allow),
            *no_room(environment.path, None, operations.ground),
        ),
        allowed=allow,
        frees_now_bytes=0,
        undo=f"envdeck undo {identifier}",
        kept_until=operations.policy.kept_until(host.now()),
        environment=environment,
        freeze=freeze(environment, quick=True).freeze_lines(),
        packages=packages_of(environment) if packages is None else packages,
        blueprint=blueprint,
        change=change,
        tried=tried,
        done=done,
    )


_SHARED_HINT = "put a folder in the place of the link, or make the environment anew"


def _shared(path: str, link: str) -> str:
    """Say why nothing is changed in a copy that shares a folder."""
    full = os.path.join(path, link)
    return (
        f"{link} in it is a link to a folder, {reach.realpath(full)}: what is installed would"
        " be written there, and could not be taken back"
    )


# acting


def run_upgrade(
    plan: UpgradePlan, operations: "Operations", tell: "Tell", stopped: "Stopped"
) -> Result:
    """Change the copy, prove it, exchange it; or leave everything as it is."""
    return replace_environment(
        plan, lambda building: _change(plan, building), operations, tell, stopped
    )


def _change(plan: UpgradePlan, building: Building) -> list[str]:
    building.tell(StepStarted(0, plan.steps[0].title))
    _copy(plan.environment, building)
    building.tell(StepStarted(1, plan.steps[1].title))
    verified = plan.change(building)
    files = FileProof(plan.environment, keep=plan.keep_edits)
    verified += files.check_changed(building)
    building.tell(StepStarted(len(plan.steps) - 2, plan.steps[-2].title))
    problems = building.unmet(plan.environment)
    if problems:
        name, missing = problems[0]
        raise GivenUpError(f"{name} needs {missing}, which would no longer be there")
    lost = building.imports_lost(plan.environment, plan.tried or None)
    if lost:
        raise GivenUpError(lost[0])
    building.settle()
    verified += files.settle_edits(building)
    return [*verified, "no package lacks what it needs", "what could be imported still can"]


def _copy(environment: Environment, building: Building) -> None:
    """Make the copy; the files are the same ones, and replaced, never written into."""
    building.current.make_staged()
    building.watch = Watch.of(environment)

    def told(files: int, _size: int) -> None:
        building.tell(
            StepProgress(files, environment.size.files if environment.size else None, "files")
        )
        if building.stopped():
            raise GivenUpError("it was stopped", stopped=True)

    try:
        building.ground.disk.link_tree(environment.path, building.folder, told)
        building.links = anchor_links(building.folder, environment.path)
        building.records = confine_records(
            environment, building.folder, building.ground.disk.rewrite
        )
    except FolderLinkError as error:
        raise GivenUpError(_shared(environment.path, error.path), _SHARED_HINT) from None
