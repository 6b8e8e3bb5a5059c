"""The trash screen."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Click, Resize, ScreenResume
from textual.message import Message
from textual.screen import Screen

from envdeck.core.operations.transaction.trash import PARTLY, Item
from envdeck.text import plain
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import OperationEnded, OutcomeSaid, PlanRequested
from envdeck.tui.base.services import Operating, PlanRequest
from envdeck.tui.dialogs.requests import undo_request
from envdeck.tui.history.trash_view import (
    MARK,
    TrashColumns,
    about_item,
    draw_item,
    empty_words,
    frees,
    marked_line,
    place,
    title_line,
)
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Line, LineLabel, Look, Part, Tone
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.words import counted
from envdeck.tui.workers import run_in_thread


class TrashList(LineList[Item]):
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


class TrashDetail(LineView):
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


class ItemsRead(Message, bubble=False):
    """What is in the trash was read."""

    def __init__(self, generation: int, items: tuple[Item, ...]) -> None:
        super().__init__()
        self.generation = generation
        self.items = items


class TrashScreen(Screen[None], inherit_bindings=False):
    """The items above, all about one of them below.

    What is to be done is posted as :class:`~envdeck.tui.messages.PlanRequested`; the screen
    reads the trash again when it is returned to, and when an operation has ended.
    """

    DEFAULT_CSS: ClassVar[str] = """
    TrashScreen > .top { background: $panel; }
    TrashScreen > TrashList { margin-top: 1; height: 1fr; }
    TrashScreen > TrashDetail { height: 40%; border-top: solid $foreground 20%; }
    TrashScreen > TrashDetail:focus { border-top: solid $primary; }
    TrashScreen.-nothing > TrashDetail, TrashScreen.-low.-above > TrashDetail { display: none; }
    TrashScreen.-low.-below > TrashList { display: none; }
    TrashScreen.-low.-below > TrashDetail { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(
            "back", "trash", "restore", "purge", "mark_all", "refresh", "next_pane", "previous_pane"
        )
    ]

    def __init__(self, operating: Operating, look: Look) -> None:
        super().__init__(classes="-above -nothing")
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.look = look
        self._operating = operating
        self._generation = 0
        self._read = False
        self.table = TrashList(look)
        self.about = TrashDetail(look)
        self._title = LineLabel((Part("Trash", Tone.STRONG),), classes="top")
        self._keys = KeyLine(look.keys)

    def compose(self) -> ComposeResult:
        """How much there is, the items, one of them, the keys."""
        yield self._title
        yield self.table
        yield self.about
        yield self._keys

    def on_mount(self) -> None:
        """Read the trash."""
        said = f"Reading the trash{self.look.signs.ellipsis}"
        self.table.say_instead((Part(said, Tone.MUTED),))
        self.table.focus()
        self._tell()

    @on(ScreenResume)
    def reload(self) -> None:
        """Read the trash again; what is shown stays until that is done."""
        self._generation += 1
        generation = self._generation
        run_in_thread(lambda: ItemsRead(generation, self._operating.trash()), self.post_message)

    def on_operation_ended(self, event: OperationEnded) -> None:
        """Something may have come or gone."""
        del event
        self.reload()

    def on_items_read(self, message: ItemsRead) -> None:
        """Show what was read, unless it was asked for again meanwhile."""
        if message.generation != self._generation:
            return
        self._read = True
        self.table.say_instead(empty_words(self.look))
        self.table.show(message.items)
        self.set_class(not message.items, "-nothing")
        if not message.items:
            self._to(above=True)
        self._tell()

    def on_outcome_said(self, event: OutcomeSaid) -> None:
        """The trash could not be read: say so where it would be."""
        if event.failed and not self._read:
            event.stop()
            words = f"{self.look.signs.broken} The trash could not be read: {plain(event.text)}"
            self.table.say_instead((Part(words, Tone.ERROR),))

    def on_resize(self, event: Resize) -> None:
        """Tell it for the new width."""
        del event
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        items = self.table.rows
        self._title.show(title_line(items, self.look, max(self.size.width - 2, 8)))
        marked = [item for item in items if item.folder in self.table.marks]
        hints = {"restore": "", "purge": "", "mark": "", "next_pane": "read below", "back": ""}
        if not items:
            hints = {"back": "", "help": ""}
        self._keys.tell(hints, marked_line(marked))

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        self.about.show(self.table.current)

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self._to(above=False)

    # marks

    @on(TrashList.MarkAsked)
    def _mark(self, event: TrashList.MarkAsked) -> None:
        event.stop()
        if self.table.current is not None:
            self.table.marks ^= {self.table.current.folder}
            self.table.refresh()
            self._tell()

    def action_mark_all(self) -> None:
        """Mark every item, or none."""
        everything = {item.folder for item in self.table.rows}
        self.table.marks = set() if self.table.marks == everything else everything
        self.table.refresh()
        self._tell()

    # what is done

    def action_restore(self) -> None:
        """Ask whether the item under the cursor shall be put back."""
        item = self.table.current
        if item is None:
            self._say("there is nothing to restore")
            return
        if item.going:
            purge = self.look.key("purge")
            self._say(f"{PARTLY}: it cannot be restored\n{purge} removes what is left of it")
            return
        title = f"Restore {self.look.path(place(item))}"
        self.post_message(PlanRequested(undo_request(self._operating, title, item.id)))

    def action_purge(self) -> None:
        """Ask whether the marked items, or this one, shall be removed for good."""
        items = [item for item in self.table.rows if item.folder in self.table.marks]
        if not items and self.table.current is not None:
            items = [self.table.current]
        if not items:
            self._say("there is nothing to purge")
            return
        what = self.look.path(place(items[0]))
        if len(items) > 1:
            what = counted(len(items), "item")
        names = [item.id for item in items]
        self.post_message(
            PlanRequested(
                PlanRequest(
                    f"Purge {what} for good", lambda _allow: self._operating.plan_purge(names)
                )
            )
        )

    def action_refresh(self) -> None:
        """Read the trash again."""
        self.reload()

    def _say(self, text: str) -> None:
        self.notify(plain(text), markup=False)

    # panes

    def _to(self, *, above: bool) -> None:
        self.set_class(above, "-above")
        self.set_class(not above, "-below")
        (self.table if above else self.about).focus()

    def action_next_pane(self) -> None:
        """To the other pane."""
        self._to(above=not self.table.has_focus or not self.table.rows)

    def action_previous_pane(self) -> None:
        """To the other pane."""
        self.action_next_pane()

    def action_back(self) -> None:
        """From the lower pane to the upper one, from there to the list."""
        if self.about.has_focus:
            self._to(above=True)
        else:
            self.dismiss()

    def action_trash(self) -> None:
        """The key that opened it closes it."""
        self.dismiss()
