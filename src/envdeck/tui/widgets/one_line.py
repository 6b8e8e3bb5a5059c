"""A line that is made for the width there is, and next to nothing to mount."""

from typing import ClassVar

from textual.content import Content
from textual.widget import Widget

from envdeck.tui.widgets.line import Line
from envdeck.tui.widgets.line_label import content


class OneLine(Widget):
    """A line that is worked out for the width there is (:meth:`lay_out`)."""

    DEFAULT_CSS: ClassVar[str] = """
    OneLine { height: 1; text-wrap: nowrap; }
    """

    def lay_out(self, cells: int) -> Line:
        """Return the line."""
        del cells
        return ()

    def render(self) -> Content:
        """Draw it."""
        return content(self.lay_out(self.size.width))
