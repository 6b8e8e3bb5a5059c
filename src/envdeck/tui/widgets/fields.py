"""Secret and version fields."""

from textual.message import Message
from textual.widgets import Input

from envdeck.text import plain
from envdeck.tui.base.system import Hiding


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


class VersionField(Input):
    """It is there only while a version is asked for."""

    def __init__(self) -> None:
        super().__init__(placeholder="a version", compact=True)
        self.cursor_blink = False
        self.display = False
        self.asked_for = ""
        """The name of the package whose version is typed."""

    def ask(self, name: str) -> None:
        """Ask for the version of a package."""
        self.asked_for = name
        self.placeholder = f"a version of {plain(name)}, then enter"
        self.value = ""
        self.display = True
        self.focus()
