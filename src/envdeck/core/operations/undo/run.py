"""Acting on the plan of an undo: each operation is taken back as one of its own."""

import os

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Ending, Operation, Result, StepStarted, Target, refused
from envdeck.core.operations.guards.check import guard_context, not_shown, replaced
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.shared.describe import NOTED
from envdeck.core.operations.transaction.journal import Entry, Move
from envdeck.core.operations.transaction.places import ENVIRONMENT
from envdeck.core.operations.transaction.transaction import (
    OperationStore,
    ReplacedError,
    first_trash,
    transaction,
)
from envdeck.core.operations.transaction.trash import TrashManifest, read_item
from envdeck.core.operations.undo.plan import (
    CHANGED_LOCK,
    UndoAction,
    UndoPlan,
    changed_file,
    mark_of_file,
    obstacles_to,
    return_of,
)


def run(plan: UndoPlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    """Take them back, newest first. Each is whole by itself: what was taken back stays so."""
    store = context.store
    done: list[Entry] = []
    for index, each in enumerate(plan.returns):
        if stopped():
            return Result(
                Ending.DONE if done else Ending.ROLLED_BACK,
                f"cancelled: {len(done)} of {len(plan.returns)} undone",
                stopped=True,
            )
        machine = guard_context(context)
        to = None if each.path == each.entry.path else each.path
        now = return_of(each.entry, to, store, machine)
        refusals = obstacles_to(now, (), machine, plan.allowed, store)
        if refusals:
            return refused(refusals[0])
        if come := set(now.discarded.files) - set(each.discarded.files):
            return refused(not_shown(come))
        tell(StepStarted(index, plan.steps[index].title))
        number = f"-{index + 1}" if len(plan.returns) > 1 else ""
        try:
            now = replace(now, is_file_new=now.is_file_new and CHANGED_LOCK not in plan.allowed)
            done.append(run_action(now, f"{plan.id}{number}", plan.id, store))
        except ReplacedError:
            is_file = each.entry.is_file
            return refused(changed_file(each.path) if is_file else replaced(Target(each.path)))
    return Result(Ending.DONE, _summary(plan, done))


def _summary(plan: UndoPlan, done: list[Entry]) -> str:
    one = len(done) == 1
    all_environments = all(entry.python for entry in done)  # a folder of a cache has none
    what = "environments" if all_environments else "items"
    said = f"restored {plan.returns[0].path}" if one else f"restored {len(done)} {what}"
    left = [after for entry in done if (after := entry.message.partition("; ")[2])]
    return "; ".join([said, *left])


def run_action(each: UndoAction, identifier: str, group: str, store: OperationStore) -> Entry:
    """Take one operation back, as one of its own.

    Raises `OSError`, `BusyError`, and `ReplacedError` where something else is in its place by now.
    """
    before = each.entry
    entry = Entry(
        id=identifier,
        group=group,
        operation=Operation.UNDO,
        move=Move.BACK if before.move is Move.ASIDE else Move.EXCHANGE,
        path=each.path,
        item=before.item,
        old=each.here,
        new=each.there,
        keep_new=True,
        name=before.name,
        manager=before.manager,
        python=before.python,
        bytes_aside=before.bytes_aside,
        undoes=before.id,
        is_file=before.is_file,
        mark=mark_of_file(os.path.join(before.item, ENVIRONMENT)) if before.is_file else "",
    )
    if before.move is Move.EXCHANGE and before.old is None:
        return _discard(replace(entry, move=Move.ASIDE, item="", new=None), each, store)
    with transaction(store, entry) as current:
        if current.entry.move is Move.BACK:
            current.restore()
        else:
            current.describe_next(_manifest(current.entry, each, store))
            if before.file and not each.is_file_new:
                current.swap_file(before.file, before.file_if_not)
            mark = mark_of_file(each.path) if before.is_file else ""
            current.swap_in(lambda path: not mark or mark_of_file(path) == mark)
    return current.entry


def _discard(entry: Entry, each: UndoAction, store: OperationStore) -> Entry:
    """Put aside what had been created."""
    with transaction(store, entry) as current:
        current.open_item(first_trash(entry.path, store))
        current.describe(_manifest(current.entry, each, store))
        current.move_to_trash()
    return current.entry


def _manifest(entry: Entry, each: UndoAction, store: OperationStore) -> TrashManifest:
    """Return what is told of the one that goes to the trash."""
    known = read_item(entry.item, store.disk).manifest
    plain = TrashManifest(
        id=os.path.basename(entry.item),
        operation=entry.operation,
        path=entry.path,
        name=entry.name,
        manager=entry.manager,
        python=entry.python,
        put_at=store.host.now(),
        unowned=each.discarded.files[:NOTED],
    )
    if known is None:
        return plain
    return replace(
        known, operation=plain.operation, put_at=plain.put_at, freeze=(), unowned=plain.unowned
    )
