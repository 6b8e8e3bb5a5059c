"""The second tab of the detail: what is installed, and why each of it is here."""

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Distribution, Environment
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import HintsChanged
from envdeck.tui.detail.package_page import PackagePage, PageRow
from envdeck.tui.detail.package_table import (
    PackageList,
    PackageOrder,
    PackageView,
    empty_text,
    table_footer,
)
from envdeck.tui.detail.tab import DetailTab, InstalledState, ReadDone, ReadFailure, tab_bindings
from envdeck.tui.widgets.line import Display, Part, Tone
from envdeck.tui.widgets.line_list import LineList

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.tui.detail.tab import TabRequest


class Packages(DetailTab):
    """The table, a search inside it, and a page for each package."""

    DEFAULT_CSS = """
    Packages > Input { display: none; height: 1; border: none; padding: 0 1; background: $boost; }
    Packages > Input:focus { border: none; }
    Packages.-searching > Input { display: block; }
    Packages > PackagePage { display: none; }
    Packages.-page > PackagePage { display: block; }
    Packages.-page > PackageList, Packages.-page > Input { display: none; }
    Packages > .footing { height: 1; padding: 0 1; color: $text-muted; text-wrap: nowrap;
        text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("filter", "sort", "reverse", "back", "asked"),
        *tab_bindings("install", "uninstall"),
        # In a field the key is its own, whatever keys "back" was given.
        Binding("escape", "clear_search", show=False),
    ]

    def __init__(self, look: Display) -> None:
        super().__init__(look)
        self.offers = frozenset({"asked", "install", "uninstall"})
        self.table = PackageList(look)
        self.page = PackagePage(look)
        self.footing = Static(classes="footing", markup=False)
        self._search: Input | None = None
        self._environment: Environment | None = None
        self._installed: InstalledState | None = None

    def compose(self) -> ComposeResult:
        """The page and the search are mounted when they are first asked for."""
        yield self.table
        yield self.footing

    @property
    def entrance(self) -> Widget:
        """The page where one is open, else the table."""
        return self.page if self.page.trail else self.table

    @property
    def typing(self) -> bool:
        """Whether letters go into the search."""
        return self._search is not None and self._search.has_focus

    @property
    def hints(self) -> dict[str, str]:
        """What keys do in the table, or on the page."""
        if self.page.trail:
            return {"open": "that package", "filter": "search", "uninstall": ""}
        asked = "all of them" if self.table.choice.requested_only else ""
        return {"open": "why", "asked": asked, "install": "", "uninstall": ""}

    def request_fix(self, operating: "Operations", action: str = "mend") -> "TabRequest":
        """Return the dialog that asks what is installed, or the uninstall of the package under
        the cursor, or of the one whose page is open."""
        # first frame: only for who opens it
        from envdeck.tui.dialogs import ask, requests

        environment = self._environment
        if environment is None:
            return "still reading packages"
        if action == "install":
            return ask.InstallDialog(operating, environment, self.look)
        package = self.page.trail[-1] if self.page.trail else self.table.current
        if package is None:
            return "no package to uninstall"
        return requests.uninstall_request(operating, environment, [package.name], self.look)

    def show(self, environment: Environment, installed: InstalledState | None) -> None:
        """Show the packages of an environment; the order and the choice stay as they are."""
        before, self._environment = self._environment, environment
        if before is None or environment.path != before.path:
            self._go_to([])
            if self._search is not None:
                self._search.value = ""
        elif installed is self._installed:
            return
        self._installed = installed
        self.table.take(installed.distributions if isinstance(installed, ReadDone) else ())
        if self.page.trail:
            installed_now = {one.path: one for one in self.table.everything}
            trail = [installed_now.get(one.path) for one in self.page.trail]
            self._go_to([one for one in trail if one is not None])
        self._choose(self.table.choice)

    def _choose(self, choice: PackageView) -> None:
        searched = choice.text and choice.text != self.table.choice.text
        self.table.choice = choice
        everything = self.table.everything
        rows = choice.pick(everything)
        self.table.show_rows(rows, rows[0].path if rows and searched else None)
        match self._installed:
            case ReadDone():
                words = empty_text(everything, choice, self.look)
                line = table_footer(everything, len(rows), choice, self.look) if everything else ""
            case ReadFailure(reason):
                words = f"{self.look.signs.broken} Cannot read packages: {reason}"
                line = f"{self.look.key('refresh')}: try again"
            case _:
                words, line = f"Reading packages{self.look.signs.ellipsis}", ""
        self.table.say_instead((Part(words, Tone.MUTED),))
        if not self.page.trail:
            self.footing.update(Content(line))
            self.post_message(HintsChanged())

    def action_filter(self) -> None:
        """Search in the packages."""
        if self.page.trail:
            self._go_to([])
        if self._search is None:
            self._search = Input(placeholder="names and summaries", compact=True)
            self._search.cursor_blink = False
            self.mount(self._search, before=0)
        self.add_class("-searching")
        self.call_after_refresh(self._search.focus)

    @on(Input.Changed)
    def _searched(self, event: Input.Changed) -> None:
        event.stop()
        self._choose(replace(self.table.choice, text=event.value))

    @on(Input.Submitted)
    def _search_done(self, event: Input.Submitted) -> None:
        event.stop()
        self.table.focus()
        self.set_class(bool(self.table.choice.text), "-searching")

    def action_asked(self) -> None:
        """Show only what was asked for, or all."""
        choice = self.table.choice
        self._choose(replace(choice, requested_only=not choice.requested_only))

    def action_sort(self) -> None:
        """Sort by the other column."""
        choice = self.table.choice
        other = PackageOrder.NAME if choice.order is PackageOrder.SIZE else PackageOrder.SIZE
        self._choose(replace(choice, order=other, reverse=False))

    def action_reverse(self) -> None:
        """Sort the other way round."""
        self._choose(replace(self.table.choice, reverse=not self.table.choice.reverse))

    @on(LineList.HeadingClicked)
    def _heading_clicked(self, event: LineList.HeadingClicked) -> None:
        event.stop()
        order = self.table.columns(self.table.cells).order_at(event.column)
        if order is self.table.choice.order:
            self.action_reverse()
        elif order is not None:
            self._choose(replace(self.table.choice, order=order, reverse=False))

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        if isinstance(event.row, Distribution):
            self._go_to([*self.page.trail, event.row], enter=True)
        elif isinstance(event.row, PageRow) and event.row.target:
            target = event.row.target
            package = next((one for one in self.table.everything if one.name == target), None)
            if package is not None:
                self._go_to([*self.page.trail, package], enter=True)

    def _go_to(self, trail: list[Distribution], *, enter: bool = False) -> None:
        """Show the page of the last package gone through, or the table."""
        had_focus = self.page.has_focus
        if trail and not self.page.is_attached:
            self.mount(self.page, after=self.table)
        self.page.show(trail, self.table.everything)
        self.set_class(bool(trail), "-page")
        if trail:
            self.footing.update(Content(""))
            self.post_message(HintsChanged())
        if enter or (had_focus and not trail):
            self.entrance.focus()

    def action_back(self) -> None:
        """Leave the page, then the search; after that it is for others to answer."""
        if len(self.page.trail) > 1:
            self._go_to(self.page.trail[:-1])
        elif self.page.trail:
            self._go_to([])
            self._choose(self.table.choice)
        elif self.has_class("-searching"):
            self._end_search()
        else:
            raise SkipAction

    def action_clear_search(self) -> None:
        """Leave the search from inside it."""
        if not self.typing:
            raise SkipAction
        self._end_search()

    def _end_search(self) -> None:
        if self._search is not None:
            self._search.value = ""
        self.remove_class("-searching")
        self.table.focus()
