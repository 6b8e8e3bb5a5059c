"""What the parts of the screen say to each other: widgets post, handlers change."""

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from envdeck.tui.base.job import Job
    from envdeck.tui.base.services import PlanRequest


class FilterRequested(Message):
    """The list is to be narrowed to a query (a bar of the machine view was opened, say)."""

    def __init__(self, query: str) -> None:
        super().__init__()
        self.query = query


class CursorMoved(Message):
    """The list's cursor stands on another environment, or on none, or on a newer record."""

    def __init__(self, path: str | None) -> None:
        super().__init__()
        self.path = path

    def can_replace(self, message: Message) -> bool:
        """Only the newest place of the cursor counts."""
        return isinstance(message, CursorMoved)


class RowOpened(Message):
    """A row was opened with the mouse."""


class SortRequested(Message):
    """A heading was clicked."""

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column


class QueryChanged(Message):
    """The text of the filter bar changed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class QueryLeft(Message):
    """The filter bar was left: with its text kept, or given up."""

    def __init__(self, *, kept: bool) -> None:
        super().__init__()
        self.kept = kept


class OutcomeSaid(Message):
    """Something done outside the screen ended, and the person should know how."""

    def __init__(self, text: str, *, failed: bool = False) -> None:
        super().__init__()
        self.text = text
        self.failed = failed


class HintsChanged(Message):
    """The keys worth a hint are others now."""


class MarkRequested(Message):
    """The left edge of the row under the cursor was clicked."""


class PlanRequested(Message):
    """A person wants something done: it is planned and shown, and done if they say yes.

    The application answers it, whatever screen it comes from.
    """

    def __init__(self, request: "PlanRequest") -> None:
        super().__init__()
        self.request = request


class OperationEnded(Message):
    """An operation of the queue is over. Every screen that is open is told."""

    def __init__(self, job: "Job") -> None:
        super().__init__()
        self.job = job
