"""`DeletePlan`: targets, guards, whether a tree can be removed, the owner's own command."""

import os
from collections.abc import Mapping, Sequence
from typing import ClassVar

from envdeck.core.inspection.unowned import Unowned
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    TRASH_EMPTIED,
    Claims,
    Environment,
    Fact,
    Operation,
    Plan,
    ProjectState,
    Refusal,
    Step,
    Target,
)
from envdeck.core.operations.engine.command import Command
from envdeck.core.operations.guards.check import guard_context, obstacles, target_of, unchecked
from envdeck.core.operations.guards.context import GuardContext, GuardRequest
from envdeck.core.operations.guards.rules import owner_command
from envdeck.core.operations.recipe.edits import find_edits
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.shared.context import (
    Context,
    RememberedEnvironments,
    remembered_environments,
)
from envdeck.core.operations.shared.describe import edit_facts, loss_warnings
from envdeck.core.operations.sources.offer import rebuilt_from
from envdeck.core.operations.transaction.journal import new_id
from envdeck.core.system import reach
from envdeck.core.system.host import Host
from envdeck.core.system.words import counted, join_some

_FILES_NAMED = 5
"""Files that are named; more are counted."""


@dataclass(frozen=True, slots=True)
class Removal:
    """One environment, or one link to it, that is to go."""

    environment: Environment
    target: Target
    link: str | None = None
    """The link that goes alone, if so."""
    owner: tuple[str, ...] | None = None
    """The owner's own command, where the owner has to do it."""
    unowned: frozenset[str] = frozenset()
    """The files that no package owns, as they were shown."""
    freeze: tuple[str, ...] = ()
    """What is installed, for the manifest: one requirement line a distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePlan(Plan):
    """Environments to put into the trash."""

    runner: ClassVar[str] = "envdeck.core.operations.delete.run"
    removals: tuple[Removal, ...]
    purge: bool = False
    known: RememberedEnvironments = field(default_factory=RememberedEnvironments, repr=False)
    """What the index remembered, so that acting need not wait for it."""

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs."""
        tools = {one.owner[0] for one in self.removals if one.owner}
        return Claims(
            changes=frozenset(target.path for target in self.targets),
            alone=frozenset(tools | ({TRASH_EMPTIED} if self.purge else set())),
        )


def plan_delete(
    context: Context,
    environments: Sequence[Environment],
    links: Mapping[str, str],
    *,
    purge: bool,
    allow: frozenset[str],
) -> DeletePlan:
    """Plan to delete; see :meth:`Operations.plan_delete`."""
    host = context.catalog.host
    known = remembered_environments(context.catalog)
    machine = guard_context(context, known)
    removals: list[Removal] = []
    refusals: list[Refusal] = []
    warnings: list[str] = []
    steps: list[Step] = []
    for environment in environments:
        removal = _removal(environment, links.get(environment.path), machine, context, purge=purge)
        removals.append(removal)
        refusals += refusals_of(removal, machine, allow)
        named = f"{environment.name}: " if len(environments) > 1 else ""
        warnings += _warnings(removal, machine, named, purge=purge)
        steps += _steps(removal, purge=purge)
    identifier = new_id(host)
    plain = all(removal.owner is None for removal in removals)
    together = None
    if not any(removal.link for removal in removals):
        counted = context.catalog.together(environments)
        together = None if counted.unmeasured else counted.reclaimable_bytes
    undoable = plain and not purge
    return DeletePlan(
        id=identifier,
        operation=Operation.DELETE,
        targets=tuple(removal.target for removal in removals),
        steps=tuple(steps),
        warnings=tuple(dict.fromkeys(warnings)),
        refusals=tuple(refusals),
        allowed=allow,
        frees_now_bytes=together if not undoable else 0,
        reclaims_bytes=together,
        undo=f"envdeck undo {identifier}" if undoable else None,
        kept_until=context.policy.kept_until(host.now()) if undoable else None,
        removals=tuple(removals),
        purge=purge,
        known=known,
    )


def _removal(
    environment: Environment,
    link: str | None,
    machine: GuardContext,
    context: Context,
    *,
    purge: bool,
) -> Removal:
    if link is not None:
        identity = context.store.disk.identity(link)
        return Removal(environment, Target(link, identity, environment.name), link)
    owner = owner_command(environment, machine)
    unowned = machine.unowned(environment.path)
    target = target_of(environment)
    edits = find_edits(environment)
    kept = owner is None and not purge
    told = (*facts_of(environment, unowned, machine, kept=kept), *edit_facts(edits))
    return Removal(
        environment,
        replace(target, facts=told, edits=edits),
        owner=owner,
        unowned=frozenset(file.path for file in unowned.files),
        freeze=freeze(environment, quick=True).freeze_lines(),
    )


def facts_of(
    environment: Environment, unowned: Unowned, machine: GuardContext, *, kept: bool = True
) -> tuple[Fact, ...]:
    """Return what a person should know before an environment goes."""
    facts = [Fact("python", _python(environment))]
    if environment.project.path is not None:
        gone = "" if environment.project.state is ProjectState.FOUND else " (not found)"
        facts.append(Fact("project", f"{environment.project.path}{gone}"))
    facts.append(Fact("rebuild from", rebuilt_from(environment, kept=kept)))
    if unowned.count:
        names = (file.path for file in unowned.files)
        facts.append(Fact("your files", join_some(names, _FILES_NAMED, count=unowned.count)))
    running = machine.processes
    if running.hidden and not running.problem and not running.users_of(environment.path):
        facts.append(Fact("processes", "not in use (other users' processes are not visible)"))
    if environment.links:
        facts.append(Fact("links", f"will break: {', '.join(environment.links)}"))
    if machine.read_only:
        facts.append(Fact("mode", "read-only: no changes"))
    return tuple(facts)


def _python(environment: Environment) -> str:
    version = environment.python.version or "not known"
    count = environment.packages
    packages = "" if count is None else f", {counted(count, 'package')}"
    return f"{version}, {environment.manager}{packages}"


def refusals_of(
    removal: Removal, machine: GuardContext, allow: frozenset[str]
) -> tuple[Refusal, ...]:
    """Return what stands in the way of one now."""
    return obstacles(
        Operation.DELETE,
        removal.target,
        removal.environment,
        machine,
        allow,
        link=removal.link,
        by_owner=removal.owner is not None,
    )


def _warnings(
    removal: Removal, machine: GuardContext, named: str, *, purge: bool
) -> tuple[str, ...]:
    """Return why it may be a bad idea; `named` tells of which of several."""
    said = []
    if removal.owner is not None:
        said.append(
            f"{removal.environment.manager} deletes {removal.environment.name} itself:"
            " cannot be undone"
        )
    if purge or removal.owner is not None:
        said += [f"{named}{lost}" for lost in loss_warnings(removal.target.edits)]
    question = GuardRequest(
        operation=Operation.DELETE,
        target=removal.target,
        environment=removal.environment,
        link=removal.link,
        machine=machine,
    )
    return (*said, *unchecked(question))


def _steps(removal: Removal, *, purge: bool) -> list[Step]:
    name = removal.target.name
    if removal.link is not None:
        return [Step(f"Move the symlink {removal.link} to the trash")]
    if removal.owner is not None:
        return [Step(f"Delete {name} with {removal.environment.manager}", removal.owner)]
    steps = [Step(f"Move {name} to the trash")]
    if purge:
        steps.append(Step(f"Delete {name} permanently"))
    return steps


def command_of_owner(
    words: tuple[str, ...], environment: Environment, host: Host
) -> Command | Refusal:
    """Return the command with its program found on the host's own path, or why it cannot be."""
    name = words[0] if words else environment.manager
    program = reach.which(name, host.environ.get("PATH", os.defpath))
    if program is None:
        return Refusal(
            "owned-by-tool",
            f"managed by {name}, which is not on the PATH",
            hint=f"install {name}, or run `{' '.join(words)}` where it is available",
            path=environment.path,
        )
    kept = {
        key: value
        for key, value in host.environ.items()
        if key not in {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH"}
    }
    return Command((program, *words[1:]), host.home, kept)
