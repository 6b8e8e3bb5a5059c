"""What the parts of the screen say to each other: widgets post, handlers change."""

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envdeck.core.model import Environment
    from envdeck.core.operations.api import Operations
    from envdeck.tui.base.job import Job
    from envdeck.tui.base.services import PlanRequest


class FilterRequested(Message):
    """The list is to be narrowed to a query (a bar of the machine view was opened, say); with a
    path, shown as it is, and a tab of that environment opened."""

    def __init__(self, query: str, *, path: str | None = None, tab: int = 1) -> None:
        super().__init__()
        self.query = query
        self.path = path
        self.tab = tab


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


class MarksChanged(Message):
    """Other environments are marked, or (not `other`) the same ones are known better."""

    def __init__(self, *, other: bool = True) -> None:
        super().__init__()
        self.other = other


class CommandRequested(Message):
    """An action of the main screen is wanted, by its id in the registry: a line was clicked, say.

    The application answers it, whatever screen it comes from.
    """

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action


class PlanRequested(Message):
    """A person wants something done: it is planned and shown, and done if they say yes.

    The application answers it, whatever screen it comes from.
    """

    def __init__(self, request: "PlanRequest") -> None:
        super().__init__()
        self.request = request


class WalkthroughRequested(Message):
    """The walkthrough of a project is to be shown, where it was left if it was. The application
    answers it, which alone knows every screen."""

    def __init__(
        self, operating: "Operations", project: str, environment: "Environment | None"
    ) -> None:
        super().__init__()
        self.operating = operating
        self.project = project
        self.environment = environment


class QueueChanged(Message):
    """What runs and waits may be something else now. Every screen that is open is told."""

    def __init__(self, active: "Sequence[Job]") -> None:
        super().__init__()
        self.active = active


class OperationEnded(Message):
    """An operation of the queue is over. Every screen that is open is told."""

    def __init__(self, job: "Job", text: str = "") -> None:
        super().__init__()
        self.job = job
        self.text = text
        """How it ended, in words."""
