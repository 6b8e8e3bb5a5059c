"""Rows of a tab."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual.events import Resize

from envdeck.tui.widgets.line import Line, Look, OneLine, Part, Tone, clipped, flowed, wrapped
from envdeck.tui.widgets.line_list import LineList


@dataclass(frozen=True, slots=True)
class TabRow:
    """One line; where it has a key, the cursor stands on it."""

    line: Line = field(default=(), repr=False)
    """Left out of how a row is written: messages carry rows, and a line may hold a secret."""
    key: object = None
    """What names it, whatever the width and whatever stands above it."""
    about: object = None
    """What it stands for."""


BLANK = TabRow()


def told(
    line: Line, look: Look, cells: int, indent: int = 1, *, first: Line = ()
) -> Iterator[Line]:
    """Yield a line in as many as it takes, all set in by `indent`; `first` stands at the left
    of the first one instead of the blanks."""
    room = max(cells - indent - 1, 8)
    for number, piece in enumerate(wrapped(line, room, look.signs.ellipsis)):
        yield (*(first if first and not number else (Part(" " * indent),)), *piece)


def pieces(parts: Sequence[Line], look: Look, cells: int, indent: int) -> Iterator[Line]:
    """Yield pieces with separators between them, in lines set in by `indent`."""
    for line in flowed(parts, max(cells - indent - 1, 8), look.signs.ellipsis):
        if line:
            yield (Part(" " * indent), *line)


def heading(text: str, note: str = "") -> TabRow:
    """Return the heading above some rows."""
    return TabRow((Part(f" {text}", Tone.HEADING), Part(f"  {note}" if note else "", Tone.MUTED)))


class TabList(LineList[TabRow]):
    """The rows, laid out anew for every width by whoever owns them."""

    def __init__(self, lay: Callable[[int], list[TabRow]]) -> None:
        super().__init__()
        self._lay = lay

    def build(self, key: object = None) -> None:
        """Lay the rows out; the cursor stays on what it stands on, unless told otherwise."""
        if self.cells > 0:
            self.show_rows(self._lay(self.cells), key)

    def on_resize(self, event: Resize) -> None:
        """Lay out for the new width."""
        super().on_resize(event)
        self.build()

    def can_choose(self, row: TabRow) -> bool:
        """Those that stand for something."""
        return row.key is not None

    def key_of(self, row: TabRow) -> object:
        """What it stands for."""
        return row.key

    def draw_row(self, row: TabRow, cells: int) -> Line:
        """The line is laid out already."""
        del cells
        return row.line


class TabFooting(OneLine):
    """The line as a widget, cut where it is too long."""

    DEFAULT_CSS: ClassVar[str] = "TabFooting { padding: 0 1; }"

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.line: Line = ()

    def tell(self, line: Line) -> None:
        """Say something else."""
        if line != self.line:
            self.line = line
            self.refresh()

    def lay_out(self, cells: int) -> Line:
        """Return it, cut at the edge."""
        return clipped(self.line, cells - 2, self._look.signs.ellipsis)
