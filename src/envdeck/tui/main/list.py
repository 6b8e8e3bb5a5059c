"""The part of the main screen that goes through the list: cursor, filter, order, marks."""

from typing import TYPE_CHECKING

from envdeck.tui.base import messages
from envdeck.tui.base.settings import ScreenSettings
from envdeck.tui.base.source import CatalogSource
from envdeck.tui.main.live import LiveScreen
from envdeck.tui.main.words import filter_line
from envdeck.tui.store import Query
from envdeck.tui.store.columns import column_named

if TYPE_CHECKING:
    from envdeck.core.catalog import Scope
    from envdeck.tui.widgets.filter_bar import FilterBar


class BrowsingScreen(LiveScreen, inherit_bindings=False):
    """Answers to what is done in the list, and changes nothing but the list."""

    def __init__(self, source: CatalogSource, scope: "Scope", settings: ScreenSettings) -> None:
        super().__init__(source, scope, settings)
        self.filter_bar: FilterBar | None = None

    @property
    def typing(self) -> bool:
        """Whether letters go into the filter."""
        bar = self.filter_bar
        return bar is not None and bar.is_mounted and bar.typing

    def tell(self) -> None:
        """Say what holds now, in the filter bar as well."""
        super().tell()
        if self.filter_bar is not None and self.filter_bar.is_mounted:
            self.filter_bar.tell(filter_line(self.listing, self.look))

    # moving

    def action_up(self) -> None:
        """A row up."""
        self.table.action_up()

    def action_down(self) -> None:
        """A row down."""
        self.table.action_down()

    def action_first(self) -> None:
        """To the first row."""
        self.table.action_first()

    def action_last(self) -> None:
        """To the last row."""
        self.table.action_last()

    def action_page_up(self) -> None:
        """A page up."""
        self.table.action_page_up()

    def action_page_down(self) -> None:
        """A page down."""
        self.table.action_page_down()

    def on_cursor_moved(self) -> None:
        """Let the rest of the screen follow the cursor."""
        self.current_changed()
        if self.listing.ranging:
            self.tell()

    # filter and order

    async def action_filter(self) -> None:
        """Type what to look for; what is typed meanwhile is waited for, and so not lost."""
        bar = await self._open_filter(self.listing.query.text)
        self.set_focus(bar.field)

    async def _open_filter(self, text: str) -> "FilterBar":
        if self.filter_bar is None:
            from envdeck.tui.widgets.filter_bar import FilterBar

            self.filter_bar = FilterBar(text, self.look.signs.ellipsis)
            await self.mount(self.filter_bar, before=self.keys)
            self.tell()
        else:
            self.filter_bar.set_text(text)
        return self.filter_bar

    async def filter_by(self, text: str) -> None:
        """Narrow the list to a query that was not typed."""
        self._narrow(text)
        await self._open_filter(text)
        self.table.focus()

    def _narrow(self, text: str) -> None:
        before = self.listing.current
        with self.table.changing():
            self.listing.narrow(Query.parse(text, self.look.clock()))
        self.table.show_cursor()
        if self.listing.current is not before:
            self.current_changed()
        self.tell()

    def _close_filter(self) -> None:
        if self.filter_bar is not None:
            self.filter_bar.remove()
            self.filter_bar = None
        self._narrow("")
        self.table.focus()

    def on_query_changed(self, message: messages.QueryChanged) -> None:
        """Narrow with every letter."""
        if message.text.strip() != self.listing.query.text and self.filter_bar is not None:
            self._narrow(message.text)

    def on_query_left(self, message: messages.QueryLeft) -> None:
        """Back to the list, the filter kept or cleared."""
        if message.kept and self.listing.query.text:
            self.table.focus()
        else:
            self._close_filter()

    def action_sort(self) -> None:
        """Sort by the next column; it is shown then, whatever the room."""
        columns = [each for each in self.table.columns if each.id != "bar"]
        at = next((i for i, each in enumerate(columns) if each is self.listing.column), -1)
        self._sort(columns[(at + 1) % len(columns)].id, reverse=None)

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._sort(self.listing.column.id, reverse=not self.listing.reverse)

    def on_sort_requested(self, message: messages.SortRequested) -> None:
        """Sort by the heading that was clicked; the same one again turns the order."""
        column = "reclaimable" if message.column == "bar" else message.column
        same = column == self.listing.column.id
        self._sort(column, reverse=not self.listing.reverse if same else None)

    def _sort(self, column: str, *, reverse: bool | None) -> None:
        with self.table.changing():
            self.listing.sort_by(column_named(column), reverse=reverse)
        self.table.lay_out_again()
        self.tell()

    # marks

    def action_mark(self) -> None:
        """Mark the row and go on to the next; in a range, mark all of it."""
        if self.listing.ranging:
            self.action_range()
            return
        self.listing.toggle_mark()
        self.table.action_down()
        self._after_marking()

    def on_mark_requested(self) -> None:
        """The left edge was clicked: the mark alone changes."""
        self.listing.toggle_mark()
        self._after_marking()

    def action_mark_all(self) -> None:
        """Mark every row shown, or none of them."""
        self.listing.toggle_all()
        self._after_marking()

    def action_range(self) -> None:
        """Start a range, or mark the one that was started."""
        if self.listing.ranging:
            self.listing.mark_range()
        else:
            self.listing.start_range()
        self._after_marking()

    def _after_marking(self) -> None:
        self.marks_changed()
        self.table.refresh()
        self.tell()
