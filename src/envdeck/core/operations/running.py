"""Running a plan: what holds for all of them, whatever they do."""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from envdeck.core.files import reason_of
from envdeck.core.model import (
    CommandEnded,
    CommandStarted,
    Ending,
    Operation,
    OperationEvent,
    OutputLine,
    Plan,
    Refusal,
    Result,
    Target,
)
from envdeck.core.operations.asking import replaced
from envdeck.core.operations.command_log import CommandLog
from envdeck.core.operations.disk import NotOneDiskError, is_full
from envdeck.core.operations.guards.guard import read_only, refused
from envdeck.core.operations.transaction import (
    BusyError,
    Ground,
    ReplacedError,
    UnclearError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from envdeck.core.operations.context import Context, Stopped, Tell


def run(operations: "Context", plan: Plan, tell: "Tell", stopped: "Stopped") -> Result:
    """Run a plan to its end, and keep the log of every command that it really ran."""
    if operations.policy.read_only:
        return refused(read_only())
    if plan.refusals:
        return refused(plan.refusals[0])
    ground = operations.ground
    # What a project's own command prints is its own: it may well be a secret.
    logged = plan.operation is not Operation.RUN
    log = CommandLog(ground.journal.log_file(plan.id), ground.host)

    def told(event: OperationEvent) -> None:
        if logged and isinstance(event, CommandStarted | CommandEnded | OutputLine):
            log.write(event)
        tell(event)

    ground.spare.keep()
    try:
        result = _runner(plan)(operations, told, stopped)
    except BusyError as error:
        return refused(Refusal("in-use", str(error), hint="wait until it has ended"))
    except ReplacedError as error:
        return refused(replaced(Target(str(error))))
    except UnclearError as error:
        return Result(Ending.ROLLED_BACK, str(error), hint=f"`envdeck history` lists {plan.id}")
    except OSError as error:
        if is_full(error):
            return _without_room(error, plan, ground)
        return Result(Ending.ROLLED_BACK, _sentence(error), hint=_hint(error, plan.operation))
    finally:
        log.close()
        ground.spare.keep()
    with suppress(OSError):  # a long history is no reason for a done operation to fail
        ground.journal.forget_oldest()
        ground.clock.keep(ground.clock.now())
    if result.status is Ending.DONE and plan.operation not in _OF_NO_ENVIRONMENT:
        for target in plan.targets:
            operations.catalog.changed(target.path)
    return result


def _runner(plan: Plan) -> "Callable[[Context, Tell, Stopped], Result]":
    """Return what runs a plan. Only that is loaded: a person who said yes waits for it."""
    match type(plan).__name__:
        case "DeletePlan":
            from envdeck.core.operations.delete import DeletePlan
            from envdeck.core.operations.deleting import run_delete

            if isinstance(plan, DeletePlan):
                return partial(run_delete, plan)
        case "UndoPlan":
            from envdeck.core.operations.returning import run_undo
            from envdeck.core.operations.undo import UndoPlan

            if isinstance(plan, UndoPlan):
                return partial(run_undo, plan)
        case "PurgePlan":
            from envdeck.core.operations.purge import PurgePlan, run_purge

            if isinstance(plan, PurgePlan):
                return partial(run_purge, plan)
        case "RecreatePlan":
            from envdeck.core.operations.recreate import RecreatePlan, run_recreate

            if isinstance(plan, RecreatePlan):
                return partial(run_recreate, plan)
        case "UpgradePlan":
            from envdeck.core.operations.staged import UpgradePlan, run_upgrade

            if isinstance(plan, UpgradePlan):
                return partial(run_upgrade, plan)
        case "CreatePlan":
            from envdeck.core.operations.create import CreatePlan, run_create

            if isinstance(plan, CreatePlan):
                return partial(run_create, plan)
        case "EditPlan":
            from envdeck.core.operations.editing.applying import run_edit
            from envdeck.core.operations.editing.plan import EditPlan

            if isinstance(plan, EditPlan):
                return partial(run_edit, plan)
        case "RunPlan":
            from envdeck.core.operations.run_command import RunPlan, run_command

            if isinstance(plan, RunPlan):
                return partial(run_command, plan)
    raise TypeError(f"no plan that can be run: {type(plan).__name__}")


_OF_NO_ENVIRONMENT = frozenset({Operation.PURGE, Operation.EDIT, Operation.RUN})


def _sentence(error: OSError) -> str:
    named = f": {error.filename}" if isinstance(error.filename, str) else ""
    return f"the system refused, and everything is as it was: {reason_of(error)}{named}"


def _without_room(error: OSError, plan: Plan, ground: Ground) -> Result:
    """Return the result where a disk is full and no room could be found for the journal."""
    from envdeck.core.operations.shortage import find_shortage, hint_for_plan

    shortage = find_shortage(error, plan.targets[0].path, ground)
    return Result(
        Ending.ROLLED_BACK,
        f"everything is as it was: {shortage}",
        hint=hint_for_plan(shortage, plan, ground),
    )


def _hint(error: OSError, operation: Operation) -> str:
    if isinstance(error, NotOneDiskError):
        return "see what is mounted there, and unmount it"
    match error.errno:
        case 18:  # EXDEV
            return _OTHER_DISK.get(operation, "")
        case 13 | 1 | 30:  # EACCES, EPERM, EROFS
            return "see who may write there: the folder and the one above it"
    return ""


_OTHER_DISK = {
    Operation.DELETE: "it cannot be moved into a trash there; `--purge` deletes it for good",
    Operation.UNDO: "give a path on the disk where its trash is; `envdeck trash` lists it",
}
