"""The names of the tabs in one line, to click or to press the number of."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class TabLine(Widget):
    """`1 Overview  2 Packages`, the open one bold and underlined; closer together where there is
    little room."""

    DEFAULT_CSS = """
    TabLine { height: 1; width: 1fr; padding: 0 1; }
    """

    active: reactive[int] = reactive(1)
    """The number of the open tab, from 1."""

    @dataclass
    class Picked(Message):
        """A tab was clicked."""

        number: int

    def __init__(self, titles: Sequence[str]) -> None:
        super().__init__()
        self.titles = tuple(titles)

    @property
    def _gap(self) -> int:
        names = sum(len(f"{number} {title}") for number, title in enumerate(self.titles, 1))
        room = self.content_size.width - names
        return max(1, min(3, room // max(len(self.titles) - 1, 1)))

    def render(self) -> Content:
        """Draw the names."""
        parts: list[tuple[str, str]] = []
        for number, title in enumerate(self.titles, 1):
            is_open = number == self.active
            parts.append((f"{number} ", "$text-primary" if is_open else "$foreground-muted"))
            parts.append(
                (title, "bold underline $text-primary" if is_open else "$foreground-muted")
            )
            if number < len(self.titles):
                parts.append((" " * self._gap, ""))
        return Content.assemble(*parts)

    def on_click(self, event: Click) -> None:
        """Pick the tab under the mouse."""
        place = event.x - self.styles.padding.left
        start = 0
        for number, title in enumerate(self.titles, 1):
            end = start + len(f"{number} {title}")
            if start <= place < end:
                self.post_message(self.Picked(number))
                return
            start = end + self._gap
