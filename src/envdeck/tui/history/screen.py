"""The screens of what operations left: the history, with undo, and the trash."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import on
from textual.binding import BindingType
from textual.events import Click, ScreenResume
from textual.message import Message

from envdeck.core.operations.shared.history import HistoryItem
from envdeck.core.operations.transaction.journal import Entry, UnreadableEntry
from envdeck.core.operations.transaction.trash import PARTLY, Item
from envdeck.text import counted, plain
from envdeck.text.operation import batch_words
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import OperationEnded, OutcomeSaid, PlanRequested
from envdeck.tui.base.services import PlanRequest
from envdeck.tui.dialogs.requests import undo_request
from envdeck.tui.history.trash_view import (
    MARK,
    TrashColumns,
    draw_item,
    empty_trash_words,
    frees,
    item_detail,
    marked_line,
    place,
    trash_title,
)
from envdeck.tui.history.view import (
    HistoryColumns,
    HistoryRow,
    batch_key,
    draw_past,
    empty_words,
    ended_cells,
    history_rows,
    operation_detail,
    title_line,
)
from envdeck.tui.widgets.line import Display, Line, Part, Tone
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.list_detail import ListDetailScreen, RowDetail
from envdeck.tui.workers.latest import Latest

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

RecordListT = TypeVar("RecordListT", bound=LineList[Any])


class RecordScreen(ListDetailScreen[RecordListT, RowDetail[Any]], Generic[RecordListT]):
    """What operations have left on the disk: the history, or the trash.

    It is read in a thread, again when the screen is returned to, and when an operation has
    ended. What is to be done is posted as :class:`PlanRequested`. On a low terminal either the
    list or the detail is shown.
    """

    DEFAULT_CSS: ClassVar[str] = """
    RecordScreen > .above { height: 1fr; }
    RecordScreen.-low.-above > .below, RecordScreen.-low.-below > .above { display: none; }
    RecordScreen.-low.-below > .below { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("refresh")]
    NAME: ClassVar[str]
    CONTENT: ClassVar[str]
    """What is read, in words."""

    def __init__(
        self,
        look: Display,
        table: RecordListT,
        about: RowDetail[Any],
        read: Callable[[], Sequence[Any]],
        empty: Line,
    ) -> None:
        """`empty` is said where there is nothing."""
        super().__init__(look, table, about)
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.add_class("-nothing")
        said = f"Reading {self.CONTENT}{look.signs.ellipsis}"
        table.say_instead((Part(said, Tone.MUTED),))
        self._read, self._empty = read, empty
        self._was_read = False
        self._latest: Latest[Sequence[Any]] = Latest(self, self.show_found, self._failed)

    @on(ScreenResume)
    @on(OperationEnded)
    def action_refresh(self) -> None:
        """Read it again; what is shown stays until that is done."""
        self._latest.request(lambda _stopped: self._read())

    def show_found(self, found: Sequence[Any]) -> None:
        """Show what was read; the cursor stays on its row."""
        self._was_read = True
        self.table.say_instead(self._empty)
        self.table.show_rows(found)
        self.set_class(not found, "-nothing")
        if not found:
            self.focus_pane(above=True)
        self.tell()

    def row_moved(self) -> None:
        """Show another one below."""
        self.about.show(self.table.current)
        self.tell()

    def _failed(self, text: str) -> None:
        """Say that it could not be read: where it would be, as long as there is nothing there."""
        if self._was_read:
            self.post_message(OutcomeSaid(text, failed=True))
        else:
            words = f"{self.look.signs.broken} Cannot read the {self.NAME}: {plain(text)}"
            self.table.say_instead((Part(words, Tone.ERROR),))


class HistoryList(LineList[HistoryRow]):
    """What was done, newest first."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look
        self._ended = 0

    def show_rows(self, rows: Sequence[HistoryRow], key: object = None) -> None:
        """Give results the room they take, and the rest to paths."""
        self._ended = ended_cells(rows, self.look)
        super().show_rows(rows, key)

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return HistoryColumns.fit(cells, self._ended).heading() if self.rows else None

    def can_choose(self, row: HistoryRow) -> bool:
        """All but titles and blanks."""
        return row.past is not None or bool(row.batch)

    def key_of(self, row: HistoryRow) -> object:
        """An operation is named by its id, a file by its path."""
        if row.batch:
            return batch_key(row)
        match row.past.entry if row.past is not None else None:
            case Entry(id=identifier):
                return identifier
            case UnreadableEntry(path=path):
                return path
            case _:
                return None

    def draw_row(self, row: HistoryRow, cells: int) -> Line:
        """One operation."""
        return draw_past(row, HistoryColumns.fit(cells, self._ended), self.look)


class HistoryScreen(RecordScreen[HistoryList]):
    """The operations above, all about one of them below."""

    DEFAULT_CSS: ClassVar[str] = "HistoryScreen > .below { height: 35%; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("history", "undo")]
    WHY_NOT: ClassVar[Mapping[str, str]] = {
        "sort": "operations stand in the order they were run",
        "delete": "nothing here takes room; the trash does",
    }
    NAME = "history"
    CONTENT = "history"

    def __init__(self, operating: "Operations", look: Display) -> None:
        table = HistoryList(look)
        about = RowDetail[HistoryRow](
            lambda row, cells: operation_detail(row, look, cells), table.key_of
        )
        super().__init__(look, table, about, operating.history, empty_words(look))
        self._operating = operating
        self._pasts: Sequence[HistoryItem] = ()
        self._opened: set[object] = set()
        """The batches whose operations are shown."""

    def show_found(self, found: Sequence[HistoryItem]) -> None:
        """Show what was done, below it what could not be read."""
        self._pasts = found
        super().show_found(history_rows(found, self._opened))

    def row_chosen(self, row: object) -> None:
        """Open a batch into its operations, or close it; read below what is told of another."""
        if isinstance(row, HistoryRow) and row.batch:
            self._opened ^= {batch_key(row)}
            self.table.show_rows(history_rows(self._pasts, self._opened))
        else:
            super().row_chosen(row)

    def tell(self) -> None:
        """Say how much was done, and whether the one under the cursor can be taken back."""
        self.title_label.show(title_line(self._pasts, self.look, max(self.size.width - 2, 8)))
        current = self.table.current
        hints = {"next_pane": "details", "back": "", "help": ""}
        pasts = () if current is None else current.batch or (current.past,)
        if any(past is not None and not past.why_not for past in pasts):
            hints = {"undo": "undo", **hints}
        if current is not None and current.batch:
            hints = {"open": "close" if current.opened else "show each", **hints}
        self.keys.tell(hints if self._pasts else {"back": "", "help": ""})

    def action_undo(self) -> None:
        """Ask whether the operation under the cursor shall be taken back."""
        row = self.table.current
        past = row.past if row is not None else None
        if row is not None and row.batch:
            past = next((each for each in row.batch if not each.why_not), row.batch[0])
        if row is None or past is None:
            said = "nothing to undo"
        elif isinstance(past.entry, UnreadableEntry) or past.why_not:
            said = f"cannot be undone: {self.look.sentence(past.why_not)}"
        else:
            entry = past.entry
            what = batch_words(row.entries) if row.batch else self.look.path(entry.path)
            title = f"Undo the {entry.operation.value} of {what}"
            identifier = row.identifier if row.batch else entry.id
            self.post_message(PlanRequested(undo_request(self._operating, title, identifier)))
            return
        self.notify(plain(said), severity="warning", markup=False)

    action_history = RecordScreen.action_dismiss  # the key that opened it closes it


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

    def __init__(self, operating: "Operations", look: Display) -> None:
        table = TrashList(look)
        about = RowDetail[Item](lambda item, cells: item_detail(item, look, cells), table.key_of)
        super().__init__(look, table, about, operating.trash, empty_trash_words(look))
        self._operating = operating
        self._order = 0

    @on(TrashList.MarksChanged)
    def tell(self) -> None:
        """Say how much there is, and what is marked of it."""
        items = self.table.rows
        self.title_label.show(trash_title(items, self.look, max(self.size.width - 2, 8)))
        marked = [item for item in items if item.folder in self.table.marks]
        hints = {"restore": "", "purge": "", "mark": "", "next_pane": "details"} if items else {}
        self.keys.tell({**hints, "back": "", "help": ""}, marked_line(marked))

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
