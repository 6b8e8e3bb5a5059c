"""The line at the bottom: as many keys as fit, each to be clicked, and what is marked."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual.events import Click

from envdeck.tui.base.actions import BY_ID, keys_of, named, shown_key
from envdeck.tui.widgets.line import Line, OneLine, Part, Tone, line_width

_IN_A_FIELD = {"open": "enter", "back": "escape"}
"""The keys of a field are its own, whatever keys the actions were given."""


class Hint(NamedTuple):
    """One key on the line, and the cells it takes."""

    action: str
    start: int
    end: int


def hints_line(
    actions: Sequence[str], remapped: Mapping[str, str], cells: int, words: Mapping[str, str]
) -> tuple[Line, tuple[Hint, ...]]:
    """Return the hints that fit, from the first on; the last one given always stays.

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
        del told[-2]
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
