"""Purging: what the trash keeps is removed for good, and only then is its room free."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envdeck.core.files import reason_of
from envdeck.core.model import (
    Ending,
    Fact,
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
from envdeck.core.operations.guards.guard import some
from envdeck.core.operations.history import trashed
from envdeck.core.operations.journal import Entry, Move, Phase, new_id
from envdeck.core.operations.removable import check_removable, count_entries, mounted_in
from envdeck.core.operations.spare import Going
from envdeck.core.operations.transaction import (
    BusyError,
    Ground,
    HalfPurgedError,
    Transaction,
    transaction,
)
from envdeck.core.operations.trash import Item, purging_name, read_item, tidy

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations, Stopped, Tell


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgePlan(Plan):
    """Items of the trash, as they were shown."""

    items: tuple[Item, ...]


def plan_purge(operations: "Operations", identifiers: Sequence[str]) -> PurgePlan | NoPlan:
    """Plan to remove items for good: those named by their ids, or all."""
    everything = {item.id: item for item in trashed(operations.ground)}
    unknown = [name for name in identifiers if name not in everything]
    if unknown:
        return NoPlan(
            f"there is no `{unknown[0]}` in the trash",
            hint="`envdeck trash` lists it",
            missing=True,
        )
    chosen = [everything[name] for name in dict.fromkeys(identifiers)] or [*everything.values()]
    if not chosen:
        return NoPlan("the trash is empty", missing=True)
    strange = [item for item in chosen if not item.ours]
    if strange and (identifiers or len(strange) == len(chosen)):
        first = strange[0]
        return NoPlan(f"{first.id} cannot be purged: {first.problem}", hint=_look_at(first))
    return purge_of([item for item in chosen if item.ours], operations.ground)


def _look_at(item: Item) -> str:
    return f"look at {item.folder}"


def purge_of(chosen: Sequence[Item], ground: Ground) -> PurgePlan:
    """Plan to remove these items for good."""
    known = [
        item.manifest.reclaimable_bytes
        for item in chosen
        if item.manifest is not None and item.manifest.reclaimable_bytes is not None
    ]
    freed = sum(known) if len(known) == len(chosen) else None
    return PurgePlan(
        id=new_id(ground.host),
        operation=Operation.PURGE,
        targets=tuple(_target(item) for item in chosen),
        steps=tuple(Step(f"remove {item.id} from the trash, for good") for item in chosen),
        warnings=("what is purged cannot be taken back", *_edited(chosen)),
        refusals=tuple(filter(None, (_mounted(item, ground) for item in chosen))),
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
    files = "1 edited file" if len(paths) == 1 else f"{len(paths):,} edited files"
    return (f"{files} of packages deleted permanently: {some(paths)}",)


def _mounted(item: Item, ground: Ground) -> Refusal | None:
    point = mounted_in(item.folder, ground.host)
    if not point:
        return None
    said = f"something is mounted in {item.id}: {point}"
    return Refusal("mount", said, shlex.join(["umount", point]), item.folder)


def _target(item: Item) -> Target:
    manifest = item.manifest
    facts = [] if manifest is None else [Fact("was at", manifest.path)]
    if manifest is not None and manifest.unowned:
        facts.append(Fact("your files", ", ".join(manifest.unowned[:5])))
    if manifest is not None and manifest.edited:
        facts.append(Fact("edited files", some(manifest.edited, 5)))
    if item.problem:
        facts.append(Fact("problem", item.problem))
    name = item.id if manifest is None else manifest.name
    return Target(item.folder, item.identity, name, tuple(facts))


def run_purge(
    plan: PurgePlan, operations: "Operations", tell: "Tell", stopped: "Stopped"
) -> Result:
    """Remove the items one after the other. What is stopped goes on being removed later."""
    disk = operations.ground.disk
    every = [Going(item.folder, disk.identity(item.folder)) for item in plan.items]
    with operations.ground.spare.giving(every):
        return _purge_all(plan, operations, tell, stopped)


def _purge_all(
    plan: PurgePlan, operations: "Operations", tell: "Tell", stopped: "Stopped"
) -> Result:
    freed = 0
    for index, item in enumerate(plan.items):
        if stopped():
            return Result(
                Ending.DONE,
                f"stopped: {index} of {len(plan.items)} purged, the others are in the trash",
                freed_bytes=freed,
                stopped=True,
            )
        ground = operations.ground
        if ground.disk.identity(item.folder) is not None and (
            read_item(item.folder, ground.disk).identity != item.identity
        ):
            return Result(
                Ending.REFUSED,
                f"what is in {item.id} now is not what was shown",
                hint="look again with `envdeck trash`",
                guard="not-an-environment",
                freed_bytes=freed,
            )
        tell(StepStarted(index, plan.steps[index].title))
        number = f"-{index + 1}" if len(plan.items) > 1 else ""
        freed += purge_item(item, f"{plan.id}{number}", plan.id, operations.ground, tell)
    many = "1 item is" if len(plan.items) == 1 else f"{len(plan.items)} items are"
    return Result(Ending.DONE, f"{many} gone for good", freed_bytes=freed)


def purge_item(item: Item, identifier: str, group: str, ground: Ground, tell: "Tell") -> int:
    """Remove one item for good, and return the bytes really freed.

    It is renamed first, so that an item is whole or going, and a removal that was interrupted is
    finished by recovery. Raises `OSError` where nothing was removed, and
    :class:`HalfPurgedError` where not all was.
    """
    manifest = item.manifest
    folder = os.path.join(os.path.dirname(item.folder), item.id)
    old, going = ground.disk.identity(item.folder), purging_name(folder)
    entry = Entry(
        id=identifier,
        group=group,
        operation=Operation.PURGE,
        move=Move.REMOVE,
        phase=Phase.PREPARED,
        path=manifest.path if manifest is not None else _path_of(folder, ground),
        item=folder,
        old=old,
        name=manifest.name if manifest is not None else item.id,
        manager=manifest.manager if manifest is not None else "",
        python=manifest.python if manifest is not None else "",
    )
    freed = 0
    try:
        with (
            ground.spare.giving([Going(item.folder, old, going)]),
            transaction(ground, entry) as current,
        ):
            _nobody_uses(entry, ground)
            at = going if ground.spare.has_begun(old) else item.folder
            if old is None or ground.disk.identity(at) != old:
                current.close(Phase.DONE, "it was gone already")
                return 0
            check_removable(at, ground.host)
            current.set_going()
            freed = _remove(current, ground, tell)
            tidy(os.path.dirname(folder), ground.disk)
            current.close(Phase.DONE, "it was purged")
    except OSError as error:
        if ground.disk.identity(going) is None:
            raise
        raise HalfPurgedError(f"not all of it could be removed: {reason_of(error)}") from error
    return freed


def _path_of(folder: str, ground: Ground) -> str:
    """Return where an item without a manifest was, by the journal."""
    entries, _ = ground.journal.read_all()
    return next((each.path for each in entries if each.item == folder), folder)


def _remove(current: Transaction, ground: Ground, tell: "Tell") -> int:
    """Remove what is going; where nothing of it could be, it is in the trash again."""
    going = purging_name(current.entry.item)
    before = count_entries(going)
    try:
        return ground.disk.remove_tree(
            going,
            lambda _files, size: tell(StepProgress(size, current.entry.bytes_aside, "bytes")),
        )
    except OSError:
        is_whole = not ground.spare.has_begun(current.entry.old)
        if is_whole and ground.disk.identity(going) and count_entries(going) == before:
            current.keep_item()
        raise


def _nobody_uses(entry: Entry, ground: Ground) -> None:
    """Raise where an operation has begun with it since it was listed."""
    for each in ground.journal.read_all()[0]:
        if each.item == entry.item and each.id != entry.id and not each.phase.over:
            raise BusyError(f"operation {each.id} works with it")
