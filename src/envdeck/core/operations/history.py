"""What was done, and what of it can still be taken back."""

import os
from dataclasses import dataclass, replace

from envdeck.core import reach
from envdeck.core.files import reason_of
from envdeck.core.inspection.own_places import TRASH
from envdeck.core.mounts import read_mounts
from envdeck.core.operations.journal import Entry, Move, Phase, Unreadable
from envdeck.core.operations.places import ENVIRONMENT
from envdeck.core.operations.policy import DAY, Policy
from envdeck.core.operations.proving import item_problem
from envdeck.core.operations.transaction import Ground
from envdeck.core.operations.trash import Item, items

_AWAY = "its trash is not there now: is its disk mounted?"


@dataclass(frozen=True, slots=True)
class Past:
    """One operation on one environment, as the journal has it."""

    entry: Entry | Unreadable
    why_not: str
    """Why it cannot be taken back, in words; empty where it can."""


def history(ground: Ground) -> tuple[Past, ...]:
    """Return every operation, newest first; journal files that cannot be read come last."""
    entries, unreadable = ground.journal.read_all()
    past = [Past(entry, undo_obstacle(entry, ground)) for entry in reversed(entries)]
    return (*past, *(Past(each, each.reason) for each in unreadable))


def undo_obstacle(entry: Entry, ground: Ground) -> str:
    """Say why an operation cannot be taken back now; empty where it can."""
    if not entry.phase.over:
        return "it is not over"
    if entry.purged:
        return "it was purged"
    if entry.phase is Phase.ATTENTION:
        return "it needs a look at the disk first"
    if entry.phase is Phase.ROLLED_BACK:
        return "it changed nothing"
    if entry.move is Move.OWNER:
        return "the tool that owned it has removed it"
    if entry.move is Move.REMOVE:
        return "it was purged"
    if entry.undone_by:
        return "it was taken back"
    if entry.move is Move.BACK:
        return "the file is back in its place" if entry.is_file else "it can be deleted again"
    if entry.move is Move.EXCHANGE and entry.old is None:
        return ""  # what was created goes to the trash
    return _item_obstacle(entry.item, ground) or item_problem(entry, ground.journal)


def _item_obstacle(item: str, ground: Ground) -> str:
    try:
        there = ground.disk.identity(os.path.join(item, ENVIRONMENT))
    except OSError as error:
        return f"its trash cannot be reached: {reason_of(error)}"
    if there is None:
        if not reach.isdir(os.path.dirname(item)):
            return _AWAY
        return "what was put aside is no longer in the trash"
    return ""


def trashed(ground: Ground) -> tuple[Item, ...]:
    """Return what is in every trash that is known: the usual one, and those the journal names."""
    entries, _ = ground.journal.read_all()
    own = ground.places.trash
    held = [entry for entry in entries if entry.item]
    proved = [
        entry
        for entry in held
        if os.path.dirname(entry.item) == own or not item_problem(entry, ground.journal)
    ]
    named = {entry.item for entry in proved}
    trashes = dict.fromkeys([own, *(os.path.dirname(item) for item in named)])
    busy = {entry.item for entry in entries if not entry.phase.over}
    found = [
        each if each.manifest is not None or _plain(each) in named else _unknown(each)
        for each in items(trashes, ground.disk)
        if _plain(each) not in busy
    ]
    found += [
        Item(entry.item, None, _AWAY, ours=False)
        for entry in held
        if entry.undo_possible() and _is_away(os.path.dirname(entry.item), own, ground)
    ]
    return tuple(sorted(found, key=lambda each: each.id, reverse=True))


def _plain(item: Item) -> str:
    return os.path.join(os.path.dirname(item.folder), item.id)


def _unknown(item: Item) -> Item:
    return replace(item, problem=f"EnvDeck knows nothing of it: {item.problem}", ours=False)


def _is_away(trash: str, own: str, ground: Ground) -> bool:
    """Tell whether a trash is gone with the disk that it was on, and not by a person's hand."""
    above, name = os.path.split(trash)
    if trash == own or reach.lexists(trash):
        return False
    if not reach.isdir(above):
        return True
    mounts = read_mounts(ground.host)
    return name != TRASH and bool(mounts) and all(one.point != above for one in mounts)


def expired(ground: Ground, policy: Policy) -> tuple[Item, ...]:
    """Return what the trash has kept for as long as it should."""
    if policy.keep_days is None:
        return ()
    oldest = ground.host.now() - policy.keep_days * DAY
    return tuple(
        each
        for each in trashed(ground)
        if each.manifest is not None and each.manifest.put_at < oldest
    )
