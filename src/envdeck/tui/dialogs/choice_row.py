"""One row of a dialog in which something is chosen, and what is said about it below."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from envdeck.tui.widgets.line import Line, Part, Tone, line_width
from envdeck.tui.widgets.look import Look

Draw = Callable[[int], Line]
About = Callable[[int], Sequence[Line]]

BOX = 6
"""Cells at the left that a click chooses by: the blank, the box, and the blank behind it."""


def _nothing(_cells: int) -> Sequence[Line]:
    return ()


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """A row: how it is drawn for a width, what is told of it, and what it stands for."""

    draw: Draw
    key: object = None
    """What it stands for, whatever its place; None for a title, which the cursor passes over."""
    about: About = _nothing
    """What is told of it below the list, in lines for a width."""


def title(text: str, note: str = "") -> ChoiceRow:
    """Return the title above some rows."""
    line = (Part(f" {text}", Tone.HEADING), Part(f"  {note}" if note else "", Tone.MUTED))
    return ChoiceRow(lambda cells: line if line_width(line) < cells else line[:1])


BLANK = ChoiceRow(lambda _cells: ())


def tick(look: Look, *, chosen: bool, possible: bool = True) -> Line:
    """Return the box of one of several that can all be chosen: `[✓]`."""
    return _box("[", "]", look, chosen=chosen, possible=possible)


def radio(look: Look, *, chosen: bool, possible: bool = True) -> Line:
    """Return the box of one of which a single one is chosen: `(✓)`."""
    return _box("(", ")", look, chosen=chosen, possible=possible)


def _box(left: str, right: str, look: Look, *, chosen: bool, possible: bool) -> Line:
    if not possible:
        return (Part("     ", Tone.MUTED), Part(" "))
    sign = look.signs.marked if chosen else " "
    edge = Tone.ACCENT if chosen else Tone.MUTED
    return Part(f" {left}", edge), Part(sign, Tone.ACCENT), Part(f"{right} ", edge), Part(" ")
