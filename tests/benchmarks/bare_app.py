"""The least that Textual can show: the peer of the first frame."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """One `Static`."""

    def compose(self) -> ComposeResult:
        yield Static("this is the first frame")


if __name__ == "__main__":
    Bare().run()
