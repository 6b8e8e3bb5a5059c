"""How the list is shown, and what is kept of that: order, columns, saved filters, the detail."""

from collections.abc import Awaitable, Callable

from textual.screen import Screen

from envdeck.config.load import ScreenState
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.query import Query
from envdeck.text import plain
from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.base.services import ScreenSettings
from envdeck.tui.dialogs.menu import FiltersDialog, MenuDialog, MenuItem
from envdeck.tui.main.list import EnvironmentList
from envdeck.tui.main.table import HIDDEN
from envdeck.tui.store.columns import COLUMNS, column_named, columns_named
from envdeck.tui.workers import run_in_thread

_NAMES = {"bar": "Size bar", "packages": "Packages", "reclaimable": "Frees"}
_NOTES = {
    "status": "worst first",
    "path": "A to Z",
    "health": "most errors first",
    "python": "oldest first",
    "manager": "A to Z",
    "packages": "most first",
    "size": "largest first",
    "reclaimable": "largest first",
    "used": "longest unused first",
}


def column_name(name: str) -> str:
    """Return what a column is called in a menu."""
    return _NAMES.get(name) or column_named(name).heading


class ListView:
    """The keys of the main screen for how the list is shown."""

    def __init__(
        self,
        screen: Screen[None],
        shown: EnvironmentList,
        show_detail: Callable[[], Awaitable[None]],
        settings: ScreenSettings,
    ) -> None:
        self._screen = screen
        self._list = shown
        self._show_detail = show_detail
        self._settings = settings
        self.state: ScreenState = settings.state

    def sort_menu(self) -> None:
        """Choose what the list is sorted by."""
        listing, reverse = self._list.listing, "reverse"
        items = [MenuItem(name, column_name(name), note) for name, note in _NOTES.items()]
        items.append(MenuItem(reverse, "Reverse", "the order in use, the other way round"))

        def chosen(found: tuple[str, ...] | None) -> None:
            if found == (reverse,):
                self._list.action_reverse()
            elif found:
                self._list.sort_by(found[0])

        dialog = MenuDialog("Sort by", items, {listing.column.id}, self._list.look)
        self._screen.app.push_screen(dialog, chosen)

    def columns(self) -> None:
        """Choose the columns."""
        shown = [column.id for column in self._list.table.body.columns]
        ordered = [*shown, *(one.id for one in COLUMNS if one.id not in shown)]
        fixed = {"status", "path"}
        items = [
            MenuItem(
                name, column_name(name), "always shown" if name in fixed else "", name in fixed
            )
            for name in ordered
        ]

        def chosen(found: tuple[str, ...] | None) -> None:
            if found is not None:
                usual = columns_named(self._settings.columns)
                kept = () if columns_named(found) == usual else found
                self._list.table.body.columns = columns_named(found)
                self._list.table.lay_out_again()
                self._keep(replace(self.state, columns=kept))

        dialog = MenuDialog("Columns", items, set(shown), self._list.look, many=True)
        self._screen.app.push_screen(dialog, chosen)

    def filters(self) -> None:
        """Use a saved filter, save the one in use, or remove one."""
        now = self._list.look.clock()
        read = {name: Query.parse(text, now) for name, text in self.state.filters.items()}
        problems = [
            f"left out {plain(name)}: {plain(query.problems[0])}"
            for name, query in read.items()
            if query.problems
        ]
        usable = {name: query.text for name, query in read.items() if not query.problems}
        query = self._list.listing.query
        current = "" if query.problems else query.text
        dialog = FiltersDialog(usable, current, self._list.look, problems)

        async def chosen(found: tuple[str, ...] | None) -> None:
            if dialog.filters != usable:
                unusable = {name: self.state.filters[name] for name in read.keys() - usable.keys()}
                self._keep(replace(self.state, filters={**unusable, **dialog.filters}))
            if found:
                await self._list.filter_by(dialog.filters[found[0]])

        self._screen.app.push_screen(dialog, chosen)

    def hide_detail(self) -> None:
        """Hide the detail beside the list, or show it again."""
        if self._screen.has_class("-narrow"):
            said = "no room for the details beside the list: enter opens them"
            self._screen.post_message(OutcomeSaid(said))
            return
        hidden = not self._screen.has_class(HIDDEN)
        self._screen.set_class(hidden, HIDDEN)
        self._screen.call_later(self._show_detail)
        self._keep(replace(self.state, detail=not hidden))

    def _keep(self, state: ScreenState) -> None:
        """Keep what was chosen for the next start; say it where that fails."""
        self.state = state

        def save() -> OutcomeSaid | None:
            reason = self._settings.save_state(state)
            said = f"not kept for the next start: {reason}"
            return OutcomeSaid(said, failed=True) if reason else None

        run_in_thread(save, self._screen.post_message)
