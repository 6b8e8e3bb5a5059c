"""Putting a new environment in the place of an old one, once it is made and proved."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envdeck.core.model import Ending, Environment, Plan, Result, StepStarted
from envdeck.core.operations.asking import moment_of, obstacles
from envdeck.core.operations.blueprint import Blueprint
from envdeck.core.operations.describing import manifest_of
from envdeck.core.operations.journal import Entry, Move, Phase
from envdeck.core.operations.rebuilding import Building, GivenUpError
from envdeck.core.operations.transaction import transaction, trash_of

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations, Stopped, Tell

_OTHER_DISK = 18
"""EXDEV: another trash may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacePlan(Plan):
    """An environment that another one takes the place of."""

    environment: Environment
    blueprint: Blueprint
    freeze: tuple[str, ...]
    """What is installed, for the manifest: one requirement line a distribution."""
    done: str
    """What is said when it is done: `4 packages of api/.venv are upgraded`."""


def replace_environment(
    plan: ReplacePlan,
    build: Callable[[Building], list[str]],
    operations: "Operations",
    tell: "Tell",
    stopped: "Stopped",
) -> Result:
    """Ask the guards again, build, and exchange; or leave everything as it is.

    `build` makes and proves the new one, and returns what was verified. Raises `OSError` where
    the disk refuses: then everything is as it was too.
    """
    target = plan.targets[0]
    against = obstacles(
        plan.operation, target, plan.environment, moment_of(operations), plan.allowed
    )
    if against:
        first = against[0]
        return Result(Ending.REFUSED, first.message, hint=first.hint, guard=first.guard)
    ground = operations.ground
    unable: OSError | None = None
    for trash in trash_of(plan.environment.path, ground):
        try:
            with transaction(ground, _entry(plan)) as current:
                current.open_item(trash)
                current.describe(manifest_of(current.entry, plan.environment, ground, plan.freeze))
                verified = build(Building(plan.blueprint, current, ground, tell, stopped))
                if stopped():
                    raise GivenUpError("it was stopped", stopped=True)
                tell(StepStarted(len(plan.steps) - 1, plan.steps[-1].title))
                current.put_in_place()
        except GivenUpError as error:
            return Result(
                Ending.ROLLED_BACK,
                f"everything is as it was: {error.message}",
                hint=error.hint,
                stopped=error.stopped,
            )
        except OSError as error:
            if error.errno != _OTHER_DISK:
                raise
            unable = error
        else:
            return Result(Ending.DONE, plan.done, verified=tuple(verified))
    raise unable if unable is not None else OSError(2, "there is no place to build it")


def _entry(plan: ReplacePlan) -> Entry:
    environment = plan.environment
    return Entry(
        id=plan.id,
        group=plan.id,
        operation=plan.operation,
        move=Move.EXCHANGE,
        phase=Phase.PREPARED,
        path=environment.path,
        item="",
        old=plan.targets[0].identity,
        name=environment.name,
        manager=environment.manager,
        python=environment.python.version or "",
        bytes_aside=plan.reclaims_bytes,
    )
