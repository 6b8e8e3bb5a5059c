"""The names of the tabs in one line, to click or to press the number of."""

from collections.abc import Sequence

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from envdeck.core.lazy_dataclasses import dataclass

_SHORT = 4
"""Letters of a short name."""


class TabLine(Widget):
    """`1 Overview  2 Packages`, the open one bold and underlined; `1Overview 2Pack 3Proj` where
    there is less room, and where there is little the numbers of all but the open one."""

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
        """The names as there is room for them."""
        room = self.content_size.width - (len(self.titles) - 1)
        named = list(enumerate(self.titles, 1))
        short = tuple(f"{n}{name if n == self.active else name[:_SHORT]}" for n, name in named)
        ways = (tuple(f"{n} {name}" for n, name in named), short)
        least = tuple(f"{n}{name}" if n == self.active else str(n) for n, name in named)
        return next((way for way in ways if sum(map(len, way)) <= room), least)

    def _gap(self, labels: Sequence[str]) -> int:
        room = self.content_size.width - sum(map(len, labels))
        return max(1, min(3, room // max(len(labels) - 1, 1)))

    def render(self) -> Content:
        """Draw the names."""
        labels = self.labels
        gap, muted = self._gap(labels), "$foreground-muted"
        parts: list[tuple[str, str]] = []
        for number, label in enumerate(labels, 1):
            is_open = number == self.active
            head = f"{number} " if label.startswith(f"{number} ") else str(number)
            name = label.removeprefix(head)
            parts.append((head, "$text-primary" if is_open or head[-1:] != " " else muted))
            parts.append((name, "bold underline $text-primary" if is_open else muted))
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
