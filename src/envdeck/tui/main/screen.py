"""The main screen: the list with its detail beside it, or behind it where there is little room."""

import gc
from functools import partialmethod
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import DescendantFocus, Key, MouseDown
from textual.screen import Screen
from textual.widget import Widget

from envdeck.core.lazy_dataclasses import replace
from envdeck.tui.base import messages
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.services import CatalogSource, ScreenSettings
from envdeck.tui.main.commands import Commands
from envdeck.tui.main.list import EnvironmentList
from envdeck.tui.main.scan import ScanController
from envdeck.tui.main.table import HIDDEN
from envdeck.tui.main.words import (
    Summary,
    empty_line,
    filter_line,
    key_hints,
    marked_line,
    why_empty,
)
from envdeck.tui.operate.run import OperationController, PlansAgreed
from envdeck.tui.widgets.fields import hide_secrets
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Display
from envdeck.tui.workers.latest import Latest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from textual.timer import Timer
    from textual.widget import AwaitMount

    from envdeck.core.catalog import Scope
    from envdeck.core.operations.api import Operations
    from envdeck.tui.detail.detail import DetailPane
    from envdeck.tui.detail.tab import DetailTab
    from envdeck.tui.main.view import ListView
    from envdeck.tui.widgets.operation_words import OperationLine

WIDE = 100
"""Columns from which the detail stands beside the list."""
_SETTLE = 0.06
"""Seconds the cursor rests on a row before the detail follows, so that a held key runs freely."""
_PAINT = 0.005
"""Seconds in which nothing is done once the first frame is drawn: a thread writes it out."""


class Panes:
    """The list, and the detail that follows its cursor: beside it, or behind it where there is
    little room."""

    def __init__(self, screen: Screen[None], shown: EnvironmentList, source: CatalogSource) -> None:
        self.detail: DetailPane | None = None
        self._screen = screen
        self._list = shown
        self._listing = shown.listing
        self._source = source
        self._mounting: AwaitMount | None = None
        self._settled: Timer | None = None
        self._import: Latest[ModuleType] = Latest(
            screen, lambda _: screen.call_later(self.show_detail)
        )

    @property
    def wide(self) -> bool:
        """Whether the detail stands beside the list."""
        return self._screen.size.width >= WIDE and not self._screen.has_class(HIDDEN)

    @property
    def inside(self) -> bool:
        """Whether the person is in the detail."""
        return self._screen.has_class("-inside")

    @property
    def name(self) -> str:
        """What the part that the person is in is called."""
        return self.detail.tab_name if self.inside and self.detail is not None else "the list"

    def begin(self) -> None:
        """Show the detail, where there is room, once its modules are imported: in a thread, since
        that takes as long as a person notices."""
        if self.wide:
            self._import.request(lambda _: import_module("envdeck.tui.detail.detail"))

    async def need_detail(self) -> "DetailPane":
        """Return the detail, mounted when it is first needed."""
        if self.detail is None:
            # first frame: the list is shown before its details
            from envdeck.tui.detail.detail import DetailPane

            self.detail = DetailPane(self._source, look=self._list.look)
            self._mounting = self._list.mount(self.detail)
            await self._mounting
            self.show_current()
        elif self._mounting is not None:
            await self._mounting
        return self.detail

    async def show_detail(self) -> None:
        """Show the detail beside the list, where there is room."""
        if self.wide:
            await self.need_detail()
            self.show_current()

    def follow(self) -> None:
        """Show what the cursor stands on once it rests."""
        if self._settled is not None:
            self._settled.stop()
        self._settled = self._screen.set_timer(_SETTLE, self.show_current)

    def show_current(self) -> None:
        """Show what the cursor stands on, where the detail is seen."""
        detail = self.detail
        if detail is not None and detail.is_mounted and (self.wide or self.inside):
            detail.show(self._listing.current, nothing=empty_line(self._listing))

    def go_to(self, path: str) -> None:
        """Put the cursor on an environment; the filter is cleared where it hides that."""
        if self._listing.index(path) is None:
            self._list.close_filter()
        place = self._listing.index(path)
        if place is not None:
            self._listing.touch()
            self._list.table.move_to(place)

    def tab_for(self, action: str) -> "DetailTab | None":
        """Return the tab that is seen, if an action of one view means something in it. The detail
        follows first: a key must not act on what the cursor has left."""
        detail = self.detail
        if detail is None or not (self.wide or self.inside):
            return None
        if detail.environment is not self._listing.current:
            if self._settled is not None:
                self._settled.stop()
            self.show_current()
        tab = detail.tab
        return tab if tab is not None and action in tab.offers else None


class MainScreen(Screen[None], inherit_bindings=False):
    """Lays out the list, the detail and the lines around them, and moves between them.

    What a key does is answered by the innermost that the focus is in: a tab of the detail or the
    table, :class:`EnvironmentList`, and last the screen with its :class:`Commands`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("open", "back", "next_pane", "previous_pane"),
        *bindings(*(f"tab.{number}" for number in range(1, 7))),
        *bindings("refresh", "mend", "reveal"),
        *(
            replace(each, action=f"command('{each.action}')")
            for each in bindings(
                *("delete", "recreate", "upgrade", "new", "walkthrough", "walkthrough_of", "undo"),
                "matrix",
                *("operations", "history", "trash", "interpreters", "problems", "machine"),
                *("packages", "compare", "caches", "unreadable"),
                *("sort_menu", "columns", "filters", "hide_detail", "shell", "editor"),
            )
        ),
    ]

    def __init__(
        self,
        source: CatalogSource,
        scope: "Scope",
        settings: ScreenSettings,
        operations: "Callable[[], Operations] | None" = None,
    ) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
        self.look = Display(settings.home, settings.now, settings.signs, settings.keys)
        columns = settings.state.columns or settings.columns
        self.list = EnvironmentList(columns, self.look, source.contents)
        self.summary = Summary(self.look)
        self.keys = KeyLine(settings.keys)
        self.scan = ScanController(source, scope, self.list, self.summary, self.tell)
        self.scan.facts = self.scan.facts._replace(
            read_only=settings.read_only, label=settings.label
        )
        self.operations = OperationController(
            self, self.look, operations, self.scan.read_rows, read_only=settings.read_only
        )
        self.scan.operating = lambda: self.operations.operating
        self.commands = Commands(self, self.list, self.scan, self.operations, settings)
        self.panes = Panes(self, self.list, source)
        self._view: ListView | None = None
        self._settings = settings
        self.set_class(not settings.state.detail, HIDDEN)
        self._line: OperationLine | None = None
        self._begun = False
        self._read_anew: list[str] | None = None

    def compose(self) -> ComposeResult:
        """Only what the first frame needs; the rest is mounted when it is first seen."""
        yield self.summary
        with self.list:
            yield self.list.table
        yield self.keys

    def on_mount(self) -> None:
        """Show what is remembered, then look."""
        self.list.table.focus()
        self.scan.begin()
        self.call_after_refresh(self.set_timer, _PAINT, self._after_first_frame)

    def _after_first_frame(self) -> None:
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
            self.scan.owns_collector = True
        self._begun = True
        self.scan.note_interpreters(self.scan.source.remembered_interpreters())
        self.scan.count_all()
        self.operations.begin()
        self.scan.rescan()
        self.panes.begin()
        self.commands.greet()

    def on_unmount(self) -> None:
        """Let the scan end by itself."""
        self.scan.feed.stop()

    @property
    def typing(self) -> bool:
        """Whether letters go into the filter, or into the search in the packages."""
        detail = self.panes.detail if self.panes.inside else None
        return self.list.typing or (detail is not None and detail.typing)

    @on(messages.HintsChanged)
    def tell(self) -> None:
        """Say what holds now, at the top, at the bottom, and where rows would be."""
        listing, detail = self.list.listing, self.panes.detail
        self.scan.show_facts()
        bar = self.list.filter_bar
        if bar is not None and bar.is_mounted:
            bar.tell(filter_line(listing, self.look))
        self.keys.tell(
            key_hints(
                typing=self.typing,
                ranging=listing.marks.ranging,
                inside=detail.hints if self.panes.inside and detail is not None else None,
                looking=self.scan.feed.running and not listing.query.text,
                empty=why_empty(listing, self.scan.facts),
            ),
            marked_line(listing, self.scan.marked_totals, self.look),
            typing=self.typing,
        )

    @on(Key)
    @on(MouseDown)
    def touch(self) -> None:
        """Keep the cursor on its row from the first key or click on."""
        self.list.listing.touch()

    def on_cursor_moved(self) -> None:
        """Let the detail follow, and the length of a range."""
        self.panes.follow()
        if self.list.listing.marks.ranging:
            self.tell()

    def on_plans_agreed(self, message: PlansAgreed) -> None:
        """Put the cursor on the next row, where the one under it is about to be worked on. Whoever
        is in the detail of that one wants to see there what came of it."""
        paths = {target.path for plan in message.plans for target in plan.targets}
        if self.list.listing.cursor in paths and not self.panes.inside:
            self.list.table.action_down()

    def action_command(self, name: str) -> None:
        """Do one of the commands, or what it means in the tab that the person is in."""
        tab = self.panes.tab_for(name) if self.panes.inside else None
        if tab is not None:
            self.operations.request_fix(tab, name)
        elif hasattr(self.commands, name):
            getattr(self.commands, name)()
        else:
            # first frame: only for who changes how the list is shown
            from envdeck.tui.main.view import ListView

            if self._view is None:
                self._view = ListView(self, self.list, self.panes.show_detail, self._settings)
            getattr(self._view, name)()

    def on_queue_changed(self) -> None:
        """Show in the rows and in one line what is being done."""
        queue = self.operations.queue
        if queue is None:
            return
        # first frame: only for who opens it
        from envdeck.tui.widgets.operation_words import OperationLine, row_words

        self.list.table.tell_doing(row_words(queue.active_paths()))
        if queue.busy and self._line is None:
            self._line = OperationLine(self.look)
            self.mount(self._line, before=self.keys)
        elif not queue.busy and self._line is not None:
            self._line.remove()
            self._line = None
        if self._line is not None:
            self._line.tell(queue.active)

    def on_marks_changed(self, message: messages.MarksChanged) -> None:
        """Show the marks, and count what the marked ones come to."""
        self.list.table.refresh()
        self.scan.count_marked(other=message.other)
        self.tell()

    def watch_focused(self, focused: Widget | None) -> None:
        """Give the focus to the table where it was lost (what had it is hidden, and the detail
        not there yet): keys are answered from where the focus is."""
        if focused is None and self.app.app_focus and self.list.table.is_attached:
            self.set_focus(self.list.table, scroll_visible=False)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Whoever clicks into the detail is inside it."""
        if self.panes.detail is not None and event.widget.display:
            self.set_class(self.panes.detail in event.widget.ancestors_with_self, "-inside")
        self.tell()

    async def on_resize(self) -> None:
        """Where there is room now, the detail stands beside the list."""
        if self._begun:
            await self.panes.show_detail()
        self.call_after_refresh(self.tell)

    @on(messages.RowOpened)
    async def action_open(self) -> None:
        """Into the detail."""
        if self.list.typing:
            self.list.table.focus()
        elif self.typing and self.panes.detail is not None:
            self.panes.detail.focus()
        else:
            await self._enter()

    async def _enter(self, number: int | None = None) -> None:
        """Go into a tab of the detail, the one that is open unless a number is given."""
        if self.list.listing.current is None:
            self.operations.say("no environment to show")
            return
        detail = await self.panes.need_detail()
        if detail.is_mounted:
            self.add_class("-inside")
            self.panes.show_current()
            self.call_after_refresh(detail.focus_tab, number or detail.active)
            self.tell()

    action_tab_1 = partialmethod(_enter, 1)
    action_tab_2 = partialmethod(_enter, 2)
    action_tab_3 = partialmethod(_enter, 3)
    action_tab_4 = partialmethod(_enter, 4)
    action_tab_5 = partialmethod(_enter, 5)
    action_tab_6 = partialmethod(_enter, 6)

    def action_back(self) -> None:
        """Out of the detail; in the list give up the range, clear the filter, stop the scan, or
        take the marks away."""
        listing = self.list.listing
        if self.panes.inside:
            self.remove_class("-inside")
            self.list.table.focus()
            if not self.panes.wide and self.panes.detail is not None:
                self.panes.detail.hidden()
        elif listing.marks.ranging:
            listing.marks.end_range()
            self.list.table.refresh()
        elif listing.query.text or self.list.filter_bar is not None:
            self.list.close_filter()
        elif self.scan.feed.running:
            self.scan.stop()
        elif listing.marks.paths:
            listing.marks.forget(listing.marks.paths)
            self.post_message(messages.MarksChanged())
        self.tell()

    async def action_next_pane(self) -> None:
        """To the other pane."""
        if self.panes.inside:
            self.action_back()
        else:
            await self.action_open()

    action_previous_pane = action_next_pane

    def action_mend(self) -> None:
        """Mend what is under the cursor of the open tab."""
        tab = self.panes.tab_for("mend")
        if tab is not None:
            self.operations.request_fix(tab)
        else:
            keys = ", ".join(self.look.key(f"tab.{number}") for number in (3, 4, 5))
            self.operations.say(f"nothing to fix here; open Project, .env or Health ({keys})")

    def action_reveal(self) -> None:
        """Show the value behind the key under the cursor, or hide it."""
        tab = self.panes.tab_for("reveal")
        if tab is not None:
            tab.reveal()
        else:
            key = self.look.key("tab.4")
            self.operations.say(f"open .env to reveal values ({key})")

    def on_screen_suspend(self) -> None:
        """Hide what was revealed: another screen lies above this one."""
        hide_secrets([self])

    def on_operation_ended(self) -> None:
        """Read again what the open tab shows: it may have been about that."""
        if self.panes.detail is not None:
            self.panes.detail.read_again()

    def action_refresh(self) -> None:
        """Read the marked ones, or this one, again; then look everywhere again.

        While that is done already nothing is begun: a held key would start a thread each time.
        """
        targets = self.list.listing.marks.targets()
        paths = [each.path for each in targets]
        if not self.scan.feed.running or paths != self._read_anew:
            self._read_anew = paths
            if self.panes.detail is not None:
                self.panes.detail.read_again()
            self.scan.rescan(targets)
