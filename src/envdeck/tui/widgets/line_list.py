"""Lines with a cursor: rows to move over and to choose."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from textual.binding import BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.tui.base.actions import bindings
from envdeck.tui.widgets.line import Line, Part, line_text, wrapped
from envdeck.tui.widgets.line_view import LineView, rows_to

RowT = TypeVar("RowT")
_WHOLE = 400
"""Cells in which a row is drawn whole, to look for words in it."""


class Cursor(Generic[RowT]):
    """A place among rows, on one that can be chosen, and on the same one when rows come or go."""

    def __init__(
        self, can_choose: Callable[[RowT], bool], key_of: Callable[[RowT], object]
    ) -> None:
        self.rows: Sequence[RowT] = ()
        self.place: int | None = None
        """None where there is no row to stand on."""
        self._can_choose = can_choose
        self._key_of = key_of

    @property
    def row(self) -> RowT | None:
        """The row under it."""
        return None if self.place is None else self.rows[self.place]

    def take(self, rows: Sequence[RowT], key: object = None) -> None:
        """Take other rows; stand on the one named `key`, else on the one before, else near it."""
        if key is None and self.place is not None:
            key = self._key_of(self.rows[self.place])
        self.rows = rows
        found = None if key is None else self.index(key)
        if found is None:
            near = self.place or 0
            choices = (index for index, row in enumerate(rows) if self._can_choose(row))
            found = min(choices, key=lambda index: abs(index - near), default=None)
        self.place = found

    def index(self, key: object) -> int | None:
        """Return the place of the row named `key`, if it can be chosen."""
        for index, row in enumerate(self.rows):
            if self._can_choose(row) and self._key_of(row) == key:
                return index
        return None

    def nearest(self, index: int, step: int) -> int | None:
        """Return a place, or the next one in the direction of `step` that can be chosen; where
        there is none, the one in the other direction."""
        index = max(0, min(index, len(self.rows) - 1))
        for direction in (step, -step):
            place = index
            while 0 <= place < len(self.rows):
                if self._can_choose(self.rows[place]):
                    return place
                place += direction
        return None

    def top_for(self, top: int, room: int) -> int:
        """Return the topmost row with which it is seen, in so many rows: `top` where that does."""
        if self.place is None:
            return top
        first = self.place
        while first > 0 and not self._can_choose(self.rows[first - 1]):
            first -= 1  # the headings of a group come into sight with its first row
        if self.place - first >= room:
            first = self.place
        return first if first < top else max(top, self.place - room + 1)


class Viewport:
    """The part of a list that is seen: it follows the cursor."""

    def __init__(self, view: "LineList[Any]") -> None:
        self._view = view
        self._revealed: int | None = None
        """What was brought into sight below the cursor, which stays there in less room."""
        self.follows = True
        """Whether the cursor is kept in sight; it is from its first move on."""

    @property
    def above(self) -> int:
        """The lines above the rows: one where there is a heading."""
        return 0 if self._view.heading(self._view.cells) is None else 1

    @property
    def _room(self) -> int:
        return max(1, self._view.scrollable_content_region.height - self.above)

    def row_at(self, y: int) -> int | None:
        """Return the place of the row on a line of the screen, if there is one."""
        index = round(self._view.scroll_y) + y - self.above
        return index if y >= self.above and index < len(self._view.rows) else None

    def reload(self) -> None:
        """Show other rows."""
        self._revealed = None
        self.follow()

    def move(self) -> None:
        """Follow a cursor that a person moves."""
        self.follows = True
        self.reload()

    def follow(self) -> None:
        """Scroll as far as the cursor comes into sight."""
        top = round(self._view.scroll_y)
        to = self._view.cursor.top_for(top, self._room) if self.follows else top
        if to != top:
            self._scroll_to(to)

    def reveal(self, index: int) -> None:
        """Bring a row below into sight, as far as the one under the cursor stays in it; it is kept
        there until the cursor moves."""
        self._revealed = index
        top = min(index - self._room + 1, self._view.cursor.place or 0)
        if top > round(self._view.scroll_y):
            self._scroll_to(top)

    def _scroll_to(self, top: int) -> None:
        # Forced, since the rows may be more than there is room for from now on alone.
        self._view.scroll_to(y=top, animate=False, force=True)

    def fit(self) -> None:
        """Keep in sight what is, when something else takes the room."""
        self.follow()
        if self._revealed is not None:
            self.reveal(self._revealed)


class Narrowing:
    """Which rows of a list are shown, and in which order: those that hold every word, without
    titles; all of them without words."""

    def __init__(self, view: "LineList[Any]") -> None:
        self.words: list[str] = []
        self._view = view
        self._every: Sequence[Any] = ()
        self._key: Callable[[Any], Any] | None = None

    def sort(self, key: "Callable[[Any], Any] | None") -> None:
        """Show the rows in another order; None for the one that they come in."""
        self._key = key
        self._view.show_rows(self._every)

    def narrow(self, text: str) -> None:
        """Show only the rows that hold every word of a text."""
        self.words = text.casefold().split()
        self._view.show_rows(self._every)

    def take(self, rows: Sequence[RowT]) -> Sequence[RowT]:
        """Take other rows; return those that are shown."""
        self._every = rows
        if self._key is not None:
            rows = sorted(rows, key=self._key)
        if not self.words:
            return rows
        return [row for row in rows if self._view.can_choose(row) and self._holds(row)]

    def _holds(self, row: object) -> bool:
        told = line_text(self._view.draw_row(row, _WHOLE)).casefold()
        return all(word in told for word in self.words)


@dataclass
class ListMessage(Message):
    """Something that a list says."""

    view: "LineList[Any]"

    @property
    def control(self) -> "LineList[Any]":
        """The list, for `@on` selectors."""
        return self.view


class LineList(LineView, Generic[RowT]):
    """Rows drawn when they are seen, with a cursor that passes over those not to be chosen.

    A subclass says how a row is drawn (:meth:`draw_row`), which ones the cursor stands on
    (:meth:`can_choose`), what a row *is* (:meth:`key_of`, so that the cursor stays on the same
    thing when rows come, go or are sorted), and may give a heading that does not scroll away.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("open")]

    class Moved(ListMessage):
        """The cursor stands on another row."""

    @dataclass
    class Chosen(ListMessage):
        """A row was chosen, by `enter` or a double click."""

        row: object

    @dataclass
    class HeadingClicked(ListMessage):
        """The heading was clicked, `column` cells from the left."""

        column: int

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.cursor = Cursor(self.can_choose, self.key_of)
        self.viewport = Viewport(self)
        self._instead: Line = ()
        self.narrowing = Narrowing(self)

    def draw_row(self, row: RowT, cells: int) -> Line:
        """Return the line of a row."""
        raise NotImplementedError

    def can_choose(self, row: RowT) -> bool:
        """Whether the cursor may stand on a row."""
        del row
        return True

    def key_of(self, row: RowT) -> object:
        """Return what names a row, whatever place it has."""
        return row

    def heading(self, cells: int) -> Line | None:
        """Return the line that stays on top, or None."""
        del cells
        return None

    def say_instead(self, line: Line) -> None:
        """Say something where rows would be, while there are none: the list keeps the focus."""
        self._instead = line
        self.refresh()

    @property
    def rows(self) -> Sequence[RowT]:
        """All rows, in order."""
        return self.cursor.rows

    @property
    def current(self) -> RowT | None:
        """The row under the cursor."""
        return self.cursor.row

    def show_rows(self, rows: Sequence[RowT], key: object = None) -> None:
        """Show rows, the cursor on the one named `key`, else where it was, else near there. While
        the list is narrowed, only those that hold every word."""
        self.cursor.take(self.narrowing.take(rows), key)
        self.lay_out_again()
        self.viewport.reload()
        self.post_message(self.Moved(self))

    def lay_out_again(self) -> None:
        """Take the number of rows for the height; each is drawn when it is seen."""
        self.virtual_size = Size(self.cells, len(self.rows) + self.viewport.above)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the heading or a row."""
        cells, over = self.cells, ""
        line: Line = ()
        heading = self.heading(cells)
        above = 0 if heading is None else 1
        index = round(self.scroll_y) + y - above
        if heading is not None and y == 0:
            line = heading
        elif not self.rows:
            instead = (
                (Part("Nothing matches this filter"),) if self.narrowing.words else self._instead
            )
            said = wrapped(instead, max(cells - 4, 8))
            number = y - above - 1
            line = (Part("  "), *said[number]) if 0 <= number < len(said) else ()
        elif index < len(self.rows):
            line = self.draw_row(self.rows[index], cells)
            if index == self.cursor.place:
                over = "cursor" if self.has_focus else "cursor-blurred"
        return self.painter.draw(line, cells, over)

    def move_to(self, index: int, step: int = 1) -> None:
        """Put the cursor on a row, or on the next one in the direction of `step` that takes it."""
        place = self.cursor.nearest(index, step)
        if place is None:
            return
        if place != self.cursor.place:
            self.cursor.place = place
            self.refresh()
            self.post_message(self.Moved(self))
        self.viewport.move()

    def move_to_key(self, key: object) -> bool:
        """Put the cursor on the row named `key`, if there is one."""
        index = self.cursor.index(key)
        if index is not None:
            self.move_to(index)
        return index is not None

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in sight when something else takes the room."""
        super().on_resize(event)
        self.viewport.fit()

    def on_click(self, event: Click) -> None:
        """Move to the row under the mouse; a second click chooses it."""
        index = self.viewport.row_at(event.y)
        if event.y < self.viewport.above:
            self.post_message(self.HeadingClicked(self, event.x))
        elif index is not None and self.can_choose(self.rows[index]):
            self.move_to(index)
            if event.chain >= 2:
                self.action_open()

    def action_open(self) -> None:
        """Choose the row under the cursor."""
        if self.current is not None:
            self.post_message(self.Chosen(self, self.current))

    def go(self, way: str) -> None:
        """Go over the rows to be chosen; past the last one, or before the first, on to what is
        below or above it."""
        before, rows = self.cursor.place, rows_to(way, self)
        if way == "first":
            self.scroll_to(y=0, animate=False)
        self.move_to((before or 0) + rows, 1 if rows > 0 else -1)
        if way in {"up", "down"} and before == self.cursor.place:
            super().go(way)


class DrawnRow(Protocol):
    """A row that is a line already."""

    @property
    def line(self) -> Line:
        """The line, for the width that it was made for."""
        ...

    @property
    def key(self) -> object:
        """What names it, whatever the width and whatever stands above it; None where the cursor
        passes over it."""
        ...


DrawnT = TypeVar("DrawnT", bound=DrawnRow)


class DrawnList(LineList[DrawnT], Generic[DrawnT]):
    """Rows that are laid out again, with their lines, for every width there is."""

    def __init__(self, make: Callable[[int], Sequence[DrawnT]]) -> None:
        super().__init__()
        self._make = make
        self._made_for = 0

    def build(self, key: object = None) -> None:
        """Make the rows; the cursor stays on what it stands on, unless told otherwise."""
        if self.cells > 0:
            self._made_for = self.cells
            self.show_rows(self._make(self.cells), key)

    def on_resize(self, event: Resize) -> None:
        """Make them for the new width."""
        super().on_resize(event)
        if self.cells != self._made_for:
            self.build()

    def can_choose(self, row: DrawnT) -> bool:
        """Those that stand for something."""
        return row.key is not None

    def key_of(self, row: DrawnT) -> object:
        """What it stands for."""
        return row.key

    def draw_row(self, row: DrawnT, cells: int) -> Line:
        """The line is there already."""
        del cells
        return row.line
