"""The history: what was done to environments, and taking it back."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize, ScreenResume
from textual.message import Message
from textual.screen import Screen

from envdeck.core.operations.shared.history import HistoryItem
from envdeck.core.operations.transaction.journal import Entry, UnreadableEntry
from envdeck.text import plain
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import OperationEnded, OutcomeSaid, PlanRequested
from envdeck.tui.base.services import Operating
from envdeck.tui.dialogs.requests import undo_request
from envdeck.tui.history.view import (
    HistoryColumns,
    HistoryRow,
    about_past,
    draw_past,
    empty_words,
    history_rows,
    title_line,
)
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Line, LineLabel, Look, Part, Tone
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.workers import run_in_thread


class HistoryRead(Message, bubble=False):
    """What was done was read."""

    def __init__(self, generation: int, pasts: tuple[HistoryItem, ...]) -> None:
        super().__init__()
        self.generation = generation
        self.pasts = pasts


class HistoryList(LineList[HistoryRow]):
    """What was done, newest first."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return HistoryColumns.fit(cells).heading() if self.rows else None

    def can_choose(self, row: HistoryRow) -> bool:
        """All but titles and blanks."""
        return row.past is not None

    def key_of(self, row: HistoryRow) -> object:
        """An operation is named by its id, a file by its path."""
        match row.past.entry if row.past is not None else None:
            case Entry(id=identifier):
                return identifier
            case UnreadableEntry(path=path):
                return path
            case _:
                return None

    def draw_row(self, row: HistoryRow, cells: int) -> Line:
        """One operation."""
        return draw_past(row, HistoryColumns.fit(cells), self.look)


class HistoryDetail(LineView):
    """All about the operation under the cursor."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._row: HistoryRow | None = None

    def show(self, row: HistoryRow | None) -> None:
        """Show another one, from its first line on."""
        if row != self._row:
            self._row = row
            self.lay_out_again()
            self.scroll_to(y=0, animate=False)

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Lay it out."""
        return about_past(self._row, self.look, cells)


class HistoryScreen(Screen[None], inherit_bindings=False):
    """The operations above, all about one of them below.

    Taking one back is posted as :class:`~envdeck.tui.messages.PlanRequested`; the screen reads
    the journal again when it is returned to, and when an operation has ended.
    """

    DEFAULT_CSS: ClassVar[str] = """
    HistoryScreen > .top { background: $panel; }
    HistoryScreen > HistoryList { margin-top: 1; height: 1fr; }
    HistoryScreen > HistoryDetail { height: 35%; border-top: solid $foreground 20%; }
    HistoryScreen > HistoryDetail:focus { border-top: solid $primary; }
    HistoryScreen.-nothing > HistoryDetail,
    HistoryScreen.-low.-above > HistoryDetail { display: none; }
    HistoryScreen.-low.-below > HistoryList { display: none; }
    HistoryScreen.-low.-below > HistoryDetail { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("back", "history", "undo", "refresh", "next_pane", "previous_pane")
    ]

    def __init__(self, operating: Operating, look: Look) -> None:
        super().__init__(classes="-above -nothing")
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.look = look
        self._operating = operating
        self._generation = 0
        self._pasts: tuple[HistoryItem, ...] = ()
        self._read = False
        self.table = HistoryList(look)
        self.about = HistoryDetail(look)
        self._title = LineLabel((Part("History", Tone.STRONG),), classes="top")
        self._keys = KeyLine(look.keys)

    def compose(self) -> ComposeResult:
        """How much was done, what, one of it, the keys."""
        yield self._title
        yield self.table
        yield self.about
        yield self._keys

    def on_mount(self) -> None:
        """Read the journal."""
        said = f"Reading what was done{self.look.signs.ellipsis}"
        self.table.say_instead((Part(said, Tone.MUTED),))
        self.table.focus()
        self._tell()

    @on(ScreenResume)
    def reload(self) -> None:
        """Read the journal again; what is shown stays until that is done."""
        self._generation += 1
        generation = self._generation
        run_in_thread(lambda: HistoryRead(generation, self._operating.history()), self.post_message)

    def on_operation_ended(self, event: OperationEnded) -> None:
        """There is something new."""
        del event
        self.reload()

    def on_history_read(self, message: HistoryRead) -> None:
        """Show what was read, unless it was asked for again meanwhile."""
        if message.generation != self._generation:
            return
        self._read = True
        self._pasts = message.pasts
        self.table.say_instead(empty_words(self.look))
        self.table.show_rows(history_rows(message.pasts))
        self.set_class(not message.pasts, "-nothing")
        if not message.pasts:
            self._to(above=True)
        self._tell()

    def on_outcome_said(self, event: OutcomeSaid) -> None:
        """The journal could not be read: say so where it would be."""
        if event.failed and not self._read:
            event.stop()
            words = f"{self.look.signs.broken} The history could not be read: {plain(event.text)}"
            self.table.say_instead((Part(words, Tone.ERROR),))

    def on_resize(self, event: Resize) -> None:
        """Tell it for the new width."""
        del event
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        self._title.show(title_line(self._pasts, self.look, max(self.size.width - 2, 8)))
        current = self.table.current
        hints = {"next_pane": "read below", "back": "", "help": ""}
        if current is not None and current.past is not None and not current.past.why_not:
            hints = {"undo": "undo this one", **hints}
        self._keys.tell(hints if self._pasts else {"back": "", "help": ""})

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        self.about.show(self.table.current)
        self._tell()

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self._to(above=False)

    def action_undo(self) -> None:
        """Ask whether the operation under the cursor shall be taken back."""
        row = self.table.current
        past = row.past if row is not None else None
        if past is None:
            self._say("there is nothing to undo")
        elif isinstance(past.entry, UnreadableEntry) or past.why_not:
            self._say(f"it cannot be taken back: {self.look.sentence(past.why_not)}")
        else:
            entry = past.entry
            title = f"Undo the {entry.operation.value} of {self.look.path(entry.path)}"
            self.post_message(PlanRequested(undo_request(self._operating, title, entry.id)))

    def action_refresh(self) -> None:
        """Read the journal again."""
        self.reload()

    def _say(self, text: str) -> None:
        self.notify(plain(text), severity="warning", markup=False)

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

    def action_history(self) -> None:
        """The key that opened it closes it."""
        self.dismiss()
