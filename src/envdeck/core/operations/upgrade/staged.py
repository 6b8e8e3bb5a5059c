"""`UpgradePlan`: what is changed in a copy of an environment that takes its place."""

import os
from collections.abc import Callable
from typing import ClassVar

from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import (
    Environment,
    Fact,
    NoPlan,
    Operation,
    PackageChange,
    Refusal,
    Step,
    Target,
)
from envdeck.core.operations.disk.links import folder_links
from envdeck.core.operations.engine.creators import VenvCreator
from envdeck.core.operations.engine.failure import Failure, FailureKind
from envdeck.core.operations.guards.check import guard_context, mark_of, obstacles
from envdeck.core.operations.recipe.edits import find_edits
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.shared.context import Context
from envdeck.core.operations.shared.describe import edit_facts, inherited_facts, upgrade_warnings
from envdeck.core.operations.shared.history import failed_before
from envdeck.core.operations.shared.index_silence import is_cut_off
from envdeck.core.operations.shared.space import no_room, not_writable
from envdeck.core.operations.sources.source import PackageSource
from envdeck.core.operations.staging.changes import Installed
from envdeck.core.operations.staging.replace import ReplacePlan
from envdeck.core.operations.staging.stage import BuildSpec
from envdeck.core.operations.transaction.journal import new_id
from envdeck.core.operations.transaction.places import ENVIRONMENT
from envdeck.core.operations.transaction.transaction import first_trash
from envdeck.core.operations.upgrade.interpreter import Repair
from envdeck.core.operations.upgrade.model import Cleanup, InstallChange, LockChange, Resolution
from envdeck.core.system import reach


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradePlan(ReplacePlan):
    """An environment to be changed in a copy that takes its place."""

    runner: ClassVar[str] = "envdeck.core.operations.upgrade.run"
    change: Resolution | InstallChange | LockChange | Repair | Cleanup
    """What is done in the copy."""
    tried: frozenset[str] | None
    """The distributions whose import is tried; None for all."""


def no_plan(failure: Failure) -> NoPlan:
    """Return a failure as why there is no plan."""
    return NoPlan(failure.cause, failure.hint, missing=failure.kind is FailureKind.MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedChange:
    """What is changed in the copy, and how a person is told."""

    change: Resolution | InstallChange | LockChange | Repair | Cleanup
    operation: Operation = Operation.UPGRADE
    package_changes: tuple[PackageChange, ...] | None
    source: PackageSource
    facts: tuple[Fact, ...] = ()
    middle: Callable[[str, BuildSpec], tuple[Step, ...]]
    """Returns the steps between making the copy and checking it, given where it will lie."""
    warnings: tuple[str, ...]
    refusals: tuple[Refusal, ...] = ()
    """What stands in the way, besides the guards."""
    tried: frozenset[str] | None = None
    """The distributions whose import is tried; None for all."""
    done: str


def staged_plan(
    context: Context,
    environment: Environment,
    wanted: StagedChange,
    *,
    allow: frozenset[str],
    installed: Installed | None = None,
) -> UpgradePlan | NoPlan:
    """Return the plan of a change that is made in a copy of an environment.

    `installed` is what was read before anything was asked; by default, it is read now. There is
    no plan where a link would have the change made outside of the copy.
    """
    host = context.catalog.host
    link = next(folder_links(environment.path), None)
    if link is not None:
        return NoPlan(say_shared(environment.path, link), hint=SHARED_HINT)
    installed = installed or Installed.of(environment)
    identifier = new_id(host)
    trash = first_trash(environment.path, context.store)
    staged = os.path.join(trash, identifier, ENVIRONMENT)
    machine = guard_context(context)
    target = Target(
        environment.path,
        environment.identity,
        environment.name,
        (*wanted.facts, *inherited_facts(environment, host)),
        mark_of(environment.path),
    )
    blueprint = BuildSpec(
        path=environment.path,
        interpreter=environment.python.base_executable or "",
        creator=VenvCreator(host, host.home),
        creation=environment.creation,
        source=wanted.source,
        downloads=context.policy.downloads,
        offline=context.policy.offline
        or (wanted.source.needs_index and is_cut_off(context, environment.path)),
    )
    steps = (
        Step(f"Create a hard-linked copy at {staged}"),
        *wanted.middle(staged, blueprint),
        Step("Check dependencies and imports"),
        Step(f"Swap in {environment.name} and move the old one to trash"),
    )
    return UpgradePlan(
        id=identifier,
        operation=wanted.operation,
        targets=(target,),
        steps=steps,
        package_changes=wanted.package_changes,
        warnings=wanted.warnings,
        refusals=(
            *obstacles(wanted.operation, target, environment, machine, allow),
            *not_writable(environment.path),
            *wanted.refusals,
            *no_room(environment.path, None, context.store),
        ),
        allowed=allow,
        offers=failed_before(environment.path, context.store),
        frees_now_bytes=0,
        undo=f"envdeck undo {identifier}",
        kept_until=context.policy.kept_until(host.now()),
        environment=environment,
        recipe=freeze(environment, quick=True, heads=installed.heads),
        installed=installed,
        blueprint=blueprint,
        change=wanted.change,
        tried=wanted.tried,
        done=wanted.done,
    )


SHARED_HINT = "replace the link with a folder, or recreate the environment"


def say_shared(path: str, link: str) -> str:
    """Say why nothing is changed in a copy that shares a folder."""
    full = os.path.join(path, link)
    return (
        f"{link} is a symlink to {reach.realpath(full)}: packages would be"
        " installed there, which could not be undone"
    )


def add_edits(
    plan: UpgradePlan, names: frozenset[str], *, keep: bool, became: str = "upgraded"
) -> UpgradePlan:
    """Return a plan that tells of the edited files in the distributions that it replaces;
    `became` says what becomes of those."""
    edits = find_edits(plan.environment, names)
    target = plan.targets[0]
    target = replace(target, facts=(*target.facts, *edit_facts(edits)), edits=edits)
    warnings = (*plan.warnings, *upgrade_warnings(edits, keep=keep, became=became))
    return replace(
        plan,
        targets=(target,),
        warnings=warnings,
        keep_edits=keep,
        replaced_edits=edits.count,
    )
