"""The list: cursor, filter, order, marks, and actions on the row under the cursor; packages and
drift are read in a thread once a filter asks for them."""

import os
import sys
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from envdeck.core.model import Environment
from envdeck.core.query import UNREAD, Contents
from envdeck.text import plain
from envdeck.tui.base import messages
from envdeck.tui.base.actions import BY_ID, bindings
from envdeck.tui.base.terminal import open_folder, opener, quote_path
from envdeck.tui.main.table import EnvironmentTable
from envdeck.tui.store import Listing, Query
from envdeck.tui.store.columns import column_named, columns_named
from envdeck.tui.widgets.filter_bar import FilterBar, complete_term
from envdeck.tui.widgets.line import Display
from envdeck.tui.workers import run_in_thread
from envdeck.tui.workers.latest import IsDropped, Latest

Found = dict[str, tuple[float, Contents]]
ReadContents = Callable[[Environment, Collection[str]], Contents]
_AT_A_TIME = 0.5
"""Seconds after which what was read so far is shown, and the rest is read."""


class ContentsReader:
    """Reads what the filter needs of environments, once for each record of one, and tells the
    listing. Nothing is read before a filter needs it."""

    def __init__(
        self, owner: Widget, listing: Listing, read: ReadContents, known: Callable[[], object]
    ) -> None:
        """Take the listing to tell, how the contents of one environment are read (in a thread),
        and who is told when more are known."""
        self._listing = listing
        self._read = read
        self._known = known
        self._records: dict[str, float] = {}
        """When the record was read whose contents are known, by path."""
        self._latest: Latest[Found] = Latest(owner, self._take, at_once=1)

    def need(self) -> None:
        """Read what the filter needs and is not known."""
        listing = self._listing
        missing = [each for each in listing.environments() if self._is_unknown(each)]
        listing.unread = len(missing)
        if missing:
            needs = listing.query.needs
            self._latest.request(lambda stopped: self._contents(missing, needs, stopped))
        else:
            self._latest.cancel()

    def complete(self, text: str) -> tuple[str, ...]:
        """Return what a query may be completed to, by what is known of the environments."""
        contents = self._listing.contents.values()
        packages = {name for each in contents for name in each.packages or ()}
        return complete_term(text, self._listing.environments(), packages)

    def _is_unknown(self, environment: Environment) -> bool:
        needs = self._listing.query.needs
        if not needs:
            return False
        path = environment.path
        known = self._listing.contents.get(path, UNREAD)
        return self._records.get(path) != environment.seen_at or not known.has(needs)

    def _contents(
        self, environments: Sequence[Environment], needs: Collection[str], stopped: IsDropped
    ) -> Found:
        found: Found = {}
        until = time.monotonic() + _AT_A_TIME
        for each in environments:
            if stopped() or time.monotonic() > until:
                break
            found[each.path] = each.seen_at, self._read(each, needs)
        return found

    def _take(self, found: Found) -> None:
        for path, (seen_at, contents) in found.items():
            if self._records.get(path) == seen_at:
                contents = self._listing.contents.get(path, UNREAD).joined(contents)
            self._records[path] = seen_at
            self._listing.contents[path] = contents
        self._known()


_MOVES = ("up", "down", "first", "last", "page_up", "page_down")


class EnvironmentList(Horizontal):
    """Holds the table with what stands beside it, and the filter below; its keys are answered
    wherever the focus is in it. It changes nothing but the list, and posts what has changed:
    :class:`CursorMoved`, :class:`MarksChanged`, :class:`HintsChanged`."""

    DEFAULT_CSS: ClassVar[str] = "EnvironmentList > FilterBar { dock: bottom; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(BY_ID[name].keys, f"move('{name}')", show=False, id=name) for name in _MOVES),
        *bindings("filter", "sort", "reverse", "mark", "mark_all", "range", "copy", "folder"),
    ]

    def __init__(
        self,
        columns: Sequence[str],
        look: Display,
        contents: ReadContents,
    ) -> None:
        """Take the columns, and how the contents of an environment are read (in a thread)."""
        super().__init__()
        self.look = look
        self.listing = Listing()
        self.table = EnvironmentTable(self.listing, columns_named(columns), look)
        self.filter_bar: FilterBar | None = None
        self._contents = ContentsReader(
            self, self.listing, contents, lambda: self._narrow(self.listing.query.text)
        )

    def put(self, fresh: Sequence[Environment], gone: Sequence[str]) -> None:
        """Show newer records, and take those of some paths away."""
        before, marked = self.listing.current, self.listing.marks.paths
        with self.table.hold_view():
            self.listing.put(fresh)
            self.listing.remove(gone)
        if self.listing.query.needs:
            self._contents.need()
        if self.listing.current != before:
            self.post_message(messages.CursorMoved(self.listing.cursor))
        if not marked.isdisjoint(gone):
            self.post_message(messages.MarksChanged())
        elif not marked.isdisjoint(each.path for each in fresh):
            self.post_message(messages.MarksChanged(other=False))

    @property
    def typing(self) -> bool:
        """Whether letters go into the filter."""
        bar = self.filter_bar
        return bar is not None and bar.is_mounted and bar.typing

    async def action_move(self, where: str) -> None:
        """Move the cursor while the focus is beside the table: in the filter, say."""
        await self.table.run_action(where)

    # filter and order

    async def action_filter(self) -> None:
        """Type what to look for; what is typed meanwhile is waited for, and so not lost."""
        bar = await self._open_filter(self.listing.query.text)
        self.screen.set_focus(bar.field)

    async def _open_filter(self, text: str) -> "FilterBar":
        if self.filter_bar is None:
            self.filter_bar = FilterBar(
                text, self.look.signs.ellipsis, completed=self._contents.complete
            )
            await self.mount(self.filter_bar)
            self.post_message(messages.HintsChanged())
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
        with self.table.hold_view():
            self.listing.narrow(Query.parse(text, self.look.clock(), self.look.home))
        self._contents.need()
        self.table.show_cursor()
        if self.listing.current is not before:
            self.post_message(messages.CursorMoved(self.listing.cursor))
        self.post_message(messages.HintsChanged())

    def close_filter(self) -> None:
        """Show every row again."""
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
            self.close_filter()

    def action_sort(self) -> None:
        """Sort by the next column; it is shown then, whatever the room."""
        columns = [each for each in self.table.body.columns if each.id != "bar"]
        at = next((i for i, each in enumerate(columns) if each is self.listing.column), -1)
        self.sort_by(columns[(at + 1) % len(columns)].id)

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self.sort_by(self.listing.column.id, reverse=not self.listing.reverse)

    def on_sort_requested(self, message: messages.SortRequested) -> None:
        """Sort by the heading that was clicked; the same one again turns the order."""
        column = "reclaimable" if message.column == "bar" else message.column
        same = column == self.listing.column.id
        self.sort_by(column, reverse=not self.listing.reverse if same else None)

    def sort_by(self, column: str, *, reverse: bool | None = None) -> None:
        """Sort by a column, the way that is usual for it unless told."""
        with self.table.hold_view():
            self.listing.sort_by(column_named(column), reverse=reverse)
        self.table.lay_out_again()
        self.post_message(messages.HintsChanged())

    # marks

    def action_mark(self) -> None:
        """Mark the row and go on to the next; in a range, mark all of it."""
        if self.listing.marks.ranging:
            self.action_range()
            return
        self.listing.marks.toggle()
        self.table.action_down()
        self.post_message(messages.MarksChanged())

    def action_mark_all(self) -> None:
        """Mark every row shown, or none of them."""
        self.listing.marks.toggle_all()
        self.post_message(messages.MarksChanged())

    def action_range(self) -> None:
        """Start a range, or mark the one that was started."""
        if self.listing.marks.ranging:
            self.listing.marks.mark_range()
        else:
            self.listing.marks.start_range()
        self.post_message(messages.MarksChanged())

    # the row under the cursor

    def action_copy(self) -> None:
        """Copy the path, and show it: not every terminal takes it."""
        current = self.listing.current
        if current is None:
            self.notify("no environment to copy the path of")
        else:
            self.app.copy_to_clipboard(quote_path(current.path))
            self.notify(f"copied {plain(current.path)}", markup=False)

    def action_folder(self) -> None:
        """Open the folder in the file manager."""
        current = self.listing.current
        if current is None:
            self.notify("no environment to open the folder of")
            return
        program, reason = opener(sys.platform, os.environ)
        shown = self.look.path(current.path)
        if program is None:
            said = f"cannot open {shown}: {reason}"
            self.notify(said, severity="warning", markup=False)
            return

        def work(program: str, path: str) -> messages.OutcomeSaid | None:
            failure = open_folder(program, path)
            return messages.OutcomeSaid(f"{shown}: {failure}", failed=True) if failure else None

        self.notify(f"opening {shown}", markup=False)
        run_in_thread(partial(work, program, current.path), self.post_message)
