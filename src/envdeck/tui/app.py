"""The app: composes, opens screens, ends on signals with an exit code."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.command import CommandPalette, SearchIcon
from textual.events import Key
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen
from textual.theme import ThemeProvider
from textual.widgets import Input

from envdeck.text import Signs, plain, spell_ascii
from envdeck.tui.base.actions import (
    ACTIONS,
    Action,
    keys_of,
    named,
    program_bindings,
)
from envdeck.tui.base.keymap import ANYWHERE, keymap, nearest, validate_keys, why_nothing
from envdeck.tui.base.messages import (
    CommandRequested,
    FilterRequested,
    OperationEnded,
    OutcomeSaid,
    PlanRequested,
    WalkthroughRequested,
)
from envdeck.tui.base.services import CatalogSource, ScreenSettings
from envdeck.tui.base.terminal import handle_signals, notice
from envdeck.tui.main.screen import MainScreen
from envdeck.tui.widgets.fields import hide_secrets
from envdeck.tui.widgets.line_view import readable

if TYPE_CHECKING:
    from textual.theme import Theme

    from envdeck.core.catalog import Scope
    from envdeck.core.operations.api import Operations
    from envdeck.tui.dialogs.quit import Leave
    from envdeck.tui.walkthrough.state import OpenWalking, WalkthroughStates

PATIENCE = 0.8
"""Seconds in which it ends by itself after `q` or a signal. A terminal that is gone takes no
output, and a disk that is gone gives no answer: what waits for those would wait for ever."""
ROLLBACK_PATIENCE = 10.0
"""Seconds that an operation has to give up once the program ends. What is not over by then is
finished or rolled back by the next start."""
_NOT_OVER = (
    "envdeck: an operation is still running; the next start of envdeck finishes it or rolls it back"
)
LONG = 10.0
"""Seconds of an operation whose end is told to a person who looks elsewhere."""
_DEBUG = "ENVDECK_DEBUG"


def fault(error: BaseException) -> str | None:
    """Return what a person is told of a fault of the program; None where the whole trace is
    asked for."""
    if os.environ.get(_DEBUG):
        return None
    return (
        f"error: {plain(f'{type(error).__name__}: {error}')}\n"
        f"hint: this is a bug in envdeck; set {_DEBUG}=1 for a traceback"
    )


def answer_key(app: "EnvDeck", key: str, remapped: Mapping[str, str]) -> None:
    """Do what a key means anywhere, where the view in use does not answer to it; else say why it
    does nothing there."""
    screen = app.screen
    actions = [one for one in ACTIONS if key in map(named, keys_of(one.id, remapped))]
    if not actions or key in screen.active_bindings:
        return
    if screen is not app.main and any(one.id in ANYWHERE for one in actions):
        (anywhere,) = (one for one in actions if one.id in ANYWHERE)
        app.post_message(CommandRequested(anywhere.id))
        return
    name = getattr(screen, "VIEW", "") or type(screen).__name__.removesuffix("Screen")
    view = app.main.panes.name if screen is app.main else name
    said = why_nothing(key, actions, view, getattr(screen, "WHY_NOT", {}), remapped)
    app.notify(said, severity="warning", markup=False)


DEFAULT_THEME = "textual-dark"
COLOURLESS_THEME = "ansi-dark"
"""The one whose colours are truly gone where `NO_COLOR` is set."""


class LettersFilter(LineFilter):
    """Writes boxes, bars and signs as letters, those of Textual's own widgets too."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return a line as a terminal without Unicode shows it."""
        del background
        return [Segment(spell_ascii(each.text), each.style, each.control) for each in segments]


class Palette(CommandPalette):
    """Finds an action by its name, or a theme. Textual's own, with a sign of any terminal."""

    DEFAULT_CSS = """
    Palette SearchIcon { color: $text-primary; }
    """

    def __init__(self, signs: Signs, *, themes: bool = False) -> None:
        super().__init__(
            [ThemeProvider] if themes else None,
            placeholder=f"Find {'a theme' if themes else 'an action'}{signs.ellipsis}",
            id="--command-palette",
        )

    def on_mount(self) -> None:
        """Take the sign of the filter for a search, here as well."""
        for icon in self.query(SearchIcon):
            icon.icon = "/"


class EnvDeck(App[None], inherit_bindings=False):
    """One screen over every environment of the machine."""

    TITLE = "EnvDeck"
    CSS_PATH = "theme.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*program_bindings()]
    open_walking: "OpenWalking | None" = None
    """Opens what is behind a walkthrough, in a thread; None for the real one."""

    def __init__(
        self,
        source: CatalogSource,
        scope: "Scope",
        settings: ScreenSettings,
        operations: "Callable[[], Operations] | None" = None,
    ) -> None:
        super().__init__()
        self._settings = settings
        self._told_through: asyncio.AbstractEventLoop | None = None
        self.told_to_end: int | None = None
        """The code that a signal, or the loss of the terminal, has it end with."""
        self._noticed: object = None
        self.end_late: Callable[[float, int], object] | None = None
        """Ends the process with a code where closing takes longer than so many seconds; None where
        the process is not ours to end."""
        self._problems = [f"keys: {problem}" for problem in validate_keys(settings.keys)]
        if settings.keys and not self._problems:
            self.set_keymap(keymap(settings.keys))
        self._use_theme(settings.theme)
        if settings.signs.solid.isascii():
            self._filters.append(LettersFilter())
        self._walks: WalkthroughStates | None = None
        """The walkthroughs that were opened, so that one that was left can be resumed."""
        self.main = MainScreen(source, scope, settings, operations)

    def get_default_screen(self) -> Screen[None]:
        """Start with the list."""
        return self.main

    def on_mount(self) -> None:
        """Say what of the settings was refused."""
        self._told_through = asyncio.get_running_loop()
        if self.told_to_end is not None:
            self.exit(return_code=self.told_to_end)

        def chosen(theme: "Theme") -> None:
            self._take_colours_away()
            self._settings.save_theme(theme.name)

        self.theme_changed_signal.subscribe(self, chosen)
        for problem in (*self._problems, *self._settings.state.problems):
            self.notify(plain(problem), severity="warning", markup=False)

    def end(self, code: int) -> float:
        """End with a code, and give up what is being done; safe to call from a signal handler or
        a thread. Returns the seconds that this may take: whoever ran the application waits for
        what is being given up."""
        self.told_to_end = code
        patience = PATIENCE
        queue = self.main.operations.queue
        if queue is not None and queue.busy:
            queue.stop_all()
            patience += ROLLBACK_PATIENCE
        if self._told_through is not None:
            with suppress(RuntimeError):  # it has closed, and what is given up is waited for
                self._told_through.call_soon_threadsafe(partial(self.exit, return_code=code))
        return patience

    def _fatal_error(self) -> None:
        """Tell a fault in words: Textual's trace shows what the variables hold besides."""
        error = sys.exception()
        told = None if error is None else fault(error)
        if told is None:
            super()._fatal_error()
        else:
            self.panic(Text(told))

    def on_key(self, event: Key) -> None:
        """Give letters to a field that took the focus after they were typed.

        Keys go to what has the focus when they come, and act when they were passed up to here:
        by then `/` may have opened the field that the next letters were meant for.
        """
        field = self.focused
        if isinstance(field, Input) and event.is_printable and event.character:
            field.insert_text_at_cursor(event.character)
            event.stop()
            event.prevent_default()
        elif not (self.screen.is_modal or getattr(self.screen, "TAKES_LETTERS", False)):
            answer_key(self, event.key, self._settings.keys)

    def get_css_variables(self) -> dict[str, str]:
        """The colours of the theme; those of a light one are darkened until they can be read."""
        variables = super().get_css_variables()
        if self.current_theme.dark or self.native_ansi_color:
            return variables
        return readable(variables)

    def _use_theme(self, name: str | None) -> None:
        usual = COLOURLESS_THEME if self._settings.no_color else DEFAULT_THEME
        if name is not None and name not in self.available_themes:
            near = nearest(name, self.available_themes)
            hint = f" (did you mean {near}?)" if near else ""
            self._problems.append(f"unknown theme {name!r}{hint}: using {usual}")
            name = None
        self.theme = name or usual
        self._take_colours_away()

    def _take_colours_away(self) -> None:
        """With `NO_COLOR` leave out what a theme of the terminal's own colours names.

        Textual chooses how when it starts, for the theme it has then: with the other way the
        terminal's own colours would all become black, the ground and what is written on it.
        """
        if self.no_color:
            kept = [each for each in self._filters if not isinstance(each, (NoColor, Monochrome))]
            self._filters = [*kept, NoColor() if self.native_ansi_color else Monochrome()]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action for the palette, and the themes."""
        for action in ACTIONS:
            if action.id != "palette" and self._offered(action, screen):
                yield SystemCommand(action.title, action.tooltip, partial(self._do, action.id))
        yield SystemCommand("Theme", "Choose how it looks; the choice is kept.", self.search_themes)

    def _offered(self, action: Action, screen: Screen[object]) -> bool:
        if action.program and not screen.is_modal:
            return True
        if screen is self.main:
            return not action.only or self.main.panes.tab_for(action.id) is not None
        bound = (each.binding.id for each in screen.active_bindings.values())
        return (action.id in ANYWHERE and not screen.is_modal) or action.id in bound

    async def _do(self, name: str, screen: Screen[object] | Screen[None] | None = None) -> None:
        """Do what an action means on a screen: the outermost that has a key for it answers."""
        shown = screen or self.screen
        for active in shown.active_bindings.values() if shown.is_modal else ():
            if active.binding.id == name:
                await self.run_action(active.binding.action, active.node)
                return
        anywhere = (self.main,) if name in ANYWHERE else ()
        for node in (shown, *shown.query("*"), self, *anywhere):
            for binding in node.BINDINGS:
                if isinstance(binding, Binding) and binding.id == name:
                    await self.run_action(binding.action, node)
                    return

    async def on_command_requested(self, message: CommandRequested) -> None:
        """Do what the main screen does."""
        await self._do(message.action, self.main)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        """Make a picture of the screen, every secret on it hidden; all ways to make one end
        here."""
        hide_secrets(self.screen_stack)
        return super().export_screenshot(title=title, simplify=simplify)

    def action_help(self) -> None:
        """Show every key, and do what is chosen in the view that it was opened in."""
        # first frame: only for who opens it
        from envdeck.tui.help.keys import HelpScreen

        shown = self.screen

        async def run(action: Action | None) -> None:
            if action is not None:
                await self._do(action.id, shown)

        offered = {each.id for each in ACTIONS if self._offered(each, shown)}
        self.push_screen(HelpScreen(self.main.look, offered, modal=shown.is_modal), run)

    def on_walkthrough_requested(self, message: WalkthroughRequested) -> None:
        """Show a walkthrough, where it was left if it was."""
        # first frame: only for who opens it
        from envdeck.tui.walkthrough import screen, state

        self._walks = self._walks or state.WalkthroughStates()
        project, environment = message.project, message.environment
        opener = self.open_walking or state.open_walking
        begin = partial(opener, message.operating, project, environment)
        walk = self._walks.find(project, environment, begin)
        self.push_screen(screen.WalkthroughScreen(walk, self.main.operations))

    def on_operation_ended(self, message: OperationEnded) -> None:
        """Remember how it ended, where it was done for a walkthrough that was left; where it took
        long and the person looks elsewhere, ring and show a notice."""
        job = message.job
        took = (job.ended_at or 0.0) - (job.started_at or job.ended_at or 0.0)
        away = self._settings.notices and not self.app_focus
        if away and took > LONG and job is not self._noticed and self._driver is not None:
            self._noticed = job
            self._driver.write(notice(message.text, os.environ))
        if self._walks is not None:
            self._walks.job_ended(message.job, self.post_message)

    def action_tour(self) -> None:
        """Show the tour."""
        # first frame: only for who opens it
        from envdeck.tui.help.tour import TourDialog

        if not self.screen.is_modal:
            self.push_screen(TourDialog(self.main.look))

    def action_command_palette(self) -> None:
        """Find any action by its name."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(self._settings.signs))

    async def action_quit(self) -> None:
        """Leave, or ask first where something is being done."""
        queue = self.main.operations.queue
        if queue is None or not queue.busy:
            self._close()
            return
        # first frame: only for who opens it
        from envdeck.tui.dialogs.quit import QuitDialog

        def left(leave: "Leave | None") -> None:
            if leave is not None:
                self._close()

        if isinstance(self.screen, QuitDialog):
            self.screen.action_quit()
        else:
            self.push_screen(QuitDialog(queue, self.main.look), left)

    def _close(self) -> None:
        """End, and see to it that this comes about whatever a thread waits for."""
        queue = self.main.operations.queue
        if self.end_late is not None and (queue is None or not queue.busy):
            self.end_late(PATIENCE, 0)
        self.exit()

    def on_plan_requested(self, message: PlanRequested) -> None:
        """Plan what any screen asks for and show it."""
        self.main.operations.request(message.request)

    def on_outcome_said(self, message: OutcomeSaid) -> None:
        """Show how something in the background ended, whatever screen asked for it."""
        self.notify(
            plain(message.text),
            severity="warning" if message.failed else "information",
            markup=False,
        )

    def search_themes(self) -> None:
        """Choose how it looks."""
        self.push_screen(Palette(self._settings.signs, themes=True))

    async def on_filter_requested(self, message: FilterRequested) -> None:
        """Show the list, narrowed."""
        while self.screen is not self.main and len(self.screen_stack) > 1:
            self.pop_screen()
        if message.path is None:
            await self.main.list.filter_by(message.query)
        else:
            self.main.panes.go_to(message.path)
            await self.main.run_action(f"tab_{message.tab}")


def run_to_end(app: EnvDeck) -> int:
    """Run the screen, and return its exit code. What is still being done when it closes is given
    up and waited for, for as long as is decent."""
    with handle_signals(app.end) as app.end_late:
        app.run()
        queue = app.main.operations.queue
        if queue is not None and queue.busy:
            queue.stop_all()
            if not queue.wait(ROLLBACK_PATIENCE):
                sys.stderr.write(f"{_NOT_OVER}\n")
    return app.told_to_end or app.return_code or 0
