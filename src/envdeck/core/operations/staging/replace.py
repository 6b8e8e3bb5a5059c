"""Putting a new environment in the place of an old one, once it is made and proved."""

import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    CACHES,
    Claims,
    Distribution,
    Ending,
    Environment,
    PackageChange,
    Plan,
    Result,
    StepStarted,
    refused,
)
from envdeck.core.operations.disk.links import expect_movable
from envdeck.core.operations.engine.failure import BuildError
from envdeck.core.operations.guards.check import guard_context, obstacles
from envdeck.core.operations.recipe.recipe import Recipe
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.shared.describe import manifest_of
from envdeck.core.operations.staging.changes import (
    BuildTraces,
    ChangeMonitor,
    Installed,
    changed_between,
    changes_between,
    named,
    packages_of,
)
from envdeck.core.operations.staging.stage import BuildSpec, StagedBuild
from envdeck.core.operations.transaction.journal import Entry, Move
from envdeck.core.operations.transaction.picture import Picture, describe_changes
from envdeck.core.operations.transaction.transaction import Transaction, transaction, trash_of
from envdeck.core.system.files import reason_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacePlan(Plan):
    """An environment that another one takes the place of."""

    environment: Environment
    blueprint: BuildSpec
    recipe: Recipe
    """What is installed."""
    done: str
    """What is said when it is done: `4 packages of api/.venv are upgraded`."""
    installed: Installed = field(repr=False)
    """What was installed when it was planned."""

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs."""
        project = self.environment.project.path
        return Claims(
            changes=frozenset(target.path for target in self.targets),
            alone=frozenset([project] if project else []),
            reads=frozenset({self.blueprint.interpreter, CACHES}),
        )

    def read_result(self) -> tuple[Environment, tuple[Distribution, ...]] | None:
        """Return what was read for the plan; see the base class."""
        same = self.installed.packages == packages_of(self.environment)
        return (self.environment, self.installed.distributions) if same else None


def replace_environment(
    plan: ReplacePlan,
    build: Callable[[StagedBuild], list[str]],
    context: Context,
    tell: Tell,
    stopped: Stopped,
) -> Result:
    """Ask the guards again, build, and exchange; or leave everything as it is.

    `build` makes and proves the new one, and returns what was verified. Raises `OSError` where
    the disk refuses: then everything is as it was too.
    """
    target = plan.targets[0]
    against = obstacles(
        plan.operation, target, plan.environment, guard_context(context), plan.allowed
    )
    if against:
        return refused(against[0])
    store = context.store
    entry = replace(
        Entry.begin(plan, plan.id, Move.EXCHANGE, target, plan.environment),
        bytes_aside=plan.reclaims_bytes,
    )
    builds = BuildTraces.read(plan.recipe, plan.environment.project.path)
    unable: OSError | None = None
    current: Transaction | None = None
    for trash in trash_of(plan.environment.path, store):
        try:
            with transaction(store, entry) as current:
                with ThreadPoolExecutor(1) as aside:  # the disk is waited for
                    taking = aside.submit(Picture.take, plan.environment.path)
                    current.open_item(trash)
                picture = current.take_picture(taking.result())
                current.describe(
                    manifest_of(
                        current.entry,
                        plan.environment,
                        store,
                        plan.recipe.freeze_lines(),
                        edits=target.edits,
                    )
                )
                expect_movable(plan.environment.path, current.entry.item)  # it has a manifest
                _check_planned(plan)
                watch = ChangeMonitor.start(plan.environment, picture, plan.installed.packages)
                building = StagedBuild(
                    plan.blueprint,
                    current,
                    store,
                    tell,
                    stopped,
                    project=plan.environment.project.path,
                    allowed=plan.allowed,
                    watch=watch,
                )
                verified = build(building)
                watch = _caught_up(plan, watch, building, verified)
                if stopped():
                    raise BuildError("cancelled", stopped=True)
                tell(StepStarted(len(plan.steps) - 1, plan.steps[-1].title))
                changes = _package_changes(plan, building)
                current.swap_in()
                verified += _come_late(watch, current, plan)
        except BuildError as error:
            changed = () if current is None else current.entry.changed
            hint = error.way_out(plan.environment.path, store)
            result = _rolled_back(error.message, hint, changed, stopped=error.stopped)
            if traces := builds.changes():
                told = f"{result.message}; rewritten by a build: {named(traces)}"
                result = replace(result, message=told)
            return replace(result, guard=error.guard)
        except OSError as error:
            if current is not None and current.entry.changed:
                return _rolled_back(reason_of(error), "", current.entry.changed)
            if error.errno != errno.EXDEV:  # another trash may do
                raise
            unable = error
        else:
            return Result(Ending.DONE, plan.done, verified=tuple(verified), package_changes=changes)
    raise unable or OSError(errno.ENOENT, "no location available for staging")


def _package_changes(plan: ReplacePlan, building: StagedBuild) -> tuple[PackageChange, ...]:
    """Return what became of packages, what was installed again at its version included."""
    again = [each for each in plan.package_changes or () if each.before == each.after]
    found = changes_between(plan.environment, building.environment())
    return tuple(sorted([*found, *again], key=lambda each: each.name))


def _rolled_back(why: str, hint: str, changed: tuple[str, ...], *, stopped: bool = False) -> Result:
    """Return the result of one that was given up; it says so where the old one has changed."""
    if not changed:
        message = f"nothing changed: {why}"
        return Result(Ending.ROLLED_BACK, message, hint=hint, stopped=stopped)
    return Result(
        Ending.ROLLED_BACK,
        f"rolled back: {why}; {describe_changes(changed)}",
        hint=hint or "check those files: another program wrote to them",
        stopped=stopped,
    )


def _check_planned(plan: ReplacePlan) -> None:
    changed = changed_between(plan.installed.packages, packages_of(plan.environment))
    if changed:
        raise BuildError(
            f"packages changed since the plan was made: {named(changed)}",
            hint="run it again",
        )


def _caught_up(
    plan: ReplacePlan, watch: ChangeMonitor, building: StagedBuild, verified: list[str]
) -> ChangeMonitor:
    """Carry over what came while it was built, and say so; raise where packages came, or where
    it cannot be. Returns how the old one was then: what comes after that came late."""
    environment = watch.environment
    packages = changed_between(plan.installed.packages, packages_of(environment))
    if packages:
        raise BuildError(
            f"packages changed during the operation: {named(packages)}",
            hint="try again when nothing else installs packages",
        )
    if watch.suspects(environment.path) is None:
        return watch
    last = ChangeMonitor.start(environment)  # before the files are looked at
    last.follow(watch.files)
    found = watch.arrived(environment.path, building.environment(), overwrite=True)
    left = (*found.packages, *found.left)
    if left:
        raise BuildError(
            f"cannot carry over files added or changed during the operation: {named(left)}",
            hint="try again when nothing else writes to the environment",
        )
    last.follow(found.carried)
    if found.carried:
        building.store.disk.settle_tree(building.folder)
        verified.append(f"carried over, added during the operation: {named(found.carried)}")
    return last


def _come_late(watch: ChangeMonitor, current: Transaction, plan: ReplacePlan) -> list[str]:
    """Copy what came in the last moments out of the old one, which is in the trash by now.

    The exchange holds in any case: what cannot be brought over is said by name.
    """
    folder = current.staged
    undo = f"`envdeck undo {plan.id}` restores the old environment"
    try:
        found = watch.arrived(folder, plan.environment, overwrite=False)
    except OSError as error:
        return [f"the last added files are only in the trash ({reason_of(error)}): {undo}"]
    said = []
    if found.carried:
        said.append(f"carried over, added last: {named(found.carried)}")
    if found.left or found.packages:
        what = named((*found.left, *found.packages))
        said.append(f"changed last, only in the trash: {what}; {undo}")
    return said
