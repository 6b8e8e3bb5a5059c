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

from envdeck.tui.actions import bindings
from envdeck.tui.widgets.line import Line, Tone


class LineView(ScrollView, can_focus=True):
    """Lines to read and scroll; :meth:`lay_out` makes them for the width there is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line-view--{tone.value}" for tone in Tone} | {
        "line-view--cursor",
        "line-view--cursor-blurred",
    }
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
    LineView > .line-view--plain { color: $foreground; }
    LineView > .line-view--strong { color: $foreground; text-style: bold; }
    LineView > .line-view--muted { color: $text-muted; }
    LineView > .line-view--accent { color: $text-primary; }
    LineView > .line-view--heading { color: $text-primary; text-style: bold; }
    LineView > .line-view--good { color: $text-success; }
    LineView > .line-view--warning { color: $text-warning; }
    LineView > .line-view--error { color: $text-error; }
    LineView > .line-view--solid { color: $primary; }
    LineView > .line-view--hollow { color: $foreground 40%; }
    LineView > .line-view--cursor {
        background: $block-cursor-background;
        color: $block-cursor-foreground;
        text-style: $block-cursor-text-style;
    }
    LineView > .line-view--cursor-blurred {
        background: $block-cursor-blurred-background;
        text-style: bold;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("up", "down", "first", "last", "page_up", "page_down")
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._lines: Sequence[Line] = ()

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
        """Return a line as cells; `over` names the component that the cursor paints with."""
        base = self.rich_style
        if over == "cursor":
            style = self.get_component_rich_style("line-view--cursor")
            segments = [Segment(part.text, style) for part in line]
            base = style
        else:
            ground = Style.null()
            if over:
                painted = self.get_component_rich_style(f"line-view--{over}")
                ground = Style(bgcolor=painted.bgcolor, bold=painted.bold or None)
                base += ground
            segments = [Segment(part.text, self._tone(part.tone) + ground) for part in line]
        return Strip(segments).adjust_cell_length(self.cells, base)

    def _tone(self, tone: Tone) -> Style:
        return self.get_component_rich_style(f"line-view--{tone.value}")

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
