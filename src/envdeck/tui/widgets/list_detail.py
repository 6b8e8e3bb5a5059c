"""A screen with a list above and the detail of one row below, and one that follows an operation of
many runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.screen import Screen

from envdeck.text import duration
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.job import Job, JobState
from envdeck.tui.widgets.filter_bar import ViewFilter
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Display, Line, LineLabel, Part, Tone, joined
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.operation_words import OperationLine, progress_bar, waiting_words

RowT = TypeVar("RowT")
ListT = TypeVar("ListT", bound=LineView)
DetailT = TypeVar("DetailT", bound=LineView | None)


class RowDetail(LineView, Generic[RowT]):
    """All about one row; another row is shown from its first line on."""

    def __init__(
        self,
        lines: Callable[[RowT, int], Sequence[Line]],
        key: Callable[[RowT], object],
        *,
        classes: str | None = None,
    ) -> None:
        """Take what makes the lines of a row for a width, and what names a row."""
        super().__init__(classes=classes)
        self._lines_of = lines
        self._key = key
        self._row: RowT | None = None

    def show(self, row: RowT | None) -> None:
        """Show a row, or nothing."""
        before, self._row = self._row, row
        self.lay_out_again()
        if before is None or row is None or self._key(before) != self._key(row):
            self.scroll_to(y=0, animate=False)

    def lay_out(self, cells: int) -> Sequence[Line]:
        """What is told of the row."""
        return () if self._row is None else self._lines_of(self._row, cells)


class ListDetailScreen(Screen[None], Generic[ListT, DetailT], inherit_bindings=False):
    """A title, a list, the detail of the row under its cursor, and the keys.

    A subclass says what holds now (:meth:`tell`), and answers to the cursor moving
    (:meth:`row_moved`) and to a row being chosen (:meth:`row_chosen`). With the class `-nothing`
    there is no detail; a screen that never has one gives None.
    """

    DEFAULT_CSS: ClassVar[str] = """
    ListDetailScreen > .top { background: $panel; }
    ListDetailScreen > .above { margin-top: 1; }
    ListDetailScreen > .below { border-top: solid $foreground 20%; }
    ListDetailScreen > .below:focus { border-top: solid $primary; }
    ListDetailScreen.-nothing > .below { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("leave", to="back"),
        *bindings("back", "next_pane", "previous_pane", "filter"),
    ]
    VIEW: ClassVar[str] = ""
    """What it is called; empty for the name of its class."""
    WHY_NOT: ClassVar[Mapping[str, str]] = {}
    """Why actions of the list mean nothing here, by their names."""

    def __init__(self, look: Display, table: ListT, about: DetailT) -> None:
        super().__init__(classes="-above")
        self.look = look
        self.table = table.add_class("above")
        self.about = about if about is None else about.add_class("below")
        self.title_label = LineLabel(classes="top")
        self.keys = KeyLine(look.keys)

    def compose(self) -> ComposeResult:
        """What there is in all, the list, one row of it, the keys."""
        yield self.title_label
        yield self.table
        if self.about is not None:
            yield self.about
        yield OperationLine(self.look)
        yield self.keys

    def on_mount(self) -> None:
        """Begin in the list."""
        self.table.focus()
        self.tell()

    def tell(self) -> None:
        """Say in the title what there is, and at the bottom what keys do."""
        raise NotImplementedError

    def on_resize(self, event: Resize) -> None:
        """Tell it for the new width."""
        del event
        self.call_after_refresh(self.tell)

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        if event.view is self.table:
            self.row_moved()

    def row_moved(self) -> None:
        """Answer to the cursor of the list standing on another row."""

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.row_chosen(event.row)

    def row_chosen(self, row: object) -> None:
        """Answer to a row of either pane being chosen: read below what is told of it."""
        del row
        self.focus_pane(above=False)

    def focus_pane(self, *, above: bool) -> None:
        """Focus the list, or the detail."""
        pane = self.table if above or self.about is None else self.about
        self.set_class(pane is self.table, "-above")
        self.set_class(pane is not self.table, "-below")
        pane.focus()

    def action_next_pane(self) -> None:
        """To the other pane."""
        self.focus_pane(above=not self.table.has_focus or self.has_class("-nothing"))

    action_previous_pane = action_next_pane

    async def action_filter(self) -> None:
        """Type words that the rows must hold."""
        bar = next(iter(self.query(ViewFilter)), None)
        if bar is None and isinstance(self.table, LineList):
            narrow = self.table.narrowing.narrow

            def left(kept: bool) -> None:  # noqa: FBT001 - a callback
                if not kept and bar is not None:
                    bar.remove()
                    narrow("")
                self.focus_pane(above=True)
                self.tell()

            bar = ViewFilter(self.look, "words", narrow, left)
            await self.mount(bar, before=self.keys)
        if bar is not None:
            self.set_focus(bar.field)
            self.keys.tell({"open": "to the list", "back": "clear"}, typing=True)

    def action_back(self) -> None:
        """From the detail to the list; there clear the filter, then go to the screen before."""
        if self.about is not None and self.about.has_focus:
            self.focus_pane(above=True)
        elif bars := self.query(ViewFilter):
            bars.first().action_give_up()
        else:
            self.dismiss()


_POLL = 0.1
"""Seconds between two looks at what runs."""


class RunsSummary(LineView):
    """What is run, and how far it is; a subclass lays it out."""

    def __init__(self, look: Display, job: Job) -> None:
        super().__init__()
        self.look, self.job = look, job

    def progress(self, far: str) -> Line:
        """Return how far it is while it is not over."""
        job, look = self.job, self.look
        if job.state is JobState.WAITING:
            return (Part(waiting_words(job, look), Tone.MUTED),)
        if job.stopping:
            return (Part(f"Cancelling{look.signs.ellipsis}", Tone.WARNING),)
        took = duration(max(0.0, look.clock() - (job.started_at or look.clock())))
        return joined([progress_bar(job, look), (Part(far),), (Part(took, Tone.MUTED),)])


class RunsScreen(ListDetailScreen[LineList[RowT], RowDetail[RowT]], Generic[RowT]):
    """What is run and how far, the runs, and all about one of them. Leaving it leaves the
    operation running.

    A subclass says in the title what it is (:meth:`tell`), and may change the list (:meth:`take`).
    """

    DEFAULT_CSS: ClassVar[str] = """
    RunsScreen > RunsSummary { height: auto; margin-top: 1; }
    RunsScreen > .above { height: 1fr; border-top: solid $foreground 20%; margin-top: 0; }
    RunsScreen > .above:focus { border-top: solid $primary; }
    RunsScreen.-low > RunsSummary { margin-top: 0; }
    RunsScreen.-low.-above > .below, RunsScreen.-low.-below > .above { display: none; }
    RunsScreen.-low.-below > .below { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("cancel")]

    def __init__(
        self,
        table: LineList[RowT],
        about: Callable[[RowT, int], Sequence[Line]],
        summary: RunsSummary,
        cancel: Callable[[Job], None],
    ) -> None:
        super().__init__(summary.look, table, RowDetail[RowT](about, table.key_of))
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.job, self.summary = summary.job, summary
        self._cancel = cancel
        self._was_over = False

    def compose(self) -> ComposeResult:
        """What is run, the runs, one of them, the keys."""
        yield self.title_label
        yield self.summary
        yield self.table
        yield self.about
        yield self.keys

    def on_mount(self) -> None:
        """Show it, and follow it."""
        self.follow()
        self.set_interval(_POLL, self.follow)

    def follow(self) -> None:
        """Show how far it is, until it is over."""
        if self._was_over:
            return
        self._was_over = self.job.state.over
        self.take()
        self.table.refresh()
        self.summary.lay_out_again()
        self.summary.styles.height = len(self.summary.lines)
        self.row_moved()

    def take(self) -> None:
        """Take over what was begun and what ended since the last look."""

    def on_resize(self, event: Resize) -> None:
        """Give the summary the lines that it needs at another width."""
        super().on_resize(event)
        self._was_over = False
        self.call_after_refresh(self.follow)

    def tell_title(self, what: str, path: str) -> None:
        """Say what is done where, and how it stands."""
        state = self.job.state.value if self.job.state.over else "running"
        self.title_label.show(
            (
                Part(f"{what} ", Tone.STRONG),
                Part(self.look.path(path), Tone.STRONG, path=True),
                Part(f"   {state}", Tone.MUTED),
            )
        )

    def row_moved(self) -> None:
        """Show another run below."""
        self.about.show(self.table.current)
        self.tell()

    def action_cancel(self) -> None:
        """End it: what it is about was not touched."""
        if self.job.state.over:
            self.notify("already finished", markup=False)
        else:
            self._cancel(self.job)
            self.follow()
