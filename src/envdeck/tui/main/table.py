"""The list on the screen: it draws the rows that are seen, and costs the same at any number."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from textual.events import Click
from textual.geometry import Region, Size
from textual.strip import Strip

from envdeck.text import width
from envdeck.text.environment import Activity
from envdeck.tui.base.messages import CursorMoved, MarksChanged, RowOpened, SortRequested
from envdeck.tui.main.cells import MARK, CellPlace, heading, places, row
from envdeck.tui.store import Column, Listing
from envdeck.tui.widgets.line import Line, Look, Part
from envdeck.tui.widgets.line_view import LineView


class EnvironmentTable(LineView):
    """The rows of a :class:`Listing`, under headings that do not scroll away.

    Whoever changes the listing does so within :meth:`changing`, so that the row under the
    cursor (or, when that is out of sight, the topmost row) keeps its line on the screen.
    """

    def __init__(self, listing: Listing, columns: Sequence[Column], look: Look) -> None:
        super().__init__()
        self.listing = listing
        self._columns = columns
        self._look = look
        self._layout: tuple[CellPlace, ...] = ()
        self._largest = (-1, 0)
        self._blank: Sequence[Line] = ()
        self._doing: Mapping[str, Activity] = {}

    @property
    def columns_shown(self) -> tuple[Column, ...]:
        """The columns that there is room for."""
        return tuple(place.column for place in self._layout)

    @property
    def columns(self) -> Sequence[Column]:
        """All that were asked for, whether there is room or not."""
        return self._columns

    @property
    def rows_seen(self) -> int:
        """How many rows fit on the screen."""
        return max(1, self.scrollable_content_region.height - 1)

    # changes

    @contextmanager
    def changing(self) -> Iterator[None]:
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
        if lines != self._blank:
            self._blank = lines
            self.refresh()

    def tell_doing(self, doing: Mapping[str, Activity]) -> None:
        """Say by path what is being done with environments: it stands where their status would."""
        if doing != self._doing:
            self._doing = doing
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
        if self.listing.ranging:
            self.refresh()
        else:
            self._repaint(before)
            self._repaint(self.listing.index(self.listing.cursor))
        self.post_message(CursorMoved(self.listing.cursor))

    def _repaint(self, place: int | None) -> None:
        if place is not None:
            self.refresh(Region(0, place - round(self.scroll_y) + 1, self.size.width, 1))

    # painting

    def lay_out_again(self) -> None:
        """Find the columns that fit, and the height."""
        self._layout = places(self._columns, self.cells, self.listing.column.id)
        self.virtual_size = Size(self.cells, len(self.listing) + 1)
        self.show_cursor()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the headings or a row."""
        listing = self.listing
        if y == 0:
            line = heading(self._layout, listing.column, self._look, reverse=listing.reverse)
            return self.draw(line, "headings")
        place = round(self.scroll_y) + y - 1
        if place >= len(listing):
            return self.draw(self._blank_line(y) if not len(listing) else ())
        environment = listing.at(place)
        marked = listing.is_marked(environment.path)
        over = "marked" if marked or listing.in_range()(place) else ""
        if environment.path == listing.cursor:
            over = "cursor" if self.has_focus else "cursor-blurred"
        line = row(
            environment,
            self._layout,
            self._look,
            marked=marked,
            largest=self._largest_size(),
            doing=self._doing.get(environment.path),
        )
        return self.draw(line, over)

    def _blank_line(self, y: int) -> Line:
        number = y - max(1, (self.size.height - len(self._blank)) // 2 - 1)
        if not 0 <= number < len(self._blank):
            return ()
        line = self._blank[number]
        used = sum(width(part.text) for part in line)
        return (Part(" " * max(1, (self.cells - used) // 2)), *line)

    def _largest_size(self) -> int:
        """Return what fills a bar: the largest of those shown."""
        if self._largest[0] != self.listing.revision:
            sizes = (environment.size for environment in self.listing.shown())
            largest = max((size.disk_bytes for size in sizes if size is not None), default=0)
            self._largest = (self.listing.revision, largest)
        return self._largest[1]

    def on_focus(self) -> None:
        """Paint the cursor as the one that keys move."""
        self.refresh()

    def on_blur(self) -> None:
        """Paint the cursor as one that rests."""
        self.refresh()

    # mouse and keys

    def on_click(self, event: Click) -> None:
        """Sort by a heading, mark at the left edge, choose a row, or open it with two clicks."""
        if event.y == 0:
            for place in self._layout:
                if place.start <= event.x < place.start + place.cells + 1:
                    self.post_message(SortRequested(place.column.id))
            return
        place_clicked = round(self.scroll_y) + event.y - 1
        if place_clicked >= len(self.listing):
            return
        self.move_to(place_clicked)
        if event.x < MARK:
            self.listing.toggle_mark()
            self.post_message(MarksChanged())
        elif event.chain >= 2:
            self.post_message(RowOpened())

    def on_mouse_scroll_down(self) -> None:
        """Keep what is looked at in sight from the first turn of the wheel on."""
        self.listing.touch()

    def on_mouse_scroll_up(self) -> None:
        """Keep what is looked at in sight from the first turn of the wheel on."""
        self.listing.touch()

    def _at(self) -> int:
        return self.listing.index(self.listing.cursor) or 0

    def action_down(self) -> None:
        """To the next row."""
        self.move_to(self._at() + 1)

    def action_up(self) -> None:
        """To the row before."""
        self.move_to(self._at() - 1)

    def action_first(self) -> None:
        """To the first row."""
        self.move_to(0)

    def action_last(self) -> None:
        """To the last row."""
        self.move_to(len(self.listing) - 1)

    def action_page_down(self) -> None:
        """A page down."""
        self.move_to(self._at() + self.rows_seen)

    def action_page_up(self) -> None:
        """A page up."""
        self.move_to(self._at() - self.rows_seen)
