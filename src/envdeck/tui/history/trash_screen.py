"""The trash screen."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.events import Click
from textual.message import Message

from envdeck.core.operations.transaction.trash import PARTLY, Item
from envdeck.text import counted
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import PlanRequested
from envdeck.tui.base.services import Operating, PlanRequest
from envdeck.tui.dialogs.requests import undo_request
from envdeck.tui.history.screen import RecordScreen
from envdeck.tui.history.trash_view import (
    MARK,
    TrashColumns,
    draw_item,
    empty_words,
    frees,
    item_detail,
    marked_line,
    place,
    title_line,
)
from envdeck.tui.widgets.line import Display, Line
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.list_detail import RowDetail

_ORDERS: tuple[tuple[str, Callable[[Item], Any] | None], ...] = (
    ("newest first", None),
    ("largest first", lambda item: -(frees(item) or 0)),
    ("by path", place),
)


class TrashList(LineList[Item]):
    """The items, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("mark")]

    class MarksChanged(Message):
        """Other items are marked."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look
        self.marks: set[str] = set()
        self._largest = 0

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return TrashColumns.fit(cells).heading() if self.rows else None

    def show_rows(self, rows: Sequence[Item], key: object = None) -> None:
        """Show items; the cursor and the marks stay on theirs."""
        self._largest = max(
            ((item.manifest and item.manifest.disk_bytes) or frees(item) or 0 for item in rows),
            default=0,
        )
        self.marks &= {item.folder for item in rows}
        super().show_rows(rows, key)

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
        if self.current is not None:
            self.marks ^= {self.current.folder}
            self.refresh()
            self.post_message(self.MarksChanged())

    def on_click(self, event: Click) -> None:
        """A click on the left edge marks."""
        if event.x < MARK and event.y >= self.viewport.above and event.chain == 1:
            self.call_later(self.action_mark)  # once the cursor is there


class TrashScreen(RecordScreen[TrashList]):
    """The items above, all about one of them below."""

    DEFAULT_CSS: ClassVar[str] = "TrashScreen > .below { height: 40%; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("trash", "restore", "purge", "mark_all", "sort"),
        *bindings("delete", to="purge"),
    ]
    NAME = "trash"
    CONTENT = "the trash"

    def __init__(self, operating: Operating, look: Display) -> None:
        table = TrashList(look)
        about = RowDetail[Item](lambda item, cells: item_detail(item, look, cells), table.key_of)
        super().__init__(look, table, about, operating.trash, empty_words(look))
        self._operating = operating
        self._order = 0

    @on(TrashList.MarksChanged)
    def tell(self) -> None:
        """Say how much there is, and what is marked of it."""
        items = self.table.rows
        self.title_label.show(title_line(items, self.look, max(self.size.width - 2, 8)))
        marked = [item for item in items if item.folder in self.table.marks]
        hints = {"restore": "", "purge": "", "mark": "", "next_pane": "details", "back": ""}
        if not items:
            hints = {"back": "", "help": ""}
        self.keys.tell(hints, marked_line(marked))

    def action_sort(self) -> None:
        """Sort by the next order."""
        self._order = (self._order + 1) % len(_ORDERS)
        words, key = _ORDERS[self._order]
        self.table.narrowing.sort(key)
        self.notify(f"sorted: {words}", markup=False)

    # marks

    def action_mark_all(self) -> None:
        """Mark every item, or none."""
        everything = {item.folder for item in self.table.rows}
        self.table.marks = set() if self.table.marks == everything else everything
        self.table.refresh()
        self.tell()

    # what is done

    def action_restore(self) -> None:
        """Ask whether the item under the cursor shall be put back."""
        item = self.table.current
        if item is None:
            self.notify("nothing to restore")
            return
        if item.going:
            purge = self.look.key("purge")
            self.notify(f"{PARTLY}: cannot be restored\n{purge}: delete the rest", markup=False)
            return
        title = f"Restore {self.look.path(place(item))}"
        self.post_message(PlanRequested(undo_request(self._operating, title, item.id)))

    def action_purge(self) -> None:
        """Ask whether the marked items, or this one, shall be removed for good."""
        items = [item for item in self.table.rows if item.folder in self.table.marks]
        if not items and self.table.current is not None:
            items = [self.table.current]
        if not items:
            self.notify("nothing to delete")
            return
        what = self.look.path(place(items[0]))
        if len(items) > 1:
            what = counted(len(items), "item")
        names = [item.id for item in items]
        self.post_message(
            PlanRequested(
                PlanRequest(
                    f"Permanently delete {what}", lambda _allow: self._operating.plan_purge(names)
                )
            )
        )

    action_trash = RecordScreen.action_dismiss  # the key that opened it closes it
