"""A view of lines that draws only those on the screen: five hundred cost what five do."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from envdeck.tui.base.actions import bindings
from envdeck.tui.widgets.line import STYLES, Line

_GROUNDS = {
    "cursor": "bold $block-cursor-foreground on $block-cursor-background",
    "cursor-blurred": "bold on $block-cursor-blurred-background",
    "marked": "on $primary 22%",
    "headings": "on $surface",
}
"""What is laid under a line that is special, in the words of the theme."""
_ANSI_GROUNDS = {"cursor": "bold reverse", "cursor-blurred": "underline", "marked": "bold"}
"""The same where the terminal gives the colours, or there are none."""


class LineView(ScrollView, can_focus=True):
    """Lines to read and scroll; :meth:`lay_out` makes them for the width there is."""

    DEFAULT_CSS = """
    LineView {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        scrollbar-background: $surface;
        scrollbar-color: $foreground 20%;
        scrollbar-color-hover: $foreground 30%;
        scrollbar-color-active: $primary;
        scrollbar-background-hover: $surface;
        scrollbar-background-active: $surface;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("up", "down", "first", "last", "page_up", "page_down")
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Line] = ()
        self._styled_for: tuple[object, str] | None = None

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Return the lines for a width; the ones given to :meth:`show_lines`, unless overridden."""
        del cells
        return self._lines

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show lines that are the same at any width."""
        self._lines = lines
        self.lay_out_again()

    def lay_out_again(self) -> None:
        """Make the lines anew: what they say has changed, or the width has."""
        self._lines = self.lay_out(self.cells)
        self.virtual_size = Size(self.cells, len(self._lines))
        self.refresh()

    @property
    def cells(self) -> int:
        """The width there is for a line."""
        return self.scrollable_content_region.width

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown now."""
        return self._lines

    def on_resize(self, event: Resize) -> None:
        """Lay out for the new width."""
        del event
        self.lay_out_again()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        return self.draw(self.line_at(round(self.scroll_y) + y))

    def line_at(self, index: int) -> Line:
        """Return a line, empty past the last one."""
        return self._lines[index] if 0 <= index < len(self._lines) else ()

    def draw(self, line: Line, over: str = "") -> Strip:
        """Return a line as cells; `over` names the ground that is laid under it."""
        if over == "cursor":
            base = self._style(self._ground(over))
            segments = [Segment(part.text, base) for part in line]
        else:
            base, ground = self._style(""), Style.null()
            if over:
                laid = self._style(self._ground(over))
                ground = Style(
                    bgcolor=laid.bgcolor, bold=laid.bold or None, underline=laid.underline or None
                )
                base += ground
            segments = [
                Segment(part.text, self._style(STYLES[part.tone]) + ground) for part in line
            ]
        return Strip(segments).adjust_cell_length(self.cells, base)

    def _ground(self, over: str) -> str:
        # A ground of its own would hide the text there, or not be seen without colours.
        grounds = _ANSI_GROUNDS if self.app.native_ansi_color else _GROUNDS
        return grounds.get(over, _GROUNDS[over])

    def _style(self, words: str) -> Style:
        """Return a style by the theme's words for it, on the ground of this widget.

        They are no component classes: Textual works each of those out for every widget at every
        change of focus, which takes longer than to draw the lines.
        """
        key = (self.visual_style, self.app.theme)
        if key != self._styled_for:
            self._styled_for = key
            self._styles_known: dict[str, Style] = {}
        style = self._styles_known.get(words)
        if style is None:
            parsed = self.app.stylesheet.parse_style(words)
            style = self._styles_known[words] = (self.visual_style + parsed).rich_style
        return style

    def action_down(self) -> None:
        """One line down."""
        self.scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        """One line up."""
        self.scroll_relative(y=-1, animate=False)

    def action_first(self) -> None:
        """To the first line."""
        self.scroll_to(y=0, animate=False)

    def action_last(self) -> None:
        """To the last line."""
        self.scroll_to(y=self.max_scroll_y, animate=False)

    def action_page_down(self) -> None:
        """One page down."""
        self.scroll_relative(y=self._page, animate=False)

    def action_page_up(self) -> None:
        """One page up."""
        self.scroll_relative(y=-self._page, animate=False)

    @property
    def _page(self) -> int:
        return max(1, self.scrollable_content_region.height - 1)
