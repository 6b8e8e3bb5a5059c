"""At the start: what was interrupted is finished or rolled back, and what has expired is purged."""

from textual.message import Message

from envdeck.core.model import Plan
from envdeck.core.operations.journal import Entry, Phase
from envdeck.text import plain
from envdeck.tui.operating import Operating
from envdeck.tui.panes.operation_words import DOING
from envdeck.tui.widgets.look import Look


class Recovered(Message):
    """What was interrupted is over now."""

    def __init__(
        self, entries: tuple[Entry, ...] = (), purge: Plan | None = None, failure: str = ""
    ) -> None:
        super().__init__()
        self.entries = entries
        self.purge = purge
        """What removes the items of the trash that have expired; None where none have."""
        self.failure = failure


def recover(operating: Operating) -> Recovered:
    """Clear up, and plan to purge what has expired; called in a thread."""
    entries = operating.recover()
    expired = operating.expired()
    plan = operating.plan_purge([item.id for item in expired]) if expired else None
    return Recovered(entries, plan if isinstance(plan, Plan) and not plan.refusals else None)


def recovery_words(message: Recovered, look: Look) -> list[tuple[str, bool]]:
    """Return what a person should know of it, and which of that is bad news."""
    said = []
    if message.failure:
        failure = f"what was interrupted could not be cleared up: {plain(message.failure)}"
        said.append((failure, True))
    for entry in message.entries:
        what = f"{DOING[entry.operation]} {look.path(entry.path)} had been interrupted"
        if entry.phase is Phase.ATTENTION:
            why = look.sentence(entry.message) or "it was left as it is"
            see = look.key("history")
            said.append((f"{what}, and needs a look: {why}\n{see} shows it", True))
        else:
            became = "rolled back" if entry.phase is Phase.ROLLED_BACK else "finished"
            said.append((f"{what}: {became} now", False))
    return said
