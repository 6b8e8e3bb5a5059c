"""Rows of a tab."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.tui.widgets.line import Line, Look, OneLine, Part, Tone, clipped, flowed, wrapped


@dataclass(frozen=True, slots=True)
class TabRow:
    """One line; where it has a key, the cursor stands on it."""

    line: Line = field(default=(), repr=False)
    """Left out of how a row is written: messages carry rows, and a line may hold a secret."""
    key: object = None
    """What names it, whatever the width and whatever stands above it."""
    about: object = None
    """What it stands for."""


@dataclass(frozen=True, slots=True)
class LateRow:
    """A row whose line is made when it is seen: hundreds of them cost nothing."""

    make: Callable[[], Line]
    key: object
    about: object = None

    @property
    def line(self) -> Line:
        """Make the line."""
        return self.make()


AnyRow: TypeAlias = TabRow | LateRow
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
