"""Past operations, whether each can be undone, and how long the trash keeps what that needs.

Retention counts the time that was seen to pass (:class:`ClockRecord`), and is never enough alone: a
start removes what an earlier one announced, some hours before, and no more. What was removed in
part is never removed by a start: it waits for a person.
"""

import math
import os
from collections.abc import Iterable
from contextlib import suppress

from envdeck.core.inspection.protection import TRASH
from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import DAY, IMPORT_CHECK, Policy, Refusal
from envdeck.core.operations.transaction.clock import ClockRecord
from envdeck.core.operations.transaction.journal import Entry, Move, Phase, UnreadableEntry
from envdeck.core.operations.transaction.places import ENVIRONMENT, MANIFEST, former_trash
from envdeck.core.operations.transaction.resolve import is_same, item_problem
from envdeck.core.operations.transaction.transaction import OperationStore
from envdeck.core.operations.transaction.trash import PARTLY, Item, TrashManifest, items, purge_name
from envdeck.core.system import reach
from envdeck.core.system.files import reason_of
from envdeck.core.system.mounts import read_mounts

_AWAY = "trash not found: is its disk mounted?"


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One operation on one environment, as the journal has it."""

    entry: Entry | UnreadableEntry
    why_not: str
    """Why it cannot be taken back, in words; empty where it can."""
    is_partly_purged: bool = False
    """Whether a part of what it put aside, or was to remove, is left."""
    kept_until: float | None = None
    """Until when the trash keeps what an undo needs, as the clock of now would tell it; None
    where that has no end, or it needs nothing."""

    @property
    def known(self) -> Entry | None:
        """The entry; None where its file cannot be read."""
        return self.entry if isinstance(self.entry, Entry) else None


def read_history(store: OperationStore, items: Iterable[Item] = ()) -> tuple[HistoryItem, ...]:
    """Return every operation, newest first; journal files that cannot be read come last. `items`
    are those of the trash, which tell until when they are kept."""
    entries, unreadable = store.journal.read_all()
    halves = find_halves(entries, store)
    kept = {item.folder: item.kept_until for item in items}
    past = [
        HistoryItem(
            entry,
            undo_obstacle(entry, store, halves),
            entry.item in halves and not entry.purged,
            kept.get(entry.item),
        )
        for entry in reversed(entries)
    ]
    return (*past, *(HistoryItem(each, each.reason) for each in unreadable))


def failed_before(path: str, store: OperationStore) -> tuple[Refusal, ...]:
    """Return the check that the last operation on an environment failed by, where a person may
    accept that."""
    here = [entry for entry in store.journal.read_all()[0] if entry.path == path]
    if not here or here[-1].phase is not Phase.ROLLED_BACK or not here[-1].failed_checks:
        return ()
    return tuple(
        Refusal(IMPORT_CHECK, f"at the last attempt: {told}", path=path, overrulable=True)
        for told in here[-1].failed_checks
    )


def find_halves(entries: Iterable[Entry], store: OperationStore) -> frozenset[str]:
    """Return the items of which a removal has left a part, by the names that they had whole.

    A folder that is called so is one. So is whatever the journal has a removal of that was begun
    and not ended, under any name: an item once was given its own back, its manifest gone.
    """
    halves = set()
    for entry in entries:
        if not entry.item or entry.purged or entry.item in halves:
            continue
        try:
            if store.disk.identity(purge_name(entry.item)) is not None:
                halves.add(entry.item)
            elif entry.tells_of_part():
                there = store.disk.identity(entry.item)
                begun = entry.partly or not os.path.lexists(os.path.join(entry.item, MANIFEST))
                if there is not None and begun and is_same(there, entry.old, entry, store.host):
                    halves.add(entry.item)
        except OSError:  # out of reach: that is said where it matters
            continue
    return frozenset(halves)


def undo_obstacle(entry: Entry, store: OperationStore, halves: frozenset[str]) -> str:
    """Say why an operation cannot be taken back now; empty where it can. `halves` are the items
    that are partly purged."""
    if not entry.phase.over:
        return "still running"
    if entry.purged:
        return "permanently deleted"
    if entry.phase is Phase.ROLLED_BACK:
        return "nothing changed"
    if entry.item in halves:
        return PARTLY
    if entry.phase is Phase.ATTENTION:
        return "needs attention: check the disk first"
    if entry.move is Move.OWNER:
        return "deleted by its own tool"
    if entry.move is Move.REMOVE:
        return "permanently deleted"
    if entry.undone_by:
        return "already undone"
    if entry.move is Move.BACK:
        return (
            "the file was restored"
            if entry.is_file
            else "an undo can be reverted by deleting again"
        )
    if entry.move is Move.EXCHANGE and entry.old is None:
        return ""  # what was created goes to the trash
    return _item_obstacle(entry.item, store) or item_problem(entry, store.journal)


def _item_obstacle(item: str, store: OperationStore) -> str:
    try:
        there = store.disk.identity(os.path.join(item, ENVIRONMENT))
    except OSError as error:
        return f"trash cannot be accessed: {reason_of(error)}"
    if there is None:
        if not reach.isdir(os.path.dirname(item)):
            return _AWAY
        return "no longer in the trash"
    return ""


def trashed(store: OperationStore) -> tuple[Item, ...]:
    """Return what is in every trash that is known: the usual one, and those the journal names."""
    entries, _ = store.journal.read_all()
    former = former_trash(store.host)
    own = (store.places.trash, *([] if former is None else [former]))
    held = [entry for entry in entries if entry.item]
    proved = [
        entry
        for entry in held
        if os.path.dirname(entry.item) in own or not item_problem(entry, store.journal)
    ]
    named = {entry.item: entry for entry in reversed(proved)}  # the first of each
    halves = find_halves(proved, store)
    reasons = {entry.item: entry.message for entry in proved if entry.partly}
    trashes = dict.fromkeys([*own, *(os.path.dirname(item) for item in named)])
    busy = {entry.item for entry in entries if not entry.phase.over}
    found = [
        _begun(each, named[place], reasons.get(place, "")) if place in halves and place in named
        else each if each.manifest is not None or place in named
        else replace(each, problem=f"unknown item: {each.problem}", ours=False)
        for each in items(trashes, store.disk)
        if (place := _plain(each)) not in busy
    ]  # fmt: skip
    found += [
        Item(entry.item, None, _AWAY, ours=False)
        for entry in held
        if entry.undo_possible() and _is_away(os.path.dirname(entry.item), own, store)
    ]
    order = {entry.item: entry.sequence for entry in held if entry.move is not Move.REMOVE}
    return tuple(
        sorted(found, key=lambda each: (order.get(_plain(each), 0), each.id), reverse=True)
    )


def _begun(item: Item, entry: Entry, why: str) -> Item:
    """Return an item that is partly purged, with what is known of it: the journal keeps its name
    and place where its manifest is gone."""
    manifest = item.manifest or TrashManifest(
        id=item.id,
        operation=entry.operation,
        path=entry.path,
        name=entry.name,
        manager=entry.manager,
        python=entry.python,
        put_at=entry.ended_at or entry.created_at,
    )
    return replace(
        item, manifest=manifest, problem=f"{PARTLY}: {why}" if why else PARTLY, begun=True
    )


def _plain(item: Item) -> str:
    return os.path.join(os.path.dirname(item.folder), item.id)


def _is_away(trash: str, own: tuple[str, ...], store: OperationStore) -> bool:
    """Tell whether a trash is gone with the disk that it was on, and not by a person's hand."""
    above, name = os.path.split(trash)
    if trash in own or reach.lexists(trash):
        return False
    if not reach.isdir(above):
        return True
    mounts = read_mounts(store.host)
    return name != TRASH and bool(mounts) and all(one.point != above for one in mounts)


HOUR = 3_600.0
NOTICE = 8 * HOUR
"""Seconds that have to pass between an announcement and the removal."""


@dataclass(frozen=True, slots=True)
class Due:
    """The items that were kept for as long as they should be."""

    purge: tuple[Item, ...] = ()
    """What was announced before, and may be removed by this start."""
    announced: tuple[Item, ...] = ()
    """What a later start removes, so that it has to be said now."""
    wait: float = 0.0
    """Seconds that have to pass until a start may remove all that is announced."""

    @property
    def hours(self) -> int:
        """The same in hours, rounded up."""
        return math.ceil(self.wait / HOUR)


def read_trash(store: OperationStore, policy: Policy) -> tuple[Item, ...]:
    """Return what is in the trashes, newest first, and until when each item is kept."""
    record = store.clock.now()
    now = store.host.now()

    def left(item: Item) -> Item:
        seconds = _remaining_seconds(item, record, policy)
        return item if seconds is None else replace(item, kept_until=now + seconds)

    return tuple(map(left, trashed(store)))


def find_expired(store: OperationStore, policy: Policy) -> tuple[Item, ...]:
    """Return what the trash has kept for as long as it should. Nothing is written."""
    record = store.clock.now()
    return tuple(item for item in trashed(store) if _is_due(item, record, policy))


def count_time(store: OperationStore, policy: Policy) -> Due:
    """Keep the record of the time, and return what is due by it."""
    record = store.clock.now()
    items = trashed(store)
    begun = {
        item.id: record.first_seen.get(item.id, record.seen)
        for item in items
        if _own_mark(item, record) is None
    }
    due = [item for item in items if not item.going and _is_due(item, record, policy)]
    announced = {
        item.id: at for item in due if (at := _announced(item, record, policy)) is not None
    }
    with suppress(OSError):  # what is not kept does not count: everything stays for longer
        store.clock.keep(replace(record, first_seen=begun, announced=announced))
    waits = {item.id: announced.get(item.id, record.seen) + NOTICE - record.seen for item in due}
    return Due(
        tuple(item for item in due if waits[item.id] <= 0),
        tuple(item for item in due if waits[item.id] > 0),
        max(0.0, *waits.values()) if waits else 0.0,
    )


def announce(items: Iterable[Item], store: OperationStore) -> None:
    """Note that it was said of items that a later start removes them."""
    record = store.clock.now()
    announced = {**{item.id: record.seen for item in items}, **record.announced}
    with suppress(OSError):  # what is not noted was not announced: it stays for longer
        store.clock.keep(replace(record, announced=announced))


def _own_mark(item: Item, record: ClockRecord) -> float | None:
    """Return when an item was put there as its manifest tells; None where that cannot be: it is
    of an older version, or its record of the time was lost."""
    mark = None if item.manifest is None else item.manifest.seen_at
    return mark if mark is not None and mark <= record.seen else None


def _remaining_seconds(item: Item, record: ClockRecord, policy: Policy) -> float | None:
    """Return for how many seconds an item is still kept; None where it has no end."""
    if item.manifest is None or policy.keep_days is None:
        return None
    mark = _own_mark(item, record)
    if mark is None:
        mark = record.first_seen.get(item.id, record.seen)
    return mark + policy.keep_days * DAY - record.seen


def _is_due(item: Item, record: ClockRecord, policy: Policy) -> bool:
    left = _remaining_seconds(item, record, policy)
    return left is not None and left <= 0


def _announced(item: Item, record: ClockRecord, policy: Policy) -> float | None:
    """Return when the removal of an item was announced; None where it was not due then: it holds
    something else since, or is to be kept for longer."""
    at = record.announced.get(item.id)
    left = _remaining_seconds(item, record, policy)
    if at is None or left is None or at > record.seen or record.seen - at > -left:
        return None
    return at
