"""Run any plan: refusals, command log, errors as results; recovery at start."""

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

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
from envdeck.core.operations.disk import NotOneDiskError, is_full
from envdeck.core.operations.guards.base import read_only, refused
from envdeck.core.operations.guards.check import replaced
from envdeck.core.operations.shared.space import find_shortage, hint_for, hint_for_plan
from envdeck.core.operations.transaction.command_log import CommandLog
from envdeck.core.operations.transaction.journal import Entry, Move
from envdeck.core.operations.transaction.places import (
    LockHeld,
    former_trash,
    is_ours_alone,
    lock,
    written_by,
)
from envdeck.core.operations.transaction.resolve import item_problem, settle
from envdeck.core.operations.transaction.spare import PurgeRequest
from envdeck.core.operations.transaction.transaction import (
    BusyError,
    OperationStore,
    ReplacedError,
    UnclearError,
)
from envdeck.core.system.files import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from envdeck.core.operations.shared.context import Context, Stopped, Tell


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
            from envdeck.core.operations.delete.plan import DeletePlan
            from envdeck.core.operations.delete.run import run_delete

            if isinstance(plan, DeletePlan):
                return partial(run_delete, plan)
        case "UndoPlan":
            from envdeck.core.operations.undo.plan import UndoPlan
            from envdeck.core.operations.undo.run import run_undo

            if isinstance(plan, UndoPlan):
                return partial(run_undo, plan)
        case "PurgePlan":
            from envdeck.core.operations.delete.purge import PurgePlan, run_purge

            if isinstance(plan, PurgePlan):
                return partial(run_purge, plan)
        case "RecreatePlan":
            from envdeck.core.operations.recreate.plan import RecreatePlan, run_recreate

            if isinstance(plan, RecreatePlan):
                return partial(run_recreate, plan)
        case "UpgradePlan":
            from envdeck.core.operations.upgrade.staged import UpgradePlan, run_upgrade

            if isinstance(plan, UpgradePlan):
                return partial(run_upgrade, plan)
        case "CreatePlan":
            from envdeck.core.operations.create import CreatePlan, run_create

            if isinstance(plan, CreatePlan):
                return partial(run_create, plan)
        case "EditPlan":
            from envdeck.core.operations.edit.plan import EditPlan
            from envdeck.core.operations.edit.run import run_edit

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


def _without_room(error: OSError, plan: Plan, ground: OperationStore) -> Result:
    """Return the result where a disk is full and no room could be found for the journal."""
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
        case errno.EXDEV:
            return _OTHER_DISK.get(operation, "")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "see who may write there: the folder and the one above it"
    return ""


_OTHER_DISK = {
    Operation.DELETE: "it cannot be moved into a trash there; `--purge` deletes it for good",
    Operation.UNDO: "give a path on the disk where its trash is; `envdeck trash` lists it",
}


def pending(ground: OperationStore) -> tuple[Entry, ...]:
    """Return the operations that are not over, oldest first."""
    entries, _ = ground.journal.read_all()
    return tuple(entry for entry in entries if not entry.phase.over)


def recover(ground: OperationStore) -> tuple[Entry, ...]:
    """Bring to an end what nobody works on any more, and return what is over now.

    The lock tells whether somebody does: children of a program that was killed hold it on. One
    that the disk refuses to settle stays pending, and comes back with the reason as its message.
    """
    sweep(ground)
    waiting = pending(ground)
    with ground.spare.giving(
        PurgeRequest(entry.item, entry.old) for entry in waiting if entry.move is Move.REMOVE
    ):
        return _settle_all(waiting, ground)


def _settle_all(waiting: Iterable[Entry], ground: OperationStore) -> tuple[Entry, ...]:
    done = []
    for entry in waiting:
        try:
            held = lock(entry.path, ground.places.locks, ground.disk, entry.id)
        except OSError as error:
            done.append(_stuck(entry, error, ground))
            continue
        if isinstance(held, LockHeld):
            continue
        with held:
            current = ground.journal.read(entry.id)  # it may have ended since it was read
            if not isinstance(current, Entry) or current.phase.over:
                continue
            try:
                done.append(settle(current, ground.disk, ground.journal))
            except OSError as error:
                done.append(_stuck(current, error, ground))
    return tuple(done)


def _stuck(entry: Entry, error: OSError, ground: OperationStore) -> Entry:
    why = reason_of(error)
    if is_full(error):
        shortage = find_shortage(error, entry.path, ground)
        why = f"{shortage}; {hint_for(shortage, ground)}"
    return replace(entry, message=f"cannot be settled: {why}")


def sweep(ground: OperationStore) -> None:
    """Remove what a program that was killed while it wrote a file left beside that file."""
    clock = os.path.dirname(ground.places.clock)
    folders = [ground.places.journal, clock, ground.places.trash]
    if (former := former_trash(ground.host)) is not None:
        folders.append(former)
    for entry in pending(ground):
        if entry.item and not item_problem(entry, ground.journal):
            folders += [os.path.dirname(entry.item), entry.item]
    for folder in dict.fromkeys(folders):
        if not is_ours_alone(folder):
            continue
        try:
            names = os.listdir(folder)
        except OSError:  # not there yet, or not ours to list: then there is nothing to sweep
            continue
        for name in names:
            found = written_by(name)
            if found is not None and not _runs(found[1]):
                with suppress(OSError):  # it does no harm; the next recovery tries again
                    ground.disk.remove_file(os.path.join(folder, name))


def _runs(pid: int) -> bool:
    """Tell whether a process runs. Asked only for a file's sake: a number that was given anew
    keeps a leftover a little longer."""
    import psutil  # takes 20 ms, and only a crash asks for it

    return bool(psutil.pid_exists(pid))
