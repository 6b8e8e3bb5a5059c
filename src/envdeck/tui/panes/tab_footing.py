"""One line below the rows of a tab: what a key does with the one under the cursor."""

from typing import ClassVar

from envdeck.tui.widgets.line import Line, clipped
from envdeck.tui.widgets.look import Look
from envdeck.tui.widgets.one_line import OneLine


class TabFooting(OneLine):
    """The line as a widget, cut where it is too long."""

    DEFAULT_CSS: ClassVar[str] = "TabFooting { padding: 0 1; }"

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.line: Line = ()

    def tell(self, line: Line) -> None:
        """Say something else."""
        if line != self.line:
            self.line = line
            self.refresh()

    def lay_out(self, cells: int) -> Line:
        """Return it, cut at the edge."""
        return clipped(self.line, cells - 2, self._look.signs.ellipsis)
