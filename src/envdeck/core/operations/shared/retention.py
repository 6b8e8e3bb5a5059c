"""How long the trash keeps an item, and what a start of the program may remove for good.

Retention counts the time that was seen to pass (:mod:`~envdeck.core.operations.clock`), and is
never enough alone: a start removes what an earlier one announced, some hours before, and no more.
What was removed in part is never removed by a start: it waits for a person.
"""

import math
from collections.abc import Iterable
from contextlib import suppress

from envdeck.core.lazy_dataclasses import dataclass, replace
from envdeck.core.model import DAY, Policy
from envdeck.core.operations.shared.history import trashed
from envdeck.core.operations.transaction.clock import ClockRecord
from envdeck.core.operations.transaction.transaction import OperationStore
from envdeck.core.operations.transaction.trash import Item

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
