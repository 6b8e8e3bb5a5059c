"""At the start: what was interrupted is finished or rolled back, what was announced is purged, and
what a later start purges is announced."""

from collections.abc import Sequence

from textual.message import Message

from envdeck.core.model import Operation, Plan
from envdeck.core.operations.transaction.journal import Entry, Phase
from envdeck.core.operations.transaction.trash import Item
from envdeck.text import counted
from envdeck.text.operation import OPERATION_WORDS
from envdeck.tui.base.services import Operating
from envdeck.tui.widgets.line import Look


class Recovered(Message):
    """What was interrupted is over now, or (not `cleared`) waits for a start that clears it up."""

    def __init__(
        self,
        entries: tuple[Entry, ...] = (),
        purge: Plan | None = None,
        *,
        announced: tuple[Item, ...] = (),
        hours: int = 0,
        cleared: bool = True,
    ) -> None:
        super().__init__()
        self.entries = entries
        self.purge = purge
        """What removes the items of the trash that an earlier start has announced; None where
        there are none."""
        self.announced = announced
        """The items that a later start removes."""
        self.hours = hours
        """After how many hours a start may."""
        self.cleared = cleared

    def words(self, look: Look) -> list[tuple[str, bool]]:
        """Return what a person should know of it, and which of that is bad news."""
        if not self.cleared:
            return [(_interrupted_words(self.entries, look), True)]
        said = [_entry_words(entry, look) for entry in self.entries]
        if self.announced:
            said.append((_announcement_words(self.announced, self.hours, look), False))
        return said


def recover(operating: Operating) -> Recovered:
    """Clear up, and plan to purge what was announced; called in a thread."""
    entries = operating.recover()
    due = operating.due()
    plan = operating.plan_purge([item.id for item in due.purge]) if due.purge else None
    purge = plan if isinstance(plan, Plan) and not plan.refusals else None
    return Recovered(entries, purge, announced=due.announced, hours=due.hours)


def find_interrupted(operating: Operating) -> Recovered | None:
    """Find what waits for a start that may clear it up; called in a thread."""
    entries = operating.pending()
    return Recovered(entries, cleared=False) if entries else None


def _announcement_words(items: Sequence[Item], hours: int, look: Look) -> str:
    """Return what is said of the items that a start in so many hours, or later, removes for
    good."""
    edits = any(item.manifest and item.manifest.operation is Operation.EDIT for item in items)
    many = counted(len(items), "item" if edits else "environment")
    return (
        f"{many} will be permanently deleted from the trash when EnvDeck starts in "
        f"{counted(hours, 'hour')} or later ({look.key('trash')}: open trash)"
    )


def _interrupted_words(entries: Sequence[Entry], look: Look) -> str:
    """Return what a person should know of what is not over; it may be that another EnvDeck is at
    it now."""
    first = entries[0]
    what = f"{OPERATION_WORDS[first.operation].doing} {look.path(first.path)}"
    if len(entries) > 1:
        what += f" and {len(entries) - 1:,} more"
    return (
        f"{what}: interrupted, or running in another envdeck\n"
        f"start without --read-only to recover ({look.key('history')}: history)"
    )


def _entry_words(entry: Entry, look: Look) -> tuple[str, bool]:
    doing = OPERATION_WORDS[entry.operation].doing
    what = f"{doing} {look.path(entry.path)} was interrupted"
    if entry.phase is Phase.ATTENTION:
        why = look.sentence(entry.message) or "nothing changed"
        return f"{what} and needs attention: {why}\n{look.key('history')}: history", True
    if not entry.phase.over:
        return f"{what} and is still pending: {look.sentence(entry.message)}", True
    became = "rolled back" if entry.phase is Phase.ROLLED_BACK else "finished"
    return f"{what}, now {became}", False
