"""A view of lines that draws only those on the screen, and colours in which they can be read."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.color import Color
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

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


_FAR = 1 << 30
"""More rows than there are."""
READABLE = 4.5
"""The ratio of contrast that the WCAG asks of text (level AA)."""
_TEXTS = ("text-primary", "text-success", "text-warning", "text-error")
_STEP = 0.02


class LinePainter:
    """Draws lines in the colours that the theme has for a widget."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._known_for: tuple[object, str] | None = None
        self._known: dict[str, Style] = {}

    def draw(self, line: Line, cells: int, over: str = "") -> Strip:
        """Return a line as cells; `over` names the ground that is laid under it."""
        ground, base = Style.null(), self._style("")
        if over:
            # A ground of its own would hide the text there, or not be seen without colours.
            grounds = _ANSI_GROUNDS if self._widget.app.native_ansi_color else _GROUNDS
            laid = self._style(grounds.get(over, _GROUNDS[over]))
            if over == "cursor":
                return Strip([Segment(part.text, laid) for part in line]).adjust_cell_length(
                    cells, laid
                )
            ground = Style(
                bgcolor=laid.bgcolor, bold=laid.bold or None, underline=laid.underline or None
            )
        segments = [Segment(part.text, self._style(STYLES[part.tone]) + ground) for part in line]
        return Strip(segments).adjust_cell_length(cells, base + ground)

    def _style(self, words: str) -> Style:
        """Return a style by the theme's words for it, on the ground of the widget.

        They are no component classes: Textual works each of those out for every widget at every
        change of focus, which takes longer than to draw the lines.
        """
        widget = self._widget
        key = (widget.visual_style, widget.app.theme)
        if key != self._known_for:
            self._known_for, self._known = key, {}
        style = self._known.get(words)
        if style is None:
            parsed = widget.app.stylesheet.parse_style(words)
            style = self._known[words] = (widget.visual_style + parsed).rich_style
        return style


def rows_to(way: str, view: ScrollView) -> int:
    """Return how many rows a key for moving goes in a view: down, or (below 0) up."""
    page = max(1, view.scrollable_content_region.height - 1)
    far = {"up": -1, "down": 1, "page_up": -page, "page_down": page, "first": -_FAR, "last": _FAR}
    return far[way]


def _move(way: str) -> "Callable[[LineView], None]":
    """Return the action of a key for moving: where it goes is up to :meth:`LineView.go`."""
    return lambda view: view.go(way)


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
    action_up = _move("up")
    action_down = _move("down")
    action_first = _move("first")
    action_last = _move("last")
    action_page_up = _move("page_up")
    action_page_down = _move("page_down")

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.lines: Sequence[Line] = ()
        """What is shown now."""
        self.painter = LinePainter(self)

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Return the lines for a width."""
        raise NotImplementedError

    def lay_out_again(self) -> None:
        """Make the lines again: what they say has changed, or the width has."""
        self.lines = self.lay_out(self.cells)
        self.virtual_size = Size(self.cells, len(self.lines))
        self.refresh()

    @property
    def cells(self) -> int:
        """The width there is for a line."""
        return self.scrollable_content_region.width

    def on_resize(self, event: Resize) -> None:
        """Lay out for the new width."""
        del event
        self.lay_out_again()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        index = round(self.scroll_y) + y
        line = self.lines[index] if 0 <= index < len(self.lines) else ()
        return self.painter.draw(line, self.cells)

    def go(self, way: str) -> None:
        """Go a line or a page `up` or `down`, or to the `first` or `last` line."""
        self.scroll_relative(y=rows_to(way, self), animate=False)


def contrast(one: Color, other: Color) -> float:
    """Return the ratio of two colours' luminance, from 1 to 21, as the WCAG counts it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    parts = [part / 255 for part in colour.rgb]
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def readable(variables: dict[str, str]) -> dict[str, str]:
    """Return the variables of a light theme with the colours of text as dark as they must be."""
    grounds = [Color.parse(variables[name]) for name in ("background", "surface", "panel")]
    ground = min(grounds, key=lambda colour: colour.brightness)
    changed = {name: _darker(Color.parse(variables[name]), ground).hex for name in _TEXTS}
    changed["foreground-muted"] = _firmer(Color.parse(variables["foreground-muted"]), ground).hex
    return variables | changed


def _darker(colour: Color, ground: Color) -> Color:
    while contrast(colour, ground) < READABLE and colour.brightness > 0:
        colour = colour.darken(_STEP)
    return colour


def _firmer(colour: Color, ground: Color) -> Color:
    while contrast(ground + colour, ground) < READABLE and colour.a < 1:
        colour = colour.with_alpha(min(1.0, colour.a + _STEP))
    return colour
