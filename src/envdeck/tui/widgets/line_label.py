"""One line made of parts, where there is nothing to scroll."""

from textual.content import Content
from textual.widget import Widget

from envdeck.text import shorten, width
from envdeck.tui.widgets.line import Line, Tone, line_width

STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.MUTED: "$foreground-muted",
    Tone.ACCENT: "$text-primary",
    Tone.GOOD: "$text-success",
    Tone.WARNING: "$text-warning",
    Tone.ERROR: "$text-error",
    Tone.HEADING: "bold $text-primary",
    Tone.SOLID: "$primary",
    Tone.HOLLOW: "$foreground 40%",
    Tone.EDGE: "$primary on $foreground 15%",
}
"""How each tone looks, in the words of the theme."""


def content(line: Line) -> Content:
    """Return a line as content, its tones as styles of the theme; nothing is parsed as markup."""
    return Content.assemble(*((part.text, STYLES[part.tone]) for part in line))


class LineLabel(Widget):
    """Shows a line, cut at the edge; a path in it is shortened in the middle instead."""

    DEFAULT_CSS = """
    LineLabel { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, line: Line = (), *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.line = line

    def show(self, line: Line) -> None:
        """Show another line."""
        self.line = line
        self.refresh()

    def render(self) -> Content:
        """Draw it."""
        missing = line_width(self.line) - self.content_size.width
        if missing <= 0:
            return content(self.line)
        return content(
            tuple(
                part._replace(text=shorten(part.text, max(width(part.text) - missing, 1)))
                if part.path
                else part
                for part in self.line
            )
        )
