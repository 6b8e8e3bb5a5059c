"""The detail beside the list, or on a screen of its own: one environment, in tabs."""

from collections.abc import Callable
from functools import partialmethod
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import HintsChanged
from envdeck.tui.base.services import CatalogSource
from envdeck.tui.detail.dotenv import DotenvTab
from envdeck.tui.detail.health import HealthTab
from envdeck.tui.detail.overview import Overview
from envdeck.tui.detail.packages import Packages
from envdeck.tui.detail.project import ProjectTab
from envdeck.tui.detail.reader import Reader
from envdeck.tui.detail.tab import DetailTab, InstalledState, ReadDone, ReadPending
from envdeck.tui.detail.timeline import TimelineTab
from envdeck.tui.widgets.key_line import TabLine
from envdeck.tui.widgets.line import Display


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the detail, made when it is first opened."""

    title: str
    make: Callable[[Display, CatalogSource], DetailTab]


def _overview(look: Display, _source: CatalogSource) -> DetailTab:
    return Overview(look)


def _packages(look: Display, _source: CatalogSource) -> DetailTab:
    return Packages(look)


def _project(look: Display, source: CatalogSource) -> DetailTab:
    return ProjectTab(look, source)


def _dotenv(look: Display, source: CatalogSource) -> DetailTab:
    return DotenvTab(look, source)


def _health(look: Display, source: CatalogSource) -> DetailTab:
    return HealthTab(look, source)


def _timeline(look: Display, source: CatalogSource) -> DetailTab:
    return TimelineTab(look, source)


TABS: tuple[Tab, ...] = (
    Tab("Overview", _overview),
    Tab("Packages", _packages),
    Tab("Project", _project),
    Tab(".env", _dotenv),
    Tab("Health", _health),
    Tab("Timeline", _timeline),
)
"""Every tab, in the order of its number. A new one is a row here and a file beside this one."""


NOTHING = "Nothing to show yet."
_OWN_HINTS = 4
"""Hints that there is room for beside that for going back."""


class DetailPane(Vertical):
    """Shows one environment; mounts a tab when it is opened, and nothing before there is one."""

    DEFAULT_CSS = """
    DetailPane { height: 1fr; }
    DetailPane > TabLine { margin-bottom: 1; }
    DetailPane.-empty > * { display: none; }
    DetailPane.-empty { padding: 1 2; color: $text-muted; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("leave", to="screen.back"),
        *bindings(*(f"tab.{number}" for number in range(1, len(TABS) + 1))),
    ]

    def __init__(
        self,
        source: CatalogSource,
        *,
        look: Display | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.look = look or Display.current()
        self._source = source
        self.environment: Environment | None = None
        self.installed: InstalledState | None = None
        self.active = 1
        self._nothing = NOTHING
        self._tabs: dict[int, DetailTab] = {}
        self._ready = self._focus_wanted = False
        self._line = TabLine([tab.title for tab in TABS])
        self._reader = Reader(self, self._read, self._answer, _last_scan)
        self.add_class("-empty")

    def compose(self) -> ComposeResult:
        """Only the names of the tabs; a tab follows with the first environment."""
        yield self._line

    def on_mount(self) -> None:
        """Show what was asked for before there was a screen to show it on."""
        self._ready = True
        if self.environment is not None:
            environment, self.environment = self.environment, None
            self.show(environment)
        if self._focus_wanted:
            self.focus()

    def render(self) -> Content:
        """Say what would be here, while nothing is."""
        if self.environment is not None:
            return Content("")
        return Content(self._nothing)

    @property
    def tab(self) -> DetailTab | None:
        """The open tab, once it is mounted."""
        return self._tabs.get(self.active)

    @property
    def typing(self) -> bool:
        """Whether letters go into a field of the open tab."""
        return self.tab is not None and self.tab.typing

    @property
    def hints(self) -> dict[str, str]:
        """The actions worth a hint here, with their word if it is a special one."""
        others = {f"tab.{number}": "" for number in range(1, len(TABS) + 1)}
        del others[f"tab.{self.active}"]
        own = self.tab.hints if self.tab is not None else {}
        room = max(_OWN_HINTS - len(own), 0)  # one more is that of the help
        return {"back": ""} | own | dict(list(others.items())[:room])

    def show(self, environment: Environment | None, *, nothing: str = NOTHING) -> None:
        """Show an environment, or that there is none; cheap enough for every move of a cursor."""
        self._nothing = nothing
        before, self.environment = self.environment, environment
        if not self._ready:
            return
        self.set_class(environment is None, "-empty")
        if environment is None:
            self.installed = None
            self._reader.forget()
            if self.tab is not None:
                self.tab.left()
            self.refresh()
            return
        if before is None or _last_scan(before) != _last_scan(environment):
            same = before is not None and before.path == environment.path
            kept = self.installed if same and isinstance(self.installed, ReadDone) else None
            self.installed = self._reader.known(environment)
            if self.installed is None:
                self.installed = kept
                self._reader.ask(environment)
            else:
                self._reader.forget()
        self._open(self.active)

    @property
    def tab_name(self) -> str:
        """What the open tab is called."""
        return TABS[self.active - 1].title

    def focus_tab(self, number: int) -> None:
        """Open a tab by its number, from 1, and give it the focus; unknown numbers do nothing."""
        if not 1 <= number <= len(TABS):
            return
        self._open(number)
        self.focus()

    def focus(self, scroll_visible: bool = True) -> "DetailPane":  # noqa: FBT001, FBT002 - Textual's signature
        """Give the focus to the open tab."""
        tab = self.tab
        self._focus_wanted = tab is None
        if tab is not None:
            if tab.is_mounted:
                tab.entrance.focus(scroll_visible)
            else:
                self.call_after_refresh(tab.entrance.focus, scroll_visible)
        return self

    def _open(self, number: int) -> None:
        if number != self.active and self.tab is not None:
            self.tab.left()
        self.active = self._line.active = number
        if self.environment is None or not self._ready:
            return
        for other, tab in self._tabs.items():
            tab.display = other == number
        if number not in self._tabs:
            self._tabs[number] = TABS[number - 1].make(self.look, self._source)
            self.mount(self._tabs[number])
        self._tabs[number].show(self.environment, self.installed)
        self.post_message(HintsChanged())

    def _read(self, environment: Environment) -> ReadDone:
        return ReadDone(self._source.distributions(environment))

    def _answer(self, environment: Environment, installed: InstalledState) -> None:
        shown = self.environment
        if shown is None or shown.path != environment.path:
            return
        if isinstance(installed, ReadPending) and isinstance(self.installed, ReadDone):
            return
        self.installed = installed
        if self.tab is not None:
            self.tab.show(shown, installed)

    def hidden(self) -> None:
        """Answer to nobody seeing it any more."""
        if self.tab is not None:
            self.tab.left()

    def read_again(self) -> None:
        """Read again what the open tab shows beside the environment: something was changed."""
        if self.tab is not None and self.environment is not None:
            self.tab.read_again()

    @on(TabLine.Picked)
    def _picked(self, event: TabLine.Picked) -> None:
        event.stop()
        self.focus_tab(event.number)

    action_tab_1 = partialmethod(focus_tab, 1)
    action_tab_2 = partialmethod(focus_tab, 2)
    action_tab_3 = partialmethod(focus_tab, 3)
    action_tab_4 = partialmethod(focus_tab, 4)
    action_tab_5 = partialmethod(focus_tab, 5)
    action_tab_6 = partialmethod(focus_tab, 6)


def _last_scan(environment: Environment) -> tuple[str, float]:
    return environment.path, environment.seen_at
