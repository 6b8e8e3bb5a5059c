"""The names of the tabs in one line, to click or to press the number of."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class TabLine(Widget):
    """`1 Overview  2 Packages`, the open one bold and underlined; closer together, and some
    by their numbers alone, where there is little room."""

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
    def labels(self) -> tuple[str, ...]:
        """The names as there is room for them: of the tabs far from the open one, the number."""
        room = self.content_size.width - (len(self.titles) - 1)
        labels = [f"{number} {title}" for number, title in enumerate(self.titles, 1)]
        far = sorted(range(len(labels)), key=lambda place: -abs(place + 1 - self.active))
        for place in far[:-1]:
            if sum(map(len, labels)) <= room:
                break
            labels[place] = str(place + 1)
        return tuple(labels)

    def _gap(self, labels: Sequence[str]) -> int:
        room = self.content_size.width - sum(map(len, labels))
        return max(1, min(3, room // max(len(labels) - 1, 1)))

    def render(self) -> Content:
        """Draw the names."""
        labels = self.labels
        gap = self._gap(labels)
        parts: list[tuple[str, str]] = []
        for number, label in enumerate(labels, 1):
            is_open = number == self.active
            digits, blank, title = label.partition(" ")
            parts.append((digits + blank, "$text-primary" if is_open else "$foreground-muted"))
            parts.append(
                (title, "bold underline $text-primary" if is_open else "$foreground-muted")
            )
            if number < len(labels):
                parts.append((" " * gap, ""))
        return Content.assemble(*parts)

    def on_click(self, event: Click) -> None:
        """Pick the tab under the mouse."""
        place = event.x - self.styles.padding.left
        start, labels = 0, self.labels
        gap = self._gap(labels)
        for number, label in enumerate(labels, 1):
            end = start + len(label)
            if start <= place < end:
                self.post_message(self.Picked(number))
                return
            start = end + gap
