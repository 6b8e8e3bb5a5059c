"""The line to type a query in; the list narrows with every letter."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from envdeck.tui.base.messages import QueryChanged, QueryLeft
from envdeck.tui.widgets.line import Line, Look, OneLine, Part, Tone, clipped, line_width


class _Said(OneLine):
    """The slash, or what came of the query."""

    line: Line = ()

    def lay_out(self, cells: int) -> Line:
        """Return the line."""
        del cells
        return self.line

    def show(self, line: Line) -> None:
        """Show another line, in the room it needs."""
        self.line = line
        self.styles.width = line_width(line)
        self.refresh()


_PLACEHOLDER = "words, manager:uv, python:3.12, status:broken, unused:90d, size:>1GB, eol"
_SLASH_CELLS = 3
_SAID_CELLS = 16


class FilterBar(Horizontal):
    """A query, and what came of it."""

    DEFAULT_CSS: ClassVar[str] = """
    FilterBar { height: 1; background: $surface; }
    FilterBar > _Said { width: 0; }
    FilterBar > Input {
        width: 1fr; height: 1; border: none; padding: 0; background: $surface;
        &:focus { border: none; background-tint: $foreground 0%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", show=False),
        Binding("down,tab", "keep", show=False),
    ]

    def __init__(self, text: str, ellipsis: str = "…", placeholder: str = _PLACEHOLDER) -> None:
        super().__init__()
        self._placeholder = placeholder
        self._text = text
        self._ellipsis = ellipsis

    def compose(self) -> ComposeResult:
        """Make the line."""
        yield _Said(id="slash")
        field = Input(
            self._text,
            placeholder=self._placeholder,
            compact=True,
            select_on_focus=False,
        )
        field.cursor_blink = False
        yield field
        yield _Said(id="came")

    def on_mount(self) -> None:
        """Show the slash that opened it."""
        self.query_one("#slash", _Said).show((Part(" / ", Tone.HEADING),))

    @property
    def field(self) -> Input:
        """Where the person types."""
        return self.query_one(Input)

    def set_text(self, text: str) -> None:
        """Write another query."""
        self.query_one(Input).value = text

    @property
    def typing(self) -> bool:
        """Whether letters go into it."""
        return self.query_one(Input).has_focus

    def tell(self, line: Line) -> None:
        """Say at the right what came of the query, in what the query itself leaves of the line."""
        query = max(self.size.width * 2 // 5, len(self.field.value) + 1)
        room = max(_SAID_CELLS, self.size.width - _SLASH_CELLS - query)
        said = clipped(line, room - 2, self._ellipsis)
        self.query_one("#came", _Said).show((Part(" "), *said, Part(" ")))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass a letter on."""
        event.stop()
        self.post_message(QueryChanged(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to what it found."""
        event.stop()
        self.action_keep()

    def action_give_up(self) -> None:
        """Clear the query."""
        self.post_message(QueryLeft(kept=False))

    def action_keep(self) -> None:
        """Go to what it found."""
        self.post_message(QueryLeft(kept=True))


class ViewFilter(FilterBar):
    """The filter of another view than the list: it tells that by calls."""

    def __init__(
        self,
        look: Look,
        placeholder: str,
        changed: Callable[[str], object],
        left: Callable[[bool], object],
    ) -> None:
        """`changed` gets the text with every letter; `left` whether it is kept, when the person
        goes back to the rows."""
        super().__init__("", look.signs.ellipsis, placeholder)
        self._changed, self._left = changed, left

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell a letter."""
        event.stop()
        self._changed(event.value.strip())

    def action_give_up(self) -> None:
        """Clear it."""
        self._left(False)  # noqa: FBT003 - a callback

    def action_keep(self) -> None:
        """Go to what it found."""
        self._left(bool(self.field.value.strip()))
