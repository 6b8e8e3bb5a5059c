"""The frame of every dialog: a title, something to read and scroll, buttons always in sight."""

from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button

from envdeck.tui.base.actions import bindings
from envdeck.tui.widgets.line import Line, LineLabel, Look, content
from envdeck.tui.widgets.line_view import LineView

ResultT = TypeVar("ResultT")


class DialogButton(Button):
    """A button whose words are a line, so that nothing in them can act."""

    def __init__(self, line: Line, *, id: str, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(content(line), id=id, classes=classes, compact=True)


class Dialog(ModalScreen[ResultT], Generic[ResultT]):
    """A subclass gives the title, the body and the buttons; the focus is on `#cancel` when it
    opens, so that `enter` cancels, and so do the keys for going back.

    `dismiss(None)` is what cancelling does. `tab` and the arrows left and right go through the
    buttons; up, down and the page keys scroll the body wherever the focus is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,h", "back", "Cancel", show=False, id="back", group=None),
        *bindings("up", "down", "first", "last", "page_up", "page_down"),
        *bindings("next_pane", "previous_pane", "quit"),
        Binding("right", "next_button", "Next button", show=False),
        Binding("left", "previous_button", "Previous button", show=False),
    ]
    AUTO_FOCUS = "#cancel"

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
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

    def action_back(self) -> None:
        """Cancel."""
        self.dismiss(None)

    def action_quit(self) -> None:
        """Leave the program: what holds everywhere does not reach below a dialog by itself."""
        self.call_later(self.app.run_action, "quit")

    @property
    def scrolled(self) -> LineView | None:
        """What the keys for moving scroll while the focus is on a button."""
        return next(iter(self.query(LineView)), None)

    def _scroll(self, action: str) -> None:
        if self.scrolled is not None:
            self.scrolled.call_later(self.scrolled.run_action, action)

    def action_up(self) -> None:
        """A line, or a row, up."""
        self._scroll("up")

    def action_down(self) -> None:
        """A line, or a row, down."""
        self._scroll("down")

    def action_first(self) -> None:
        """To the first line."""
        self._scroll("first")

    def action_last(self) -> None:
        """To the last line."""
        self._scroll("last")

    def action_page_up(self) -> None:
        """A page up."""
        self._scroll("page_up")

    def action_page_down(self) -> None:
        """A page down."""
        self._scroll("page_down")

    def action_next_pane(self) -> None:
        """The focus goes on."""
        self.focus_next()

    def action_previous_pane(self) -> None:
        """The focus goes back."""
        self.focus_previous()

    def action_next_button(self) -> None:
        """To the next button."""
        self.focus_next("Button")

    def action_previous_button(self) -> None:
        """To the button before."""
        self.focus_previous("Button")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel, or call what the button is named after: `#yes` calls `action_yes`."""
        event.stop()
        if event.button.id == "cancel":
            self.action_back()
        else:
            self.call_later(self.run_action, event.button.id or "")
