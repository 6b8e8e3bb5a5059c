"""Lines with a cursor: rows to move over and to choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from textual.binding import BindingType
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from envdeck.tui.base.actions import bindings
from envdeck.tui.widgets.line import Line, Part, wrapped
from envdeck.tui.widgets.line_view import LineView

RowT = TypeVar("RowT")


class LineList(LineView, Generic[RowT]):
    """Rows drawn when they are seen, with a cursor that passes over those not to be chosen.

    A subclass says how a row is drawn (:meth:`draw_row`), which ones the cursor stands on
    (:meth:`can_choose`), what a row *is* (:meth:`key_of`, so that the cursor stays on the same
    thing when rows come, go or are sorted), and may give a heading that does not scroll away.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("open")]

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        view: "LineList[Any]"

        @property
        def control(self) -> "LineList[Any]":
            """The list, for `@on` selectors."""
            return self.view

    @dataclass
    class Chosen(Message):
        """A row was chosen, by `enter` or a double click."""

        view: "LineList[Any]"
        row: object

        @property
        def control(self) -> "LineList[Any]":
            """The list, for `@on` selectors."""
            return self.view

    @dataclass
    class HeadingClicked(Message):
        """The heading was clicked, `column` cells from the left."""

        view: "LineList[Any]"
        column: int

        @property
        def control(self) -> "LineList[Any]":
            """The list, for `@on` selectors."""
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._rows: Sequence[RowT] = ()
        self._cursor: int | None = None
        self._instead: Line = ()
        self._revealed: int | None = None
        """What was brought into sight below the cursor, which stays there in less room."""

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
        return self._rows

    @property
    def current(self) -> RowT | None:
        """The row under the cursor."""
        return None if self._cursor is None else self._rows[self._cursor]

    def show_rows(self, rows: Sequence[RowT], key: object = None) -> None:
        """Show rows, the cursor on the one named `key`, else where it was, else near there."""
        if key is None and self._cursor is not None:
            key = self.key_of(self._rows[self._cursor])
        self._rows = rows
        self._revealed = None
        self._cursor = self._place(key)
        self.lay_out_again()
        self._follow()
        self.post_message(self.Moved(self))

    def _place(self, key: object) -> int | None:
        choices = [index for index, row in enumerate(self._rows) if self.can_choose(row)]
        if not choices:
            return None
        if key is not None:
            for index in choices:
                if self.key_of(self._rows[index]) == key:
                    return index
        near = self._cursor or 0
        return min(choices, key=lambda index: abs(index - near))

    def lay_out_again(self) -> None:
        """Take the number of rows for the height; each is drawn when it is seen."""
        self.virtual_size = Size(self.cells, len(self._rows) + self._top)
        self.refresh()

    @property
    def _top(self) -> int:
        return 0 if self.heading(self.cells) is None else 1

    def render_line(self, y: int) -> Strip:
        """Draw the heading or a row."""
        cells = self.cells
        heading = self.heading(cells)
        if heading is not None:
            if y == 0:
                return self.draw(heading)
            y -= 1
        if not self._rows:
            return self.draw(self._said(y - 1, cells))
        index = round(self.scroll_y) + y
        if index >= len(self._rows):
            return self.draw(())
        over = ""
        if index == self._cursor:
            over = "cursor" if self.has_focus else "cursor-blurred"
        return self.draw(self.draw_row(self._rows[index], cells), over)

    def _said(self, y: int, cells: int) -> Line:
        lines = wrapped(self._instead, max(cells - 4, 8))
        return (Part("  "), *lines[y]) if 0 <= y < len(lines) else ()

    def move_to(self, index: int, step: int = 1) -> None:
        """Put the cursor on a row, or on the next one in the direction of `step` that takes it."""
        index = max(0, min(index, len(self._rows) - 1))
        for direction in (step, -step):
            place = index
            while 0 <= place < len(self._rows):
                if self.can_choose(self._rows[place]):
                    self._set(place)
                    return
                place += direction

    def move_to_key(self, key: object) -> bool:
        """Put the cursor on the row named `key`, if there is one."""
        for index, row in enumerate(self._rows):
            if self.can_choose(row) and self.key_of(row) == key:
                self._set(index)
                return True
        return False

    def _set(self, place: int) -> None:
        self._revealed = None
        if place != self._cursor:
            self._cursor = place
            self.refresh()
            self.post_message(self.Moved(self))
        self._follow()

    def _follow(self) -> None:
        if self._cursor is None:
            return
        room = max(1, self.scrollable_content_region.height - self._top)
        top = round(self.scroll_y)
        first = self._cursor
        while first > 0 and not self.can_choose(self._rows[first - 1]):
            first -= 1  # the headings of a group come into sight with its first row
        if self._cursor - first >= room:
            first = self._cursor
        if first < top:
            self.scroll_to(y=first, animate=False)
        elif self._cursor >= top + room:
            self.scroll_to(y=self._cursor - room + 1, animate=False)

    def reveal(self, index: int) -> None:
        """Bring a row below into sight, as far as the one under the cursor stays in it; it is kept
        there until the cursor moves."""
        self._revealed = index
        room = max(1, self.scrollable_content_region.height - self._top)
        top = min(index - room + 1, self._cursor or 0)
        if top > round(self.scroll_y):
            # Forced, since the rows may be more than there is room for from now on alone.
            self.scroll_to(y=top, animate=False, force=True)

    def on_resize(self, event: Resize) -> None:
        """Keep the cursor in sight when something else takes the room."""
        super().on_resize(event)
        self._follow()
        if self._revealed is not None:
            self.reveal(self._revealed)

    def on_focus(self) -> None:
        """Paint the cursor as the one that keys move."""
        self.refresh()

    def on_blur(self) -> None:
        """Paint the cursor as one that rests."""
        self.refresh()

    def on_click(self, event: Click) -> None:
        """Move to the row under the mouse; a second click chooses it."""
        y = event.y
        if self._top:
            if y == 0:
                self.post_message(self.HeadingClicked(self, event.x))
                return
            y -= 1
        index = round(self.scroll_y) + y
        if index < len(self._rows) and self.can_choose(self._rows[index]):
            self._set(index)
            if event.chain >= 2:
                self.action_open()

    def action_open(self) -> None:
        """Choose the row under the cursor."""
        if self.current is not None:
            self.post_message(self.Chosen(self, self.current))

    def action_down(self) -> None:
        """To the next row; after the last one, on to what is below it."""
        before = self._cursor
        self.move_to(0 if before is None else before + 1)
        if before == self._cursor:
            self.scroll_relative(y=1, animate=False)

    def action_up(self) -> None:
        """To the row before; before the first one, on to what is above it."""
        before = self._cursor
        self.move_to(0 if before is None else before - 1, -1)
        if before == self._cursor:
            self.scroll_relative(y=-1, animate=False)

    def action_first(self) -> None:
        """To the first row."""
        self.scroll_to(y=0, animate=False)
        self.move_to(0)

    def action_last(self) -> None:
        """To the last row."""
        self.move_to(len(self._rows) - 1, -1)

    def action_page_down(self) -> None:
        """A page down."""
        self.move_to((self._cursor or 0) + self._page)

    def action_page_up(self) -> None:
        """A page up."""
        self.move_to((self._cursor or 0) - self._page, -1)
