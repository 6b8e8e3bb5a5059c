"""The frame of every dialog: a title, something to read and scroll, buttons always in sight."""

from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button

from envdeck.core.lazy_dataclasses import replace
from envdeck.tui.base.actions import bindings
from envdeck.tui.widgets.line import Line, LineLabel, Look, content
from envdeck.tui.widgets.line_view import LineView

ResultT = TypeVar("ResultT")


ROOMY = 64
"""Columns of the screen from which a dialog does not take all of them."""


class DialogButton(Button):
    """A button whose words are a line, so that nothing in them can act."""

    def __init__(self, line: Line, *, id: str, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(content(line), id=id, classes=classes, compact=True)


_MOVES = bindings("up", "down", "first", "last", "page_up", "page_down")
KEYS: tuple[BindingType, ...] = (
    *(replace(key, action=f"move({key.action!r})") for key in _MOVES),
    *(replace(key, action="app.focus_next") for key in bindings("next_pane")),
    *(replace(key, action="app.focus_previous") for key in bindings("previous_pane")),
    # What holds everywhere does not reach below a dialog by itself.
    *(replace(key, action="app.quit") for key in bindings("quit")),
)
"""The keys that every dialog has."""


class Dialog(ModalScreen[ResultT], Generic[ResultT]):
    """A subclass gives the title, the body and the buttons; the focus is on `#cancel` when it
    opens, so that `enter` cancels, and so do the keys for going back.

    `dismiss(None)` is what cancelling does. `tab` and the arrows left and right go through the
    buttons; up, down and the page keys scroll the body wherever the focus is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("leave", to="back"),
        Binding("escape,h", "back", "Cancel", show=False, id="back", group=None),
        *KEYS,
        Binding("right", "button(1)", "Next button", show=False),
        Binding("left", "button(-1)", "Previous button", show=False),
    ]
    AUTO_FOCUS = "#cancel"

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.HORIZONTAL_BREAKPOINTS = [(0, "-small"), (ROOMY, "-roomy")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.title_label = LineLabel(classes="dialog-title")
        self.said = LineLabel(classes="dialog-said")
        """One line between the body and the buttons."""

    def body(self) -> Widget:
        """Return what is read and scrolled; it takes the room there is."""
        raise NotImplementedError

    def buttons(self) -> Iterable[Button]:
        """Return the buttons; one of them has the id `cancel`."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The frame."""
        with Vertical(classes="dialog"):
            yield self.title_label
            yield self.body()
            yield self.said
            with Horizontal(classes="dialog-buttons"):
                yield from self.buttons()

    def fit(self, lines: int) -> None:
        """Be so many lines high, as far as there is room; where that is little, take all of it."""
        whole = self.has_class("-small") or self.has_class("-low")
        height = None if whole else min(lines, self.size.height * 9 // 10)
        self.query_one(".dialog").styles.height = height

    def action_back(self) -> None:
        """Cancel."""
        self.dismiss(None)

    @property
    def scrolled(self) -> LineView | None:
        """What the keys for moving scroll while the focus is on a button."""
        return next(iter(self.query(LineView)), None)

    def action_move(self, way: str) -> None:
        """A line, a row or a page on, by the name of its action."""
        if self.scrolled is not None:
            self.scrolled.call_later(self.scrolled.run_action, way)

    def action_button(self, step: int) -> None:
        """To the next button, or to the one before."""
        go = self.focus_next if step > 0 else self.focus_previous
        go("Button")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel, or call what the button is named after: `#yes` calls `action_yes`."""
        event.stop()
        if event.button.id == "cancel":
            self.action_back()
        else:
            self.call_later(self.run_action, event.button.id or "")
