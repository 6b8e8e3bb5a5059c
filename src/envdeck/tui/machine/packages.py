"""The packages view: what all environments hold, how often, and what that takes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from envdeck.core.inspection.packages.copies import PackageTable
from envdeck.core.model import Environment, NoPlan, Status
from envdeck.text import counted, plain
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import FilterRequested, OutcomeSaid, PlanRequested
from envdeck.tui.base.services import CatalogSource, together
from envdeck.tui.dialogs.requests import upgrade_request
from envdeck.tui.machine.packages_view import (
    SORTS,
    HolderRow,
    PackageRow,
    UpgradeTargets,
    draw_package,
    heading,
    package_detail,
    package_rows,
    table_words,
)
from envdeck.tui.store import Listing
from envdeck.tui.store.upgrade import UpgradeChoice
from envdeck.tui.widgets.filter_bar import ViewFilter
from envdeck.tui.widgets.line import Display, Line, Part, Tone
from envdeck.tui.widgets.line_list import DrawnList, LineList
from envdeck.tui.widgets.list_detail import ListDetailScreen
from envdeck.tui.workers.latest import IsDropped, Latest

if TYPE_CHECKING:
    from textual.timer import Timer

    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.upgrade.model import UpgradeCandidates

PACKAGES_TAB = 2
_AT_ONCE = 4
"""Environments that the index is asked about at the same time; most of it is waiting."""
_PAINT = 0.05
"""Seconds before the environments are read: what is remembered is shown first."""
_TICK = 0.25
"""Seconds between two looks at how far that is."""


class UseList(LineList[PackageRow]):
    """The packages, drawn when they are seen."""

    def __init__(self, look: Display) -> None:
        super().__init__()
        self.look = look
        self.largest = 0

    def heading(self, cells: int) -> Line | None:
        """The names of the columns."""
        return heading(cells) if self.rows else None

    def key_of(self, row: PackageRow) -> object:
        """A package is named by its name."""
        return row.use.name

    def draw_row(self, row: PackageRow, cells: int) -> Line:
        """One package."""
        return draw_package(row, self.largest, cells, self.look)


class HolderList(DrawnList[HolderRow]):
    """The environments that hold one package."""

    def __init__(self, look: Display) -> None:
        self.environments: dict[str, Environment] = {}
        self.packages = PackageTable({}, {})
        self.row: PackageRow | None = None

        def make(cells: int) -> list[HolderRow]:
            row = self.row
            if row is None:
                return []
            holders = self.packages.holders(row.use.name)
            return package_detail(row, holders, self.environments, look, cells)

        super().__init__(make)


class IndexQuestions:
    """Asks the index what could be upgraded in environments, several at a time, and holds what is
    known so far."""

    def __init__(self, owner: Widget, changed: Callable[[], object]) -> None:
        self.asking = False
        self._owner, self._changed = owner, changed
        self._wanted = 0
        self._found: dict[str, UpgradeCandidates | NoPlan] = {}
        self._latest: Latest[None] = Latest(owner, self._end, self._fail)
        self._tick: Timer | None = None

    @property
    def answers(self) -> UpgradeTargets:
        """By name, and by the path of an environment, what could be upgraded, and to what."""
        found: dict[str, dict[str, str]] = {}
        for path, told in list(self._found.items()):
            for row in () if isinstance(told, NoPlan) else told.rows:
                if row.upgradable:
                    found.setdefault(row.name, {})[path] = row.target
        return found

    @property
    def complete(self) -> bool:
        """Whether the index told of every environment what there is."""
        told = list(self._found.values())
        return bool(told) and len(told) == self._wanted and NoPlan not in map(type, told)

    def words(self, look: Display) -> Line:
        """Say how far it is, or what could not be asked."""
        failed = [each for each in list(self._found.values()) if isinstance(each, NoPlan)]
        if self.asking:
            told = f" · asking the index: {len(self._found):,} of {self._wanted:,}"
            return (Part(told, Tone.ACCENT),)
        if failed:
            why = look.sentence(failed[0].message)
            return (Part(f" · {len(failed):,} not asked: {why}", Tone.WARNING),)
        return ()

    def ask(self, operating: "Operations", environments: Sequence[Environment]) -> None:
        """Begin."""
        found = self._found = {}
        self._wanted, self.asking = len(environments), True
        self._tick = self._owner.set_interval(_TICK, self._changed)
        self._latest.request(lambda stopped: _ask(operating, environments, found, stopped))
        self._changed()

    def cancel(self) -> None:
        """Give up what is not known yet."""
        self._latest.cancel()
        self._end(None)

    def _end(self, _: None) -> None:
        self.asking = False
        if self._tick is not None:
            self._tick.stop()
        self._changed()

    def _fail(self, text: str) -> None:
        self._owner.post_message(OutcomeSaid(text, failed=True))
        self._end(None)


def _ask(
    operating: "Operations",
    environments: Sequence[Environment],
    found: "dict[str, UpgradeCandidates | NoPlan]",
    stopped: IsDropped,
) -> None:
    def ask(environment: Environment) -> None:
        if not stopped():
            told = operating.candidates(environment, stopped)
            if not stopped():
                found[environment.path] = told

    with ThreadPoolExecutor(_AT_ONCE, "envdeck-outdated") as pool:
        list(pool.map(ask, environments))


class PackagesScreen(ListDetailScreen[UseList, HolderList]):
    """The packages above, the environments that hold one below.

    Posts :class:`~envdeck.tui.messages.FilterRequested` for what is chosen; whoever answers it
    closes the screen.
    """

    DEFAULT_CSS: ClassVar[str] = """
    PackagesScreen > .above { height: 1fr; }
    PackagesScreen > .below { height: 35%; }
    PackagesScreen.-low > .above { margin-top: 0; }
    PackagesScreen.-low.-above > .below, PackagesScreen.-low.-below > .above { display: none; }
    PackagesScreen.-low.-below > .below { height: 1fr; border-top: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("packages", "sort", "filter", "upgrade", "online")
    ]

    def __init__(
        self,
        source: CatalogSource,
        listing: Listing,
        look: Display,
        operating: "Callable[[], Operations | None]",
        knowing: "Callable[[], Operations | None]",
    ) -> None:
        """`operating` gives what may change environments, `knowing` what knows of operations; both
        say why where there is none."""
        super().__init__(look, UseList(look), HolderList(look))
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.source = source
        self._listing = listing
        self._operating, self._knowing = operating, knowing
        self._measuring = True
        self._sort, self._words = "size", ""
        self._bar: ViewFilter | None = None
        self._questions = IndexQuestions(self, self._show)
        self._latest: Latest[PackageTable] = Latest(self, self._take, at_once=1)

    def on_mount(self) -> None:
        """Show what is remembered, and read what is there beside the screen."""
        every = tuple(self._listing.environments())
        self.about.packages = self.source.packages(every, remembered=True)
        self._read_again()

    def _read_again(self) -> None:
        every = tuple(self._listing.environments())
        self.about.environments = {one.path: one for one in every}
        self._measuring = True
        self._latest.request(lambda stopped: self.source.packages(every, stopped), pause=_PAINT)
        self._show()

    on_operation_ended = _read_again  # other versions may be there

    def _take(self, packages: PackageTable) -> None:
        untouched = not self.table.cursor.place
        self.about.packages, self._measuring = packages, False
        self._show()
        if untouched:
            self.table.move_to(0)

    def _show(self, words: str | None = None) -> None:
        """Show the packages, those that have some words in their names from now on."""
        self._words = self._words if words is None else words
        rows = package_rows(self.about.packages, self._questions.answers, self._words, self._sort)
        self.table.largest = max((row.use.occupied or 0 for row in rows), default=0)
        self.set_class(not rows, "-nothing")
        said = "No packages found."
        if self._words:
            said = "No package matches the filter."
        elif self._measuring:
            said = f"reading{self.look.signs.ellipsis}"
        self.table.say_instead((Part(said, Tone.MUTED),))
        self.table.show_rows(rows)
        self.tell()

    def tell(self) -> None:
        """Say what there is in all, and what keys do."""
        told = table_words(
            self.about.packages, len(self.about.environments), measuring=self._measuring
        )
        self.title_label.show((*told, *self._questions.words(self.look)))
        bar = self._bar if self._bar is not None and self._bar.is_mounted else None
        if bar is not None:
            bar.tell((Part(f"{len(self.table.rows):,} shown", Tone.MUTED),))
        typing = bar is not None and bar.typing
        keys = {"open": "environments", "filter": "", "sort": SORTS[self._sort], "upgrade": ""}
        keys["online"] = "cancel" if self._questions.asking else ""
        keys = {"open": "list"} if typing else keys
        self.keys.tell({**keys, "back": "", "help": ""}, typing=typing)

    def row_moved(self) -> None:
        """Show the environments of another one below."""
        detail, row = self.about, self.table.current
        another = detail.row is None or row is None or row.use.name != detail.row.use.name
        detail.row = row
        if another:
            detail.cursor.place = None
        detail.build()
        if another:
            detail.scroll_to(y=0, animate=False)

    def row_chosen(self, row: object) -> None:
        """Go to the environments of a package, or to one of them."""
        match row:
            case HolderRow(path=str(path)):
                self.post_message(FilterRequested("", path=path, tab=PACKAGES_TAB))
            case HolderRow(query=str(query)):
                self.post_message(FilterRequested(query))
            case _:
                super().row_chosen(row)

    def action_sort(self) -> None:
        """Sort by the next column."""
        names = list(SORTS)
        self._sort = names[(names.index(self._sort) + 1) % len(names)]
        self._show()

    async def action_filter(self) -> None:
        """Type a part of a name."""
        if self._bar is None:
            words = "part of a name; outdated"
            self._bar = ViewFilter(self.look, words, self._show, self._leave_filter)
            await self.mount(self._bar, before=self.keys)
        self.set_focus(self._bar.field)
        self.tell()

    def _leave_filter(self, kept: bool) -> None:  # noqa: FBT001 - a callback
        if not kept and self._bar is not None:
            self._bar.remove()
            self._bar = None
            self._show("")
        self.focus_pane(above=True)
        self.call_after_refresh(self.tell)

    def action_back(self) -> None:
        """From the detail to the list; there clear the filter, then go back."""
        if self._bar is not None and not self.about.has_focus:
            self._leave_filter(kept=False)
        else:
            super().action_back()

    def action_upgrade(self) -> None:
        """Ask whether the package shall be upgraded where it is: everywhere, or in the environment
        under the cursor below."""
        row = self.table.current
        operating = self._operating() if row is not None else None
        if row is None or operating is None:
            return
        below = self.about.current if self.about.has_focus else None
        if below is not None and below.path is not None:
            paths = [below.path]
        elif row.latest or self._questions.complete:
            paths = list(row.latest)
        else:
            paths = [path for _, path in self.about.packages.holders(row.use.name)]
        name = plain(row.use.name)
        choice = UpgradeChoice({row.use.name: None})
        requests = [
            upgrade_request(operating, environment, choice, self.look)
            for path in dict.fromkeys(paths)
            if (environment := self.about.environments.get(path)) is not None
            and environment.status is not Status.BROKEN
        ]
        if requests:
            title = f"Upgrade {name} in {counted(len(requests), 'environment')}"
            self.post_message(PlanRequested(together(title, requests)))
        else:
            self.notify(f"{name}: nothing to upgrade", markup=False)

    def action_online(self) -> None:
        """Ask the index what could be upgraded in each environment; again to cancel."""
        if self._questions.asking:
            self._questions.cancel()
            return
        operating = self._knowing()
        every = [one for one in self.about.environments.values() if one.status is not Status.BROKEN]
        if operating is not None and every:
            self._questions.ask(operating, every)

    action_packages = ListDetailScreen.action_dismiss  # the key that opened it closes it
