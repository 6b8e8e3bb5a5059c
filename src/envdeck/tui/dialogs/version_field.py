"""The field into which the version of a package is typed."""

from textual.widgets import Input

from envdeck.text import plain


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
