"""The frame of every dialog: a title, something to read and scroll, its keys, buttons always in
sight; and the keys that mean the same in all of them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input

from envdeck.core.lazy_dataclasses import replace
from envdeck.text import plain
from envdeck.tui.base.actions import bindings
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Display, Line, LineLabel, Part, Tone, content
from envdeck.tui.widgets.line_view import LineView

ResultT = TypeVar("ResultT")


ROOMY = 64
"""Columns of the screen from which a dialog does not take all of them."""


class DialogButton(Button):
    """A button whose words are a line, so that nothing in them can act."""

    def __init__(self, line: Line, *, id: str, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(content(line), id=id, classes=classes, compact=True)

    def action_press(self) -> None:
        """Press it; in a dialog that acts, only once a person has moved to a button."""
        if isinstance(self.screen, Dialog) and self.screen.stands:
            self.call_later(self.screen.run_action, "enter")
        else:
            super().action_press()


_MOVES = bindings("up", "down", "first", "last", "page_up", "page_down")
KEYS: tuple[BindingType, ...] = (
    *(replace(key, action=f"move({key.action!r})") for key in (*_MOVES, *bindings("mark"))),
    *(replace(key, action="app.focus_next") for key in bindings("next_pane")),
    *(replace(key, action="app.focus_previous") for key in bindings("previous_pane")),
    # What holds everywhere does not reach below a dialog by itself; in a field letters are typed.
    Binding("f1", "app.help", show=False),
    *(replace(key, action="app.help") for key in bindings("help")),
    *(replace(key, action="app.quit") for key in bindings("quit")),
)
"""The keys that every dialog has."""


class Dialog(ModalScreen[ResultT], Generic[ResultT]):
    """A subclass gives the title, the body, the buttons, and what confirming does.

    One way of answering holds in all of them: `space` chooses, `enter` and `y` confirm, `esc` and
    `n` go back. Where confirming changes something (:attr:`ACTS`), the focus is on `#cancel` and
    `y` alone confirms: `enter` says so, until a person moves to a button to press it.

    `dismiss(None)` is what going back does. `tab` and the arrows left and right go through the
    buttons; up, down and the page keys scroll the body wherever the focus is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("leave", to="back"),
        Binding("escape,h", "back", "Cancel", show=False, id="back", group=None),
        *bindings("no", to="back"),
        *bindings("yes", to="go_on"),
        Binding("enter", "go_on", show=False),
        *KEYS,
        Binding("right", "button(1)", "Next button", show=False),
        Binding("left", "button(-1)", "Previous button", show=False),
    ]
    AUTO_FOCUS = "#cancel"
    ACTS: ClassVar[bool] = False
    """Whether confirming changes something, so that `enter` alone does not confirm, but calls
    `action_enter`."""
    CONFIRM: ClassVar[str] = "go_on"
    """The id of the button that confirms."""
    DEFAULT_CSS = """
    Dialog KeyLine { background: transparent; }
    """

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look
        self.HORIZONTAL_BREAKPOINTS = [(0, "-small"), (ROOMY, "-roomy")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.title_label = LineLabel(classes="dialog-title")
        self.keys = KeyLine(look.keys)
        self.said = LineLabel(classes="dialog-said")
        """One line between the body and the buttons."""
        self.count: Callable[[], Line] = tuple
        """Returns what stands behind the keys."""
        self.stands = self.ACTS
        """Whether the focus is still where it was put, and `enter` presses no button."""

    def body(self) -> Widget:
        """Return what is read and scrolled; it takes the room there is."""
        raise NotImplementedError

    def buttons(self) -> Iterable[Button]:
        """Return the buttons, the one that confirms last; one of them has the id `cancel`."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The frame."""
        with Vertical(classes="dialog"):
            yield self.title_label
            yield self.body()
            yield self.keys
            yield self.said
            with Horizontal(classes="dialog-buttons"):
                yield from self.buttons()

    # the keys

    def hints(self, *, typing: bool) -> Mapping[str, str]:
        """Return the keys worth a hint with their words, or none where the buttons name them;
        `typing` tells that letters go into a field."""
        del typing
        return {}

    def tell_keys(self) -> None:
        """Say what keys do now: others in a field."""
        focused = self.focused
        if isinstance(focused, Button) and focused.id != "cancel":
            self.stands = False
        typing = isinstance(focused, Input)
        hints = self.hints(typing=typing)
        self.keys.display = bool(hints)
        if "back" in hints:  # the last one stays where there is little room
            hints = {**hints, "help": "", "back": hints["back"]}
            hints["back"] = hints.pop("back")
        self.keys.tell(hints, self.count(), typing=typing)

    on_descendant_focus = on_descendant_blur = tell_keys

    def say(self, text: str) -> None:
        """Say above the buttons why something was not done; empty for nothing any more."""
        sign = self.look.signs.warning
        self.said.show((Part(f"{sign} {plain(text)}", Tone.WARNING),) if text else ())
        self.set_class(bool(text), "-saying")

    # answers

    def action_go_on(self) -> None:
        """Confirm, or say why that cannot be."""
        raise NotImplementedError

    def action_back(self) -> None:
        """Go back: nothing is done."""
        self.dismiss(None)

    def action_move(self, way: str) -> None:
        """A line, a row or a page on, or choose the row, by the name of its action: in the first
        view, wherever the focus is."""
        for view in self.query(LineView).results(LineView):
            view.call_later(view.run_action, way)
            return

    def action_button(self, step: int) -> None:
        """To the next button, or to the one before."""
        go = self.focus_next if step > 0 else self.focus_previous
        go("Button")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Go back, confirm, or call what the button is named after: `#late` calls `action_late`."""
        event.stop()
        if event.button.id == "cancel":
            self.action_back()
        else:
            name = "go_on" if event.button.id == self.CONFIRM else event.button.id
            self.call_later(self.run_action, name or "")


def fit(dialog: Dialog[Any], lines: int) -> None:
    """Make a dialog so many lines high, as far as there is room; where that is little, let it
    take all of it."""
    whole = dialog.has_class("-small") or dialog.has_class("-low")
    height = None if whole else min(lines, dialog.size.height * 9 // 10)
    dialog.query_one(".dialog").styles.height = height
