"""The line above the keys that says what is being done, while anything is."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from envdeck.text.environment import Activity
from envdeck.tui.base.job import Job
from envdeck.tui.base.messages import CommandRequested, QueueChanged
from envdeck.tui.widgets.line import Line, Look, OneLine
from envdeck.tui.widgets.operation_words import row_word, running_line


class OperationLine(OneLine):
    """The line as a widget; a click shows the operations."""

    DEFAULT_CSS: ClassVar[str] = "OperationLine { background: $surface; }"

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._jobs: Sequence[Job] = ()
        self.display = False

    def tell(self, jobs: Sequence[Job]) -> None:
        """Show what runs and waits; while that is nothing there is no line."""
        self._jobs = jobs
        self.display = bool(jobs)
        self.refresh()

    def on_queue_changed(self, event: QueueChanged) -> None:
        """Show what runs and waits now, on a screen where nothing else does."""
        event.stop()
        self.tell(event.active)

    def lay_out(self, cells: int) -> Line:
        """Return the line."""
        return running_line(self._jobs, self._look, cells)

    def on_click(self) -> None:
        """Show all of it."""
        self.post_message(CommandRequested("operations"))


def row_words(active: Mapping[str, Job]) -> dict[str, Activity]:
    """Return by path what a row says while it is acted on."""
    return {path: row_word(job) for path, job in active.items()}
