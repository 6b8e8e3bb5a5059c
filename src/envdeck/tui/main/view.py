"""How the list is shown: sort order, columns, saved filters, each chosen in a menu."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Input

from envdeck.config.load import ScreenState
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.query import Query
from envdeck.text import clip, pad, plain
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.base.services import ScreenSettings
from envdeck.tui.dialogs.dialog import Dialog, DialogButton, fit
from envdeck.tui.dialogs.picker import BOX, ChoiceList, ChoiceRow, radio, tick
from envdeck.tui.main.list import EnvironmentList
from envdeck.tui.main.table import HIDDEN
from envdeck.tui.store.columns import COLUMNS, column_named, columns_named
from envdeck.tui.widgets.line import Display, Line, LineLabel, Part, Tone
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.workers import run_in_thread

_NAME = 18
_FRAME = 7
"""Lines that the frame, the title, what is said, the keys and the buttons take."""


class MenuItem(NamedTuple):
    """One row."""

    key: str
    name: str
    """Harmless already."""
    note: str = ""
    fixed: bool = False
    """Whether it is chosen always."""


class MenuDialog(Dialog[tuple[str, ...]]):
    """Ends with the keys of what was chosen. Where one is chosen, every key that confirms takes the
    row under the cursor; with the focus on a button, it is what is chosen."""

    DEFAULT_CSS = """
    MenuDialog .choices { height: 1fr; }
    MenuDialog .dialog-said { display: none; }
    MenuDialog.-saying .dialog-said { display: block; }
    """
    AUTO_FOCUS = ".choices"
    HINTS: ClassVar[Mapping[str, str]] = {"mark": "choose", "open": "confirm", "back": "cancel"}

    def __init__(
        self,
        title: str,
        items: Sequence[MenuItem],
        chosen: Collection[str],
        look: Display,
        *,
        many: bool = False,
    ) -> None:
        super().__init__(look)
        self._title = title
        self.items = list(items)
        self.chosen = set(chosen)
        self.many = many
        self.list = ChoiceList()

    def above(self) -> Iterable[Widget]:
        """Return what stands above the rows."""
        return ()

    def body(self) -> Widget:
        """The rows."""
        return Vertical(*self.above(), self.list)

    def buttons(self) -> Iterable[Button]:
        """To cancel, and to confirm."""
        yield DialogButton((Part(" Cancel "),), id="cancel")
        yield DialogButton((Part(f" {self.HINTS['open'].capitalize()} "),), id=self.CONFIRM)

    def on_mount(self) -> None:
        """Show the rows, the cursor on what is chosen."""
        self.app.clear_notifications()
        self.title_label.show((Part(self._title, Tone.STRONG),))
        first = next((one.key for one in self.items if one.key in self.chosen), None)
        self.show_rows(None if self.many else first)

    def hints(self, *, typing: bool) -> Mapping[str, str]:
        """The keys of the list, or those of the field above it."""
        return {"open": "save", "back": "cancel"} if typing else self.HINTS

    def show_rows(self, key: str | None = None) -> None:
        """Draw the rows again."""
        self.list.show_rows([_row(one, self) for one in self.items], key)
        fit(self, max(len(self.items), 3) + _FRAME + len(list(self.above())))

    @on(ChoiceList.Toggled)
    def _toggled(self, event: ChoiceList.Toggled) -> None:
        event.stop()
        item = next(one for one in self.items if one.key == event.row.key)
        if not self.many:
            self.chosen = {item.key}
        elif not item.fixed:
            self.chosen ^= {item.key}
        self.say(f"{item.name} is always shown" if item.fixed else "")
        self.list.refresh()

    @on(LineList.Chosen)
    def _entered(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_go_on()

    def action_go_on(self) -> None:
        """End with what was chosen, in the order of the rows."""
        row = self.list.current
        if not self.many and row is not None and (self.list.has_focus or not self.chosen):
            self.chosen = {str(row.key)}
        self.dismiss(tuple(one.key for one in self.items if one.key in self.chosen))


def _row(item: MenuItem, dialog: MenuDialog) -> ChoiceRow:
    def draw(cells: int) -> Line:
        box = tick if dialog.many else radio
        ellipsis = dialog.look.signs.ellipsis
        name = pad(clip(item.name, _NAME, ellipsis), _NAME)
        note = clip(item.note, max(cells - BOX - _NAME - 2, 4), ellipsis)
        chosen = item.key in dialog.chosen
        return (*box(dialog.look, chosen=chosen), Part(name), Part(f" {note}", Tone.MUTED))

    return ChoiceRow(draw, item.key)


class FilterName(Input):
    """The field for the name of the filter that is to be saved."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "app.focus_next", show=False)]


class FiltersDialog(MenuDialog):
    """The saved filters: one is chosen, removed, or the filter in use saved under a name. It ends
    with the name of the one to use; :attr:`filters` is what is saved by then."""

    DEFAULT_CSS = """
    FiltersDialog FilterName {
        height: 1; border: none; padding: 0 1 !important; background: $boost;
        &:focus { border: none; }
    }
    FiltersDialog .field-name { margin-top: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("delete", to="forget"),
        Binding("escape", "back", show=False),
    ]
    HINTS: ClassVar[Mapping[str, str]] = {
        "mark": "choose",
        "open": "use",
        "delete": "remove",
        "back": "cancel",
    }

    def __init__(
        self, filters: Mapping[str, str], current: str, look: Display, problems: Sequence[str] = ()
    ) -> None:
        """`current` is the filter in use, empty for none; `problems` say what was left out."""
        self.filters = dict(filters)
        self.current = current
        self._problems = tuple(problems)
        super().__init__("Saved filters", (), (), look)
        self._field = FilterName(placeholder="name, then enter: save", compact=True)
        self._field.cursor_blink = False
        self._take()

    def _take(self) -> None:
        named = sorted(self.filters.items(), key=lambda one: one[0].casefold())
        self.items = [MenuItem(name, plain(name), plain(text)) for name, text in named]
        self.chosen = {name for name, text in named if text == self.current}

    def above(self) -> Iterable[Widget]:
        """The field, where there is a filter to save."""
        if self.current:
            yield LineLabel((Part("Save ", Tone.HEADING), Part(plain(self.current))))
            yield self._field

    def on_mount(self) -> None:
        """Into the field where the filter in use is not saved yet."""
        super().on_mount()
        self.list.say_instead(
            (Part("No saved filters. Filter the list, then save the filter here.", Tone.MUTED),)
        )
        if self._problems:
            self.say("; ".join(self._problems))
        if self.current and not self.chosen:
            self._field.focus()

    @on(Input.Submitted)
    def _save(self, event: Input.Submitted) -> None:
        event.stop()
        name = " ".join(event.value.split())
        if not name:
            self.say("enter a name for the filter")
            return
        self.filters[name] = self.current
        self.dismiss((name,))

    def action_forget(self) -> None:
        """Remove the filter under the cursor."""
        row = self.list.current
        if row is None:
            self.say("no saved filter to remove")
            return
        del self.filters[str(row.key)]
        self._take()
        self.show_rows()
        self.say(f"removed {plain(str(row.key))}")

    def action_go_on(self) -> None:
        """Use a filter, where there is one."""
        if self.list.current is None:
            self.say("no saved filter to use")
        else:
            super().action_go_on()


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
