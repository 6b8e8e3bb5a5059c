"""Carrying an upgrade out: in a copy of hard links, verified, then exchanged."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envdeck.core.model import (
    Environment,
    Fact,
    NoPlan,
    Operation,
    Result,
    Step,
    StepProgress,
    StepStarted,
    Target,
)
from envdeck.core.operations.disk.links import FolderLinkError, folder_links
from envdeck.core.operations.engine.creators import VenvCreator
from envdeck.core.operations.engine.failure import Failure, FailureKind
from envdeck.core.operations.guards.check import mark_of, moment_of, obstacles
from envdeck.core.operations.recipe.edits import find_edits
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.shared.base_interpreter import anchor_links
from envdeck.core.operations.shared.describe import edit_facts, upgrade_warnings
from envdeck.core.operations.shared.space import no_room
from envdeck.core.operations.sources.source import PackageSource
from envdeck.core.operations.staging.changes import ChangeMonitor, Packages, packages_of
from envdeck.core.operations.staging.prove import FileProof
from envdeck.core.operations.staging.record_paths import confine_records
from envdeck.core.operations.staging.replace import ReplacePlan, replace_environment
from envdeck.core.operations.staging.stage import BuildError, BuildSpec, StagedBuild
from envdeck.core.operations.transaction.journal import new_id
from envdeck.core.operations.transaction.places import ENVIRONMENT
from envdeck.core.operations.transaction.transaction import first_trash
from envdeck.core.system import reach

if TYPE_CHECKING:
    from envdeck.core.operations.shared.context import Context, Stopped, Tell


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePlan(ReplacePlan):
    """An environment to be changed in a copy that takes its place."""

    change: Callable[[StagedBuild], list[str]]
    """What is done in the copy; returns what was verified of it."""
    tried: frozenset[str]
    """The distributions whose import is tried; empty for all."""


def no_plan(failure: Failure) -> NoPlan:
    """Return a failure as why there is no plan."""
    return NoPlan(failure.cause, failure.hint, missing=failure.kind is FailureKind.MISSING)


def staged_plan(
    operations: "Context",
    environment: Environment,
    *,
    source: PackageSource,
    facts: tuple[Fact, ...],
    middle: Callable[[str, BuildSpec], tuple[Step, ...]],
    warnings: tuple[str, ...],
    change: Callable[[StagedBuild], list[str]],
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
    blueprint = BuildSpec(
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


def run_upgrade(
    plan: UpgradePlan, operations: "Context", tell: "Tell", stopped: "Stopped"
) -> Result:
    """Change the copy, prove it, exchange it; or leave everything as it is."""
    return replace_environment(
        plan, lambda building: _change(plan, building), operations, tell, stopped
    )


def _change(plan: UpgradePlan, building: StagedBuild) -> list[str]:
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
        raise BuildError(f"{name} needs {missing}, which would no longer be there")
    lost = building.imports_lost(plan.environment, plan.tried or None)
    if lost:
        raise BuildError(lost[0])
    building.settle()
    verified += files.settle_edits(building)
    return [*verified, "no package lacks what it needs", "what could be imported still can"]


def _copy(environment: Environment, building: StagedBuild) -> None:
    """Make the copy; the files are the same ones, and replaced, never written into."""
    building.current.make_staged()
    building.watch = ChangeMonitor.of(environment)

    def told(files: int, _size: int) -> None:
        building.tell(
            StepProgress(files, environment.size.files if environment.size else None, "files")
        )
        if building.stopped():
            raise BuildError("it was stopped", stopped=True)

    try:
        building.ground.disk.link_tree(environment.path, building.folder, told)
        building.links = anchor_links(building.folder, environment.path)
        building.records = confine_records(
            environment, building.folder, building.ground.disk.rewrite
        )
    except FolderLinkError as error:
        raise BuildError(_shared(environment.path, error.path), _SHARED_HINT) from None


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
