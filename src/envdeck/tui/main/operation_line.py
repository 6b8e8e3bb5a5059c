"""The line above the keys that says what is being done, while anything is."""

from collections.abc import Sequence
from typing import ClassVar

from envdeck.tui.base.actions import BY_ID
from envdeck.tui.base.job import Job
from envdeck.tui.widgets.line import Line, Look, OneLine
from envdeck.tui.widgets.operation_words import running_line


class OperationLine(OneLine):
    """The line as a widget; a click shows the operations."""

    DEFAULT_CSS: ClassVar[str] = "OperationLine { background: $surface; }"

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._jobs: Sequence[Job] = ()

    def tell(self, jobs: Sequence[Job]) -> None:
        """Show what runs and waits."""
        self._jobs = jobs
        self.refresh()

    def lay_out(self, cells: int) -> Line:
        """Return the line."""
        return running_line(self._jobs, self._look, cells)

    async def on_click(self) -> None:
        """Show all of it."""
        await self.screen.run_action(BY_ID["operations"].called)
