"""The list on the screen: it draws the rows that are seen, and costs the same at any number."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from textual import on
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.geometry import Region, Size
from textual.strip import Strip

from envdeck.text.environment import Activity
from envdeck.tui.base.messages import CursorMoved, MarksChanged, RowOpened, SortRequested
from envdeck.tui.main.cells import MARK, CellPlace, heading, places, row
from envdeck.tui.store import Column, Listing
from envdeck.tui.widgets.line import Display, Line, Part, line_width
from envdeck.tui.widgets.line_view import LineView, rows_to

HIDDEN = "-alone"
"""The class of a main screen whose detail is hidden, and the list alone."""


class EnvironmentLines:
    """The lines of a :class:`Listing`: headings, rows, and what is said while there are none."""

    def __init__(self, listing: Listing, columns: Sequence[Column], look: Display) -> None:
        self.columns = columns
        """All that were asked for, whether there is room or not."""
        self.layout: tuple[CellPlace, ...] = ()
        """Those that there is room for."""
        self.instead: Sequence[Line] = ()
        """What is said where the rows would be."""
        self.doing: Mapping[str, Activity] = {}
        """What is being done with environments, by path: it stands where their status would."""
        self._listing = listing
        self._look = look
        self._largest = (-1, 0)
        self.cells = -1
        """The width that :attr:`layout` is for."""

    def lay_out(self, cells: int) -> None:
        """Find the columns that fit."""
        self.cells = cells
        self.layout = places(self.columns, cells, self._listing.column.id)

    def heading(self) -> Line:
        """Return the headings."""
        listing = self._listing
        return heading(self.layout, listing.column, self._look, reverse=listing.reverse)

    def column_at(self, x: int) -> str | None:
        """Return the id of the column under the mouse."""
        found = (each for each in self.layout if each.start <= x < each.start + each.cells + 1)
        return next((each.column.id for each in found), None)

    def row(self, place: int) -> Line:
        """Return the line of a row."""
        environment = self._listing.at(place)
        return row(
            environment,
            self.layout,
            self._look,
            marked=environment.path in self._listing.marks.paths,
            largest=self._largest_size(),
            doing=self.doing.get(environment.path),
        )

    def _largest_size(self) -> int:
        """Return what fills a bar: the largest of those shown."""
        if self._largest[0] != self._listing.revision:
            sizes = (environment.size for environment in self._listing.shown())
            largest = max((size.disk_bytes for size in sizes if size is not None), default=0)
            self._largest = (self._listing.revision, largest)
        return self._largest[1]

    def instead_at(self, y: int, cells: int, height: int) -> Line:
        """Return what is said on a line of so many, in the middle."""
        number = y - max(1, (height - len(self.instead)) // 2 - 1)
        if not 0 <= number < len(self.instead):
            return ()
        line = self.instead[number]
        return (Part(" " * max(1, (cells - line_width(line)) // 2)), *line)


class EnvironmentTable(LineView):
    """The rows of a :class:`Listing`, under headings that do not scroll away.

    Whoever changes the listing does so within :meth:`changing`, so that the row under the
    cursor (or, when that is out of sight, the topmost row) keeps its line on the screen.
    """

    def __init__(self, listing: Listing, columns: Sequence[Column], look: Display) -> None:
        super().__init__()
        self.listing = listing
        self.body = EnvironmentLines(listing, columns, look)

    @property
    def rows_seen(self) -> int:
        """How many rows fit on the screen."""
        return max(1, self.scrollable_content_region.height - 1)

    # changes

    @contextmanager
    def hold_view(self) -> Iterator[None]:
        """Change the listing: what the person looks at stays where it is on the screen."""
        listing = self.listing
        top = round(self.scroll_y)
        path, line = listing.cursor, (listing.index(listing.cursor) or 0) - top
        if not 0 <= line < self.rows_seen and 0 <= top < len(listing):
            path, line = listing.at(top).path, 0
        yield
        self.virtual_size = Size(self.cells, len(listing) + 1)
        if not listing.touched:
            self.scroll_to(y=0, animate=False, force=True)
        else:
            place = listing.index(path)
            if place is None:
                self.show_cursor()
            else:
                self.scroll_to(y=max(0, place - line), animate=False, force=True)
        self.refresh()

    def say_instead(self, lines: Sequence[Line]) -> None:
        """Say something where the rows would be, while there are none."""
        if lines != self.body.instead:
            self.body.instead = lines
            self.refresh()

    def tell_doing(self, doing: Mapping[str, Activity]) -> None:
        """Say by path what is being done with environments."""
        if doing != self.body.doing:
            self.body.doing = doing
            self.refresh()

    def show_cursor(self) -> None:
        """Scroll as little as needed for the cursor to be seen."""
        place = self.listing.index(self.listing.cursor)
        if place is None:
            return
        top = round(self.scroll_y)
        if place < top:
            self.scroll_to(y=place, animate=False, force=True)
        elif place >= top + self.rows_seen:
            self.scroll_to(y=place - self.rows_seen + 1, animate=False, force=True)

    def move_to(self, place: int) -> None:
        """Put the cursor on a row, and say so."""
        before = self.listing.index(self.listing.cursor)
        self.listing.move_to(place)
        self.show_cursor()
        if self.listing.marks.ranging:
            self.refresh()
        for moved in (before, self.listing.index(self.listing.cursor)):
            if moved is not None:
                self.refresh(Region(0, moved - round(self.scroll_y) + 1, self.size.width, 1))
        self.post_message(CursorMoved(self.listing.cursor))

    # painting

    def lay_out_again(self) -> None:
        """Find the columns that fit, and the height."""
        self.body.lay_out(self.cells)
        self.virtual_size = Size(self.cells, len(self.listing) + 1)
        self.show_cursor()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the headings or a row."""
        listing, cells = self.listing, self.cells
        if self.body.cells != cells:  # it is drawn before it is told its size: 30 ms for rows
            self.body.lay_out(cells)
        if y == 0:
            return self.painter.draw(self.body.heading(), cells, "headings")
        place = round(self.scroll_y) + y - 1
        if not len(listing):
            return self.painter.draw(self.body.instead_at(y, cells, self.size.height), cells)
        if place >= len(listing):
            return self.painter.draw((), cells)
        path = listing.at(place).path
        over = "marked" if path in listing.marks.paths or listing.marks.range_test()(place) else ""
        if path == listing.cursor:
            over = "cursor" if self.has_focus else "cursor-blurred"
        return self.painter.draw(self.body.row(place), cells, over)

    # mouse and keys

    def on_click(self, event: Click) -> None:
        """Sort by a heading, mark at the left edge, choose a row, or open it with two clicks."""
        place = round(self.scroll_y) + event.y - 1
        if event.y == 0:
            column = self.body.column_at(event.x)
            if column is not None:
                self.post_message(SortRequested(column))
        elif place < len(self.listing):
            self.move_to(place)
            if event.x < MARK:
                self.listing.marks.toggle()
                self.post_message(MarksChanged())
            elif event.chain >= 2:
                self.post_message(RowOpened())

    @on(MouseScrollDown)
    @on(MouseScrollUp)
    def _wheel_turned(self) -> None:
        """Keep what is looked at in sight from the first turn of the wheel on."""
        self.listing.touch()

    def go(self, way: str) -> None:
        """Go up or down, by a row, a page, or all of them."""
        self.move_to((self.listing.index(self.listing.cursor) or 0) + rows_to(way, self))
