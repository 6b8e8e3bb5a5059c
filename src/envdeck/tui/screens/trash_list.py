"""The two widgets of the trash: its items, and all about the one under the cursor."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Click
from textual.message import Message

from envdeck.core.operations.trash import Item
from envdeck.tui.actions import bindings
from envdeck.tui.screens.trash_lines import (
    MARK,
    TrashColumns,
    about_item,
    draw_item,
    frees,
)
from envdeck.tui.widgets.line import Line
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.look import Look


class ItemList(LineList[Item]):
    """The items, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("mark")]

    class MarkAsked(Message):
        """The item under the cursor is to be marked, or no more."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self.marks: set[str] = set()
        self._largest = 0

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return TrashColumns.fit(cells).heading() if self.rows else None

    def show(self, items: Sequence[Item]) -> None:
        """Show items; the cursor and the marks stay on theirs."""
        self._largest = max(
            ((item.manifest and item.manifest.disk_bytes) or frees(item) or 0 for item in items),
            default=0,
        )
        self.marks &= {item.folder for item in items}
        self.show_rows(items)

    def key_of(self, row: Item) -> object:
        """An item is named by its folder."""
        return row.folder

    def draw_row(self, row: Item, cells: int) -> Line:
        """One item."""
        return draw_item(
            row,
            TrashColumns.fit(cells),
            self.look,
            marked=row.folder in self.marks,
            largest=self._largest,
        )

    def action_mark(self) -> None:
        """Mark the item under the cursor, or take its mark away."""
        self.post_message(self.MarkAsked())

    def on_click(self, event: Click) -> None:
        """A click on the left edge marks."""
        if event.x < MARK and event.y >= self._top and event.chain == 1:
            self.post_message(self.MarkAsked())


class AboutItem(LineView):
    """All about the item under the cursor."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._item: Item | None = None

    def show(self, item: Item | None) -> None:
        """Show another item."""
        another = item is None or self._item is None or item.folder != self._item.folder
        self._item = item
        self.lay_out_again()
        if another:
            self.scroll_to(y=0, animate=False)

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay it out."""
        if self._item is None:
            return ()
        return about_item(self._item, self.look, cells)
