"""What a start of the screen removes from the trash for good is said before."""

from typing import TYPE_CHECKING

from envdeck.cli.context import Context
from envdeck.cli.wording import counted
from envdeck.core.model import Operation

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations

_LOOK = "`envdeck trash` lists them"


def announce_due(operations: "Operations", context: Context, *, listed: bool = False) -> None:
    """Count the time, and say what is due; it is noted as said where a person reads it. How to
    list it is left out where it was listed just now."""
    due = operations.due()
    later = f"when the screen starts in {counted(due.hours, 'hour')} or later"
    for items, when in ((due.purge, "at the next start of the screen"), (due.announced, later)):
        if not items:
            continue
        edits = any(each.manifest and each.manifest.operation is Operation.EDIT for each in items)
        many = counted(len(items), "item" if edits else "environment")
        context.console.note(
            f"{many} will be permanently deleted from the trash {when}", "" if listed else _LOOK
        )
    if context.console.error_terminal:
        operations.announce(due.announced)
