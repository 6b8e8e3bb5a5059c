"""The main screen: the list with its detail beside it, or behind it where there is little room."""

import gc
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.events import DescendantFocus, Resize, ScreenSuspend

from envdeck.text import plain
from envdeck.tui.base import messages
from envdeck.tui.base.actions import Action, bindings, list_bindings
from envdeck.tui.base.settings import ScreenSettings
from envdeck.tui.base.source import CatalogSource
from envdeck.tui.main.live import WIDE
from envdeck.tui.main.words import nothing_line
from envdeck.tui.operate.screen import ActingScreen
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.widget import AwaitMount

    from envdeck.core.catalog import Scope
    from envdeck.tui.base.services import Operating
    from envdeck.tui.detail.detail import DetailPane
    from envdeck.tui.detail.tab import DetailTab

_SETTLE = 0.06
"""Seconds the cursor rests on a row before the detail follows, so that a held key runs freely."""

_PAINT = 0.005
"""Seconds in which nothing is done once the first frame is drawn: a thread writes it out."""


class MainScreen(ActingScreen):
    """Answers to every key and click of the list; its handlers own every change."""

    BINDINGS: ClassVar[list[BindingType]] = [*list_bindings(), *bindings("mend", "reveal")]

    def __init__(
        self,
        source: CatalogSource,
        scope: "Scope",
        settings: ScreenSettings,
        operations: "Callable[[], Operating] | None" = None,
    ) -> None:
        super().__init__(source, scope, settings, operations)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
        self._begun = False
        self._read_anew: list[str] | None = None
        self.detail: DetailPane | None = None
        self._mounting: AwaitMount | None = None

    def compose(self) -> ComposeResult:
        """Only what the first frame needs; the rest is mounted when it is first seen."""
        yield self.summary
        with Horizontal(id="panes"):
            yield self.table
        yield self.keys

    def on_mount(self) -> None:
        """Show what is remembered, then look."""
        self.table.focus()
        self._detail_timer = self.set_timer(_SETTLE, self._show_detail, pause=True)
        self.begin()
        self.call_after_refresh(self.set_timer, _PAINT, self._after_first_frame)

    async def _after_first_frame(self) -> None:
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        self._begun = True
        self.after_first_frame()
        self.begin_operations()
        self.look_anew()
        if self.wide:
            await self._need_detail()
        self.greet()

    # the detail

    async def _need_detail(self) -> "DetailPane":
        if self.detail is None:
            from envdeck.tui.detail.detail import DetailPane

            self.detail = DetailPane(self.source, look=self.look)
            self._mounting = self.query_one("#panes").mount(self.detail)
            await self._mounting
            self._show_detail()
        elif self._mounting is not None:
            await self._mounting
        return self.detail

    def _catch_up(self) -> None:
        """Have the detail follow now: a key must not act on what the cursor has left."""
        if self.detail is not None and self.detail.environment is not self.listing.current:
            self._detail_timer.stop()
            self._show_detail()

    def _show_detail(self) -> None:
        detail = self.detail
        if detail is not None and detail.is_mounted and (self.wide or self.inside):
            detail.show(self.listing.current, nothing=nothing_line(self.listing))

    @property
    def open_tab(self) -> "DetailTab | None":
        """The tab of the detail that is on the screen."""
        return self.detail.tab if self.detail is not None and (self.wide or self.inside) else None

    def offers(self, action: Action) -> bool:
        """Whether an action of one view means something now."""
        if action.only == "packages":
            return self.in_packages
        return self.open_tab is not None and action.id in self.open_tab.OFFERS

    @property
    def in_packages(self) -> bool:
        """Whether the packages of an environment are on the screen."""
        return self.open_tab is not None and self.detail is not None and self.detail.active == 2

    @property
    def typing(self) -> bool:
        """Whether letters go into the filter, or into the search in the packages."""
        return super().typing or (self.inside and self.detail is not None and self.detail.typing)

    @property
    def inner_hints(self) -> dict[str, str] | None:
        """The actions worth a hint in the detail, where the person is there."""
        return self.detail.hints if self.inside and self.detail is not None else None

    def on_hints_changed(self) -> None:
        """Say what keys do now."""
        self.tell()

    def current_changed(self) -> None:
        """Let the detail follow once the cursor rests."""
        self._detail_timer.stop()
        self._detail_timer = self.set_timer(_SETTLE, self._show_detail)

    async def on_resize(self, event: Resize) -> None:
        """Where there is room now, the detail stands beside the list."""
        if event.size.width >= WIDE and self._begun:
            await self._need_detail()
            self._show_detail()
        self.call_after_refresh(self.tell)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Whoever clicks into the detail is inside it."""
        detail = self.detail
        if detail is not None:
            self.set_class(detail in event.widget.ancestors_with_self, "-inside")
        self.tell()

    async def action_open(self) -> None:
        """Into the detail."""
        if super().typing:
            self.table.focus()
            return
        if self.typing and self.detail is not None:
            self.detail.focus()
            return
        if self.listing.current is None:
            return
        await self._enter()

    async def _enter(self, number: int | None = None) -> None:
        detail = await self._need_detail()
        if detail.is_mounted:
            self.add_class("-inside")
            self._show_detail()
            self.call_after_refresh(detail.focus_tab, number or detail.active)
            self.tell()

    def action_back(self) -> None:
        """Out of the detail; in the list give up the range, clear the filter, or stop the scan."""
        if self.inside:
            self.remove_class("-inside")
            self.table.focus()
            if not self.wide and self.detail is not None:
                self.detail.hidden()
        elif self.listing.ranging:
            self.listing.end_range()
            self.table.refresh()
        elif self.listing.query.text or self.filter_bar is not None:
            self._close_filter()
        elif self.feed.running:
            self.stop_looking()
        self.tell()

    async def action_next_pane(self) -> None:
        """To the other pane."""
        if self.inside:
            self.action_back()
        else:
            await self.action_open()

    async def action_previous_pane(self) -> None:
        """To the other pane."""
        await self.action_next_pane()

    async def action_tab_1(self) -> None:
        """The first tab of the detail."""
        await self._open_tab(1)

    async def action_tab_2(self) -> None:
        """The second tab of the detail."""
        await self._open_tab(2)

    async def action_tab_3(self) -> None:
        """The third tab of the detail."""
        await self._open_tab(3)

    async def action_tab_4(self) -> None:
        """The fourth tab of the detail."""
        await self._open_tab(4)

    def action_mend(self) -> None:
        """Mend what is under the cursor of the open tab."""
        self._catch_up()
        if self.open_tab is None or "mend" not in self.open_tab.OFFERS:
            keys = f"{self.look.key('tab.3')} and {self.look.key('tab.4')}"
            self.say(f"{keys} open the project and its .env: what is wrong there can be mended")
        else:
            self.mend(self.open_tab)

    def action_reveal(self) -> None:
        """Show the value behind the key under the cursor, or hide it."""
        self._catch_up()
        if self.open_tab is None or "reveal" not in self.open_tab.OFFERS:
            self.say(f"{self.look.key('tab.4')} opens the .env: its values can be looked at there")
        else:
            self.open_tab.reveal()

    def on_screen_suspend(self, event: ScreenSuspend) -> None:
        """Hide what was revealed: another screen lies above this one."""
        del event
        from envdeck.tui.base.system import hide_secrets

        hide_secrets([self])

    def on_operation_ended(self, message: messages.OperationEnded) -> None:
        """Read anew what the open tab shows: it may have been about that."""
        del message
        if self.detail is not None:
            self.detail.read_again()

    async def action_asked(self) -> None:
        """Only what was asked for, where packages are shown."""
        if self.in_packages and self.detail is not None and self.detail.tab is not None:
            await self.detail.tab.run_action("asked")

    async def _open_tab(self, number: int) -> None:
        if self.listing.current is not None:
            await self._enter(number)

    async def on_row_opened(self) -> None:
        """A double click opens."""
        await self.action_open()

    # with the environment

    def action_refresh(self) -> None:
        """Read the marked ones, or this one, anew; then look everywhere again.

        While that is done already nothing is begun: a held key would start a thread each time.
        """
        targets = self.listing.targets()
        paths = [each.path for each in targets]
        if not self.feed.running or paths != self._read_anew:
            self._read_anew = paths
            if self.detail is not None:
                self.detail.read_again()
            self.look_anew(targets)

    def action_copy(self) -> None:
        """Copy the path, and show it: not every terminal takes it."""
        current = self.listing.current
        if current is not None:
            from envdeck.tui.base.system import for_clipboard

            self.app.copy_to_clipboard(for_clipboard(current.path))
            self.say(f"copied {plain(current.path)}")

    def action_folder(self) -> None:
        """Open the folder in the file manager."""
        current = self.listing.current
        if current is None:
            return
        from envdeck.tui.base.system import open_folder, opener

        program, reason = opener(sys.platform, os.environ)
        if program is None:
            self.say(f"cannot open {self.look.path(current.path)}: {reason}", failed=True)
            return

        def work(program: str, path: str) -> messages.OutcomeSaid | None:
            failure = open_folder(program, path)
            said = f"{self.look.path(path)}: {failure}"
            return messages.OutcomeSaid(said, failed=True) if failure else None

        self.say(f"opening {self.look.path(current.path)}")
        run_in_thread(partial(work, program, current.path), self.post_message)

    # views

    def action_interpreters(self) -> None:
        """The Pythons that environments rest on."""
        from envdeck.tui.machine.interpreters import InterpretersScreen

        self.app.push_screen(
            InterpretersScreen(
                self.source,
                tuple(self.listing.environments()),
                tuple(self.interpreters.values()),
                look=self.look,
            )
        )

    def action_machine(self) -> None:
        """Where the space is."""
        from envdeck.tui.machine.screen import MachineScreen

        environments = tuple(self.listing.environments())
        self.app.push_screen(MachineScreen(self.source, environments, look=self.look))

    def action_unreadable(self) -> None:
        """What the scan could not look into."""
        if not self.unreadable:
            self.say("everything could be read")
            return
        from envdeck.tui.machine.unreadable import UnreadableScreen

        self.app.push_screen(UnreadableScreen(dict(self.unreadable), self.look))
