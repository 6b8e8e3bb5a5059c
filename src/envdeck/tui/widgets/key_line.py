"""Lines to click: the keys at the bottom, as many as fit, with what is marked;
and the names of tabs."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.tui.base.actions import BY_ID, keys_of, named, shown_key
from envdeck.tui.widgets.line import Line, OneLine, Part, Tone, line_width

_IN_A_FIELD = {"open": "enter", "back": "escape", "help": "f1"}
"""The keys of a field are its own, whatever keys the actions were given."""


class Hint(NamedTuple):
    """One key on the line, and the cells it takes."""

    action: str
    start: int
    end: int


def hints_line(
    actions: Sequence[str], remapped: Mapping[str, str], cells: int, words: Mapping[str, str]
) -> tuple[Line, tuple[Hint, ...]]:
    """Return the hints that fit, from the first on; the last one given always stays, and so does
    the way back before it while there is another to leave out.

    `words` says what an action means here, where that is not its usual word.
    """
    told = [
        (
            name,
            shown_key(keys_of(name, remapped)[0]),
            words.get(name) or BY_ID[name].hint or BY_ID[name].title.lower(),
        )
        for name in actions
    ]
    while len(told) > 1 and _width(told) > cells:
        del told[-3 if len(told) > 2 and told[-2][0] == "back" else -2]
    parts, hints, at = [Part(" ")], [], 1
    for name, key, word in told:
        parts += [Part(key, Tone.HEADING), Part(f" {word}", Tone.MUTED), Part("  ")]
        end = at + line_width(tuple(parts[-3:-1]))
        hints.append(Hint(name, at, end))
        at = end + 2
    return tuple(parts), tuple(hints)


def _width(told: Sequence[tuple[str, str, str]]) -> int:
    return 1 + sum(len(key) + len(word) + 3 for _, key, word in told)


class KeyLine(OneLine):
    """The line as a widget."""

    DEFAULT_CSS: ClassVar[str] = "KeyLine { background: $panel; }"

    def __init__(self, remapped: Mapping[str, str]) -> None:
        super().__init__()
        self._remapped = remapped
        self._actions: Mapping[str, str] = {}
        self._said: Line = ()
        self._typing = False
        self._hints: tuple[Hint, ...] = ()

    def tell(self, actions: Mapping[str, str], said: Line = (), *, typing: bool = False) -> None:
        """Show actions with their words (an empty one is the usual), and something at the right.

        Where letters go into a field (`typing`) the keys are those of the field.
        """
        if (actions, said, typing) != (self._actions, self._said, self._typing):
            self._actions, self._said, self._typing = actions, said, typing
            self.refresh()

    @property
    def _keys(self) -> Mapping[str, str]:
        return {**self._remapped, **_IN_A_FIELD} if self._typing else self._remapped

    def lay_out(self, cells: int) -> Line:
        """Return the line; what is said at the right goes before the hints."""
        taken = line_width(self._said)
        line, self._hints = hints_line(
            tuple(self._actions), self._keys, cells - taken - 1, self._actions
        )
        room = cells - line_width(line) - taken - 1
        return (*line, Part(" " * max(room, 0)), *self._said)

    def on_click(self, event: Click) -> None:
        """Press the key of the hint that was clicked."""
        for hint in self._hints:
            if hint.start <= event.x < hint.end:
                self.app.simulate_key(named(keys_of(hint.action, self._keys)[0]))


_SHORT = {"Packages": "Pkgs", "Timeline": "Time"}
"""Short names that are not the first four letters."""


class TabLine(Widget):
    """`1 Overview  2 Packages`, the open one bold and underlined. Where there is less room the
    others are short one by one (`1Overview 2Pkgs 3Proj 5Health`), those last that save least, and
    where there is little they are their numbers alone."""

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
        spaced = tuple(f"{n} {name}" for n, name in named)
        if sum(map(len, spaced)) <= room:
            return spaced
        names = [name if n == self.active else _SHORT.get(name, name[:4]) for n, name in named]
        room -= len(names)  # for the numbers
        if sum(map(len, names)) > room:
            return tuple(f"{n}{name}" if n == self.active else str(n) for n, name in named)
        for n, name in sorted(named, key=lambda one: len(one[1]) - len(names[one[0] - 1])):
            whole = [*names[: n - 1], name, *names[n:]]
            names = whole if sum(map(len, whole)) <= room else names
        return tuple(f"{n}{name}" for n, name in enumerate(names, 1))

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
