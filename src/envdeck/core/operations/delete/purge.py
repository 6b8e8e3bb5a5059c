"""Purging: what the trash keeps is removed for good, and only then is its room free."""

import os
import shlex
from collections.abc import Sequence
from typing import ClassVar

from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import (
    TRASH_EMPTIED,
    Claims,
    Ending,
    Fact,
    ItemResult,
    NoPlan,
    Operation,
    Plan,
    Refusal,
    Result,
    Step,
    StepProgress,
    StepStarted,
    Target,
)
from envdeck.core.operations.disk import RemainderError
from envdeck.core.operations.disk.permissions import check_removable, count_entries, mounted_in
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.shared.history import trashed
from envdeck.core.operations.transaction.journal import Entry, Move, Phase, new_id
from envdeck.core.operations.transaction.resolve import describe_remains, suggest_purge
from envdeck.core.operations.transaction.spare import PurgeRequest
from envdeck.core.operations.transaction.transaction import (
    BusyError,
    HalfPurgedError,
    OperationStore,
    ReplacedError,
    Transaction,
    transaction,
)
from envdeck.core.operations.transaction.trash import (
    Item,
    purge_name,
    read_item,
    remove_item,
    tidy,
)
from envdeck.core.system.words import counted, join_some


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgePlan(Plan):
    """Items of the trash, as they were shown."""

    runner: ClassVar[str] = "envdeck.core.operations.delete.purge"
    items: tuple[Item, ...]

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs: the places too that its items came from."""
        places = {one.manifest.path for one in self.items if one.manifest is not None}
        folders = {one.folder for one in self.items}
        return Claims(changes=frozenset(places | folders), alone=frozenset({TRASH_EMPTIED}))


def plan_purge(context: Context, identifiers: Sequence[str]) -> PurgePlan | NoPlan:
    """Plan to remove items for good: those named by their ids, or all."""
    everything = {item.id: item for item in trashed(context.store)}
    unknown = [name for name in identifiers if name not in everything]
    if unknown:
        return NoPlan(
            f"not in the trash: `{unknown[0]}`",
            hint="envdeck trash",
            missing=True,
        )
    chosen = [everything[name] for name in dict.fromkeys(identifiers)] or [*everything.values()]
    if not chosen:
        return NoPlan("the trash is empty", nothing=True)
    strange = [item for item in chosen if not item.ours]
    if strange and (identifiers or len(strange) == len(chosen)):
        first = strange[0]
        return NoPlan(
            f"{first.id} cannot be deleted: {first.problem}", hint=f"check {first.folder}"
        )
    return purge_of([item for item in chosen if item.ours], context.store)


def purge_of(items: Sequence[Item], store: OperationStore) -> PurgePlan:
    """Plan to remove these items for good; of several, those that can be."""
    mounted = {item.id: refusal for item in items if (refusal := _mounted(item, store))}
    chosen = [item for item in items if item.id not in mounted] or items
    refusals = tuple(mounted.values()) if len(chosen) == len(items) else ()
    left_out = () if refusals else tuple(refusal.message for refusal in mounted.values())
    known = [bytes_left for item in chosen if (bytes_left := item.reclaimable_bytes) is not None]
    freed = sum(known) if len(known) == len(chosen) else None
    return PurgePlan(
        id=new_id(store.host),
        operation=Operation.PURGE,
        targets=tuple(_target(item) for item in chosen),
        steps=tuple(Step(f"Delete {item.id} permanently") for item in chosen),
        warnings=(
            "deletes permanently: cannot be undone",
            *_edited(chosen),
            *(f"skipped: {why}" for why in left_out),
        ),
        refusals=refusals,
        frees_now_bytes=freed,
        reclaims_bytes=freed,
        items=tuple(chosen),
    )


def _edited(chosen: Sequence[Item]) -> tuple[str, ...]:
    """Name the installed files that a person had edited, which no index brings back."""
    paths = [
        os.path.join(item.manifest.path, path)
        for item in chosen
        if item.manifest is not None
        for path in item.manifest.edited
    ]
    if not paths:
        return ()
    files = counted(len(paths), "edited file")
    return (f"permanently deletes {files} of packages: {join_some(paths)}",)


def _mounted(item: Item, store: OperationStore) -> Refusal | None:
    point = mounted_in(item.folder, store.host)
    if not point:
        return None
    said = f"a disk is mounted in {item.id}: {point}"
    return Refusal("mount", said, shlex.join(["umount", point]), item.folder)


def _target(item: Item) -> Target:
    manifest = item.manifest
    facts = [] if manifest is None else [Fact("original path", manifest.path)]
    if manifest is not None and manifest.unowned:
        facts.append(Fact("your files", ", ".join(manifest.unowned[:5])))
    if manifest is not None and manifest.edited:
        facts.append(Fact("edited files", join_some(manifest.edited, 5)))
    if item.problem:
        facts.append(Fact("problem", item.problem))
    name = item.id if manifest is None else manifest.name
    return Target(item.folder, item.identity, name, tuple(facts))


def run(plan: PurgePlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    """Remove the items one after the other; one that cannot be removed keeps no other. What is
    stopped goes on being removed later."""
    result = _remove_items(plan, context, tell, stopped)
    _forget_sizes(plan, context)
    return result


def _remove_items(plan: PurgePlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    store = context.store
    every = [PurgeRequest(item.folder, store.disk.identity(item.folder)) for item in plan.items]
    results: list[ItemResult] = []
    is_alone = len(plan.items) == 1
    with store.spare.lend_room(every):
        for index, item in enumerate(plan.items):
            if stopped():
                message = (
                    f"cancelled: {index} of {len(plan.items)} deleted, the rest stays in the trash"
                )
                return replace(conclude_purge(results), message=message, stopped=True)
            tell(StepStarted(index, plan.steps[index].title))
            identifier = plan.id if is_alone else f"{plan.id}-{index + 1}"
            results.append(purge_one(item, identifier, plan.id, store, tell, is_alone=is_alone))
    return conclude_purge(results)


def _forget_sizes(plan: PurgePlan, context: Context) -> None:
    """Have environments measured again that shared files with what went: those are theirs alone
    now."""
    devices = {
        item.identity.device
        for item in plan.items
        if item.identity is not None
        and (known := item.manifest) is not None
        and (known.disk_bytes or 0) > (known.reclaimable_bytes or 0)
    }
    for device in devices:
        context.catalog.forget_sizes(device)


def purge_one(
    item: Item,
    identifier: str,
    group: str,
    store: OperationStore,
    tell: Tell,
    *,
    is_alone: bool = False,
) -> ItemResult:
    """Remove one item for good, if it is what was shown, and return how that ended.

    Raises `OSError` where it is all there is to do and the system refused before anything was
    removed: that is said as for every operation.
    """
    hint, guard, freed = "", None, None
    try:
        if _is_another(item, store):
            status, message = Ending.REFUSED, f"{item.id} changed since the preview"
            hint, guard = "check again with `envdeck trash`", "not-an-environment"
        else:
            freed = purge_item(item, identifier, group, store, tell)
            status, message = Ending.DONE, "permanently deleted"
            if freed is None:
                message = "no longer in the trash"
    except BusyError as error:
        status, message, guard = Ending.REFUSED, str(error), "in-use"
        hint = "wait until it finishes"
    except ReplacedError as error:
        status, message = Ending.REFUSED, f"{error} changed since the preview"
        hint, guard = "check again with `envdeck trash`", "not-an-environment"
    except HalfPurgedError as error:
        status, message = Ending.FAILED, f"partly deleted, cannot be undone: {error}"
        hint, freed = error.hint, error.freed
    except OSError as error:
        if is_alone and not isinstance(error, RemainderError):
            raise
        status = Ending.ROLLED_BACK
        message = f"{describe_remains(error, item.folder, store.host)}; still complete in the trash"
        hint = suggest_purge(error, item.folder, item.id, store.host)
    known = item.manifest
    name, path = (item.id, item.folder) if known is None else (known.name, known.path)
    return ItemResult(item.id, path, name, status, message, hint, guard, freed)


def _is_another(item: Item, store: OperationStore) -> bool:
    """Tell whether an item holds something else than what was shown."""
    if store.disk.identity(item.folder) is None:
        return False
    return read_item(item.folder, store.disk).identity != item.identity


def conclude_purge(results: Sequence[ItemResult]) -> Result:
    """Return how a purge ended, from how it did for each item."""
    failed = [each for each in results if each.status is not Ending.DONE]
    purged = [
        each for each in results if each.status is Ending.DONE and each.freed_bytes is not None
    ]
    freed = sum(each.freed_bytes or 0 for each in results)
    items = tuple(results)
    if not failed:
        absent = len(results) - len(purged)
        said = [_count_items(len(purged), "permanently deleted")] if purged or not absent else []
        said += [_count_items(absent, "no longer in the trash")] if absent else []
        return Result(Ending.DONE, "; ".join(said), freed_bytes=freed, items=items)
    first = failed[0]
    if len(results) == 1:
        return Result(
            first.status, f"{first.name}: {first.message}", hint=first.hint, guard=first.guard,
            freed_bytes=first.freed_bytes, items=items,
        )  # fmt: skip
    more = f"; {len(failed) - 1:,} more failed" if len(failed) > 1 else ""
    is_changed = bool(purged) or any(each.status is Ending.FAILED for each in failed)
    return Result(
        Ending.FAILED if is_changed else Ending.ROLLED_BACK,
        f"{len(purged):,} of {len(results):,} permanently deleted; "
        f"{first.name}: {first.message}{more}",
        hint=first.hint,
        freed_bytes=freed,
        items=items,
    )


def _count_items(count: int, became: str) -> str:
    return f"{counted(count, 'item')} {became}"


def purge_item(
    item: Item, identifier: str, group: str, store: OperationStore, tell: Tell
) -> int | None:
    """Remove one item for good, and return the bytes really freed; None where it was no longer
    there.

    It is renamed first, so that an item is whole or going, and a removal that was interrupted is
    finished by recovery. Once a part of it is gone it never has its own name again, and can be
    removed only. Raises `OSError` where nothing was removed, and :class:`HalfPurgedError` where
    not all was.
    """
    manifest = item.manifest
    folder = os.path.join(os.path.dirname(item.folder), item.id)
    going = purge_name(folder)
    source = item.folder if store.disk.identity(item.folder) is not None else going
    old = store.disk.identity(source)
    entry = Entry(
        id=identifier,
        group=group,
        operation=Operation.PURGE,
        move=Move.REMOVE,
        path=manifest.path if manifest is not None else _path_of(folder, store),
        item=folder,
        old=old,
        name=manifest.name if manifest is not None else item.id,
        manager=manifest.manager if manifest is not None else "",
        python=manifest.python if manifest is not None else "",
    )
    if entry.old is None:
        return None
    freed = 0
    try:
        with (
            store.spare.lend_room([PurgeRequest(item.folder, old, going)]),
            transaction(store, entry) as current,
        ):
            _nobody_uses(entry, store)
            at = going if store.spare.has_begun(old) else source
            if store.disk.identity(at) != old:
                current.close(Phase.ROLLED_BACK, "no longer in the trash")
                return None
            check_removable(at, store.host)
            is_whole = current.set_going() and not item.going
            try:
                freed = _remove(current, store, tell, is_whole=is_whole)
            except RemainderError as error:
                freed = error.freed
                raise
            tidy(os.path.dirname(folder), store.disk)
            current.close(Phase.DONE, "permanently deleted")
    except OSError as error:
        if store.disk.identity(going) is None:
            raise
        raise HalfPurgedError(
            describe_remains(error, going, store.host),
            suggest_purge(error, going, item.id, store.host),
            freed,
        ) from error
    return freed


def _path_of(folder: str, store: OperationStore) -> str:
    """Return where an item without a manifest was, by the journal."""
    entries, _ = store.journal.read_all()
    return next((each.path for each in entries if each.item == folder), folder)


def _remove(current: Transaction, store: OperationStore, tell: Tell, *, is_whole: bool) -> int:
    """Remove what is going; where it was whole and nothing of it could be removed, it is in the
    trash again."""
    going = purge_name(current.entry.item)
    before = count_entries(going) if is_whole else 0
    try:
        return remove_item(
            going,
            store.disk,
            lambda _files, size: tell(StepProgress(size, current.entry.bytes_aside, "bytes")),
        )
    except RemainderError as error:
        is_whole = is_whole and not store.spare.has_begun(current.entry.old)
        if is_whole and not error.changed and count_entries(going) == before:
            current.keep_item()
            part = os.path.join(current.entry.item, os.path.relpath(error.path, going))
            raise RemainderError(error, part, error.count, changed=False) from error
        raise


def _nobody_uses(entry: Entry, store: OperationStore) -> None:
    """Raise where an operation has begun with it since it was listed."""
    for each in store.journal.read_all()[0]:
        if each.item == entry.item and each.id != entry.id and not each.phase.over:
            raise BusyError(f"in use by operation {each.id}")
