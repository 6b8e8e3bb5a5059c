"""The palette: Textual's own, with a sign that every terminal has."""

from textual.command import CommandPalette, SearchIcon
from textual.theme import ThemeProvider

from envdeck.text import Signs


class Palette(CommandPalette):
    """Finds an action by its name, or a theme."""

    DEFAULT_CSS = """
    Palette SearchIcon { color: $text-primary; }
    """

    def __init__(self, signs: Signs, *, themes: bool = False) -> None:
        super().__init__(
            [ThemeProvider] if themes else None,
            placeholder=f"Find {'a theme' if themes else 'an action'}{signs.ellipsis}",
            id="--command-palette",
        )

    def on_mount(self) -> None:
        """Take the sign of the filter for a search, here as well."""
        for icon in self.query(SearchIcon):
            icon.icon = "/"
