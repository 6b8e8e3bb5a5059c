"""Secrets on the screen, fields for one, and for what is asked for now and then."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input


class Hiding:
    """A widget that may show a secret."""

    def hide_secrets(self) -> None:
        """Hide it now: at the return nothing draws it any more."""
        raise NotImplementedError


class Secret:
    """A text whose representation does not tell it. No message or log can say it by accident."""

    __slots__ = ("text",)

    def __init__(self, text: str | None) -> None:
        self.text = text

    def __repr__(self) -> str:
        """Say that there is one."""
        return "<secret>"

    __str__ = __repr__


def hide_secrets(screens: Iterable[Screen[Any]]) -> None:
    """Hide every secret that any of some screens shows."""
    for screen in screens:
        for widget in screen.walk_children():
            if isinstance(widget, Hiding):
                widget.hide_secrets()


class SecretField(Input, Hiding):
    """Shows dots for what is typed, unless it is asked to show it; when it loses the focus it
    hides it again. Nothing it posts tells what is in it, and nothing of it can be copied."""

    class Entered(Message):
        """Enter was pressed in it."""

    def __init__(self, name: str, placeholder: str = "") -> None:
        super().__init__(
            placeholder=placeholder, password=True, compact=True, select_on_focus=False
        )
        self.key = name
        """The key whose value is asked for."""
        self.cursor_blink = False

    def post_message(self, message: Message) -> bool:
        """Leave out what carries the value: a trace of the messages would have it."""
        if isinstance(message, Input.Submitted):
            return super().post_message(self.Entered())
        if isinstance(message, Input.Changed | Input.Blurred):
            return False
        return super().post_message(message)

    def toggle(self) -> None:
        """Show what is typed, or hide it."""
        self.password = not self.password

    def hide_secrets(self) -> None:
        """Show dots again."""
        self.password = True

    def on_blur(self) -> None:
        """Hide it: the person is elsewhere."""
        self.password = True

    def action_copy(self) -> None:
        """Copy nothing: the clipboard is everybody's."""

    def action_cut(self) -> None:
        """Remove what is selected, and copy nothing."""
        self.delete_selection()


class AskedField(Input):
    """A field that is there only while something is asked for."""

    # In a field the key is its own, whatever keys "back" was given.
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", show=False)]

    class Closed(Message):
        """It is gone again."""

    def __init__(self, take: Callable[[str, str], object], placeholder: str = "") -> None:
        """`take` is called with what was asked for and what was typed."""
        super().__init__(placeholder=placeholder, compact=True)
        self.cursor_blink = False
        self.display = False
        self._take = take
        self.asked_for = ""
        """What it is asked for, where that may be several things."""

    def ask(self, what: str, placeholder: str) -> None:
        """Ask for something."""
        self.asked_for, self.placeholder, self.value = what, placeholder, ""
        self.open()

    def open(self) -> None:
        """Come, with what was typed last."""
        self.display = True
        self.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand over what was typed."""
        event.stop()
        self._take(self.asked_for, event.value)

    def action_close(self) -> None:
        """Go again."""
        self.display = False
        self.post_message(self.Closed())
