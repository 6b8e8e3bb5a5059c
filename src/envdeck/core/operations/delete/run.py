"""Deleting as it was planned: a rename into the trash, after every guard was asked again."""

import errno
import os
from collections.abc import Callable, Sequence

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Ending, Refusal, Result, StepStarted, refused
from envdeck.core.operations.delete.plan import DeletePlan, Removal, command_of_owner, refusals_of
from envdeck.core.operations.delete.purge import conclude_purge, purge_one
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.guards.check import UNOWNED, guard_context, not_shown, unowned_now
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.shared.describe import manifest_of
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.places import ENVIRONMENT
from envdeck.core.operations.transaction.spare import PurgeRequest
from envdeck.core.operations.transaction.transaction import (
    BusyError,
    OperationStore,
    ReplacedError,
    UnclearError,
    transaction,
    trash_of,
)
from envdeck.core.operations.transaction.trash import TrashManifest, read_item
from envdeck.core.operations.undo.plan import UndoAction
from envdeck.core.operations.undo.run import run_action


def run(plan: DeletePlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    """Ask every guard again, for all of them, and only then act; all go, or none."""
    machine = guard_context(context, plan.known)
    # What nobody owns is asked for once more when nobody can add to it: in the trash.
    quick = plan.allowed | {UNOWNED}
    for removal in plan.removals:
        against = refusals_of(removal, machine, plan.allowed if plan.purge else quick)
        if against:
            return refused(against[0])
    targets = [removal.target for removal in plan.removals if plan.purge]
    # What goes for good makes room for its own removal on a full disk.
    with context.store.spare.lend_room(PurgeRequest(each.path, each.identity) for each in targets):
        return _delete_all(plan, context, tell, stopped)


def _delete_all(plan: DeletePlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    done: list[Entry] = []
    owned: list[Removal] = []
    # What can be brought back goes first: what its owner removes is gone, whatever comes then.
    for index, removal in sorted(enumerate(plan.removals), key=lambda each: bool(each[1].owner)):
        number = f"-{index + 1}" if len(plan.removals) > 1 else ""
        if stopped():
            restore_all(done, context.store)
            message = "cancelled" if owned else "cancelled: nothing deleted"
            return _but_for(Result(Ending.ROLLED_BACK, message, stopped=True), owned)
        tell(StepStarted(index, f"Move {removal.target.name} to the trash"))
        if removal.owner is not None:
            result = _remove_by_owner(removal, f"{plan.id}{number}", plan, context, tell, stopped)
            if result is not None:
                restore_all(done, context.store)
                return _but_for(result, owned)
            owned.append(removal)
            continue
        try:
            entry = _move_to_trash(removal, f"{plan.id}{number}", plan, context)
        except (OSError, BusyError, ReplacedError, UnclearError):
            restore_all(done, context.store)
            raise
        if isinstance(entry, Result):
            restore_all(done, context.store)
            return entry
        done.append(entry)
    if plan.purge:
        purged = _purge(done, plan, context.store, tell)
        is_done = purged.status is Ending.DONE
        return replace(purged, message=_summary(plan)) if is_done else purged
    hint = f"use `envdeck undo {plan.id}` to restore what is in the trash" if done and owned else ""
    return Result(Ending.DONE, _summary(plan), hint=hint, verified=_verified(plan))


def _move_to_trash(
    removal: Removal, identifier: str, plan: DeletePlan, context: Context
) -> Entry | Result:
    """Move one into the trash; where files have come that were not shown, move it back."""
    store, environment = context.store, removal.environment
    entry = Entry.begin(plan, identifier, Move.ASIDE, removal.target, environment)
    if environment.size is not None:
        entry = replace(entry, bytes_aside=environment.size.reclaimable_bytes)
    moved = move_to_trash(
        entry, store, lambda current: _manifest(current, removal, store), needed=not plan.purge
    )
    come = _come_since(removal, os.path.join(moved.item, ENVIRONMENT), plan)
    if not come:
        return moved
    _restore(moved, store)
    return refused(not_shown(come))


def move_to_trash(
    entry: Entry,
    store: OperationStore,
    describe: Callable[[Entry], TrashManifest],
    *,
    needed: bool,
) -> Entry:
    """Move what an entry names into the first trash that takes it; without a manifest where the
    disk is full and none is `needed`. Raises `OSError`, and what :func:`transaction` does."""
    unable: OSError | None = None
    for trash in trash_of(entry.path, store):
        try:
            with transaction(store, entry) as current:
                current.open_item(trash)
                current.describe(describe(current.entry), needed=needed)
                current.move_to_trash()
        except OSError as error:
            unable = error
            continue
        return current.entry
    raise unable or OSError(errno.ENOENT, "no location available for a trash", entry.path)


def _manifest(entry: Entry, removal: Removal, store: OperationStore) -> TrashManifest:
    known = manifest_of(
        entry,
        removal.environment,
        store,
        removal.freeze,
        removal.unowned,
        removal.target.edits,
    )
    if removal.link is not None:
        return replace(known, is_link=True, disk_bytes=None, reclaimable_bytes=None, cfg="")
    return known


def _come_since(removal: Removal, folder: str, plan: DeletePlan) -> frozenset[str]:
    if removal.link is not None or plan.purge:
        return frozenset()
    return unowned_now(removal.environment, folder) - removal.unowned


def _restore(entry: Entry, store: OperationStore) -> None:
    there = store.disk.identity(os.path.join(entry.item, ENVIRONMENT))
    back = UndoAction(entry, entry.path, store.disk.identity(entry.path), there)
    run_action(back, f"{entry.id}-back", entry.group, store)


def restore_all(done: Sequence[Entry], store: OperationStore) -> None:
    """Put what was moved to the trash back into its place."""
    for entry in reversed(done):
        _restore(entry, store)


def _but_for(result: Result, owned: Sequence[Removal]) -> Result:
    """Return a result that says what is gone all the same."""
    if not owned:
        return result
    message = f"{result.message}; {_owned_words(owned)}, everything else unchanged"
    return replace(result, status=Ending.FAILED, message=message)


def _remove_by_owner(
    removal: Removal,
    identifier: str,
    plan: DeletePlan,
    context: Context,
    tell: Tell,
    stopped: Stopped,
) -> Result | None:
    """Have the owner remove one; return why that failed, or None."""
    store, environment = context.store, removal.environment
    command = command_of_owner(removal.owner or (), environment, store.host)
    if isinstance(command, Refusal):
        return refused(command)
    entry = Entry.begin(plan, identifier, Move.OWNER, removal.target, environment)
    with transaction(store, entry) as current:
        current.note(Phase.MOVING)
        ended = Runner(store.host, keep=current.keep).run(command, tell, stopped)
        gone = store.disk.identity(environment.path) is None
        if ended.ok and gone:
            current.close(Phase.DONE, f"deleted by {environment.manager}")
            return None
        why = ended.tail[-1] if ended.tail else f"exit code {ended.code}"
        phase = Phase.ATTENTION if gone or ended.stopped else Phase.ROLLED_BACK
        current.close(phase, f"{environment.manager} failed to delete it: {why}")
    return Result(
        Ending.ROLLED_BACK,
        f"{environment.manager} failed to delete it: {why}",
        hint=f"run it manually for details: {' '.join(removal.owner or ())}",
        stopped=ended.stopped,
    )


def _purge(done: Sequence[Entry], plan: DeletePlan, store: OperationStore, tell: Tell) -> Result:
    """Remove them from the trash, each for itself, and return how that ended."""
    moved = [PurgeRequest(entry.item, store.disk.identity(entry.item)) for entry in done]
    results = []
    with store.spare.lend_room(moved):
        for index, entry in enumerate(done):
            tell(StepStarted(len(plan.removals) + index, f"Delete {entry.name} permanently"))
            item = read_item(entry.item, store.disk)
            results.append(purge_one(item, f"{entry.id}-purge", plan.id, store, tell))
    return conclude_purge(results)


def _summary(plan: DeletePlan) -> str:
    moved = [removal for removal in plan.removals if removal.owner is None]
    owned = [removal for removal in plan.removals if removal.owner is not None]
    said = []
    if moved and plan.purge:
        said.append(f"{_name(moved)} permanently deleted")
    elif moved:
        said.append(f"{_name(moved)} moved to trash")
    if owned:
        said.append(_owned_words(owned))
    return "; ".join(said)


def _owned_words(owned: Sequence[Removal]) -> str:
    tools = " and ".join(sorted({removal.environment.manager for removal in owned}))
    return f"{_name(owned)} permanently deleted by {tools}"


def _name(removals: Sequence[Removal]) -> str:
    if len(removals) > 1:
        return f"{len(removals)} environments"
    link = removals[0].link
    return removals[0].target.name if link is None else f"symlink {link}"


def _verified(plan: DeletePlan) -> tuple[str, ...]:
    if plan.purge:
        return ()
    moved = [one for one in plan.removals if one.owner is None and one.link is None]
    if not moved:
        return ()
    return ("contents unchanged since preview",)
