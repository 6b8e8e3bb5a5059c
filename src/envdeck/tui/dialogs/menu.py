"""A dialog to choose one of some rows, or several: sort order, columns, saved filters."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Button, Input

from envdeck.text import clip, pad, plain
from envdeck.tui.base.actions import bindings
from envdeck.tui.dialogs.dialog import Dialog, DialogButton, fit
from envdeck.tui.dialogs.picker import BOX, ChoiceList, ChoiceRow, radio, tick
from envdeck.tui.widgets.line import Display, Line, LineLabel, Part, Tone
from envdeck.tui.widgets.line_list import LineList

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
