"""A dialog to choose rows with a detail."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input

from envdeck.core.model import NoPlan
from envdeck.text import capitalise, plain
from envdeck.tui.base.actions import bindings
from envdeck.tui.dialogs.dialog import Dialog, DialogButton
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Line, Look, Part, Tone, line_width
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.list_detail import RowDetail
from envdeck.tui.workers.latest import Latest, Stopped

Draw = Callable[[int], Line]
About = Callable[[int], Sequence[Line]]

BOX = 6
"""Cells at the left that a click chooses by: the blank, the box, and the blank behind it."""


def _nothing(_cells: int) -> Sequence[Line]:
    return ()


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """A row: how it is drawn for a width, what is told of it, and what it stands for."""

    draw: Draw
    key: object = None
    """What it stands for, whatever its place; None for a title, which the cursor passes over."""
    about: About = _nothing
    """What is told of it below the list, in lines for a width."""


def title(text: str, note: str = "") -> ChoiceRow:
    """Return the title above some rows."""
    line = (Part(f" {text}", Tone.HEADING), Part(f"  {note}" if note else "", Tone.MUTED))
    return ChoiceRow(lambda cells: line if line_width(line) < cells else line[:1])


BLANK = ChoiceRow(lambda _cells: ())


def tick(look: Look, *, chosen: bool, possible: bool = True) -> Line:
    """Return the box of one of several that can all be chosen: `[✓]`."""
    return _box("[", "]", look, chosen=chosen, possible=possible)


def radio(look: Look, *, chosen: bool, possible: bool = True) -> Line:
    """Return the box of one of which a single one is chosen: `(✓)`."""
    return _box("(", ")", look, chosen=chosen, possible=possible)


def _box(left: str, right: str, look: Look, *, chosen: bool, possible: bool) -> Line:
    if not possible:
        return (Part("     ", Tone.MUTED), Part(" "))
    sign = look.signs.marked if chosen else " "
    edge = Tone.ACCENT if chosen else Tone.MUTED
    return Part(f" {left}", edge), Part(sign, Tone.ACCENT), Part(f"{right} ", edge), Part(" ")


class ChoiceList(LineList[ChoiceRow]):
    """The rows. A click on a box, `space`, or a double click chooses; `enter` goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("mark")]

    class Toggled(Message):
        """A row is to be chosen, or left."""

        def __init__(self, row: ChoiceRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__(classes="choices")
        self.top: Callable[[int], Line | None] | None = None
        """Draws the line that stays above the rows, where there is one."""

    def heading(self, cells: int) -> Line | None:
        """The names of the columns, where there are columns."""
        return self.top(cells) if self.top is not None and self.rows else None

    def can_choose(self, row: ChoiceRow) -> bool:
        """All but titles and blanks."""
        return row.key is not None

    def key_of(self, row: ChoiceRow) -> object:
        """What it stands for."""
        return row.key

    def draw_row(self, row: ChoiceRow, cells: int) -> Line:
        """As it draws itself."""
        return row.draw(cells)

    def action_mark(self) -> None:
        """Choose the row under the cursor, or leave it."""
        if self.current is not None:
            self.post_message(self.Toggled(self.current))

    def on_click(self, event: Click) -> None:
        """Move to the row under the mouse; on its box, or the second time, choose it."""
        event.prevent_default()
        index = self.viewport.row_at(event.y)
        if index is not None and self.can_choose(self.rows[index]):
            self.move_to(index)
            if event.x < BOX or event.chain == 2:
                self.action_mark()


ResultT = TypeVar("ResultT")


class PickerDialog(Dialog[ResultT], Generic[ResultT]):
    """A subclass makes the rows (:meth:`make_rows`), and answers to what is done with them.

    What is slow is fetched by :meth:`fetch`; while that lasts (:meth:`wait`), or where it
    failed (:meth:`fail`), the list says so in place of its rows. What comes
    after the dialog was left is dropped.
    """

    DEFAULT_CSS = """
    PickerDialog .choices { height: 1fr; }
    PickerDialog .about { height: 38%; border-top: solid $foreground 20%; }
    PickerDialog.-high .about { height: 6; }
    PickerDialog .about:focus { border-top: solid $primary; }
    PickerDialog.-low .about { display: none; }
    PickerDialog.-low.-reading .about { display: block; height: 1fr; border-top: none; }
    PickerDialog.-low.-reading .choices { display: none; }
    PickerDialog.-bare .about { display: none; }
    PickerDialog .choosing { height: 1fr; }
    PickerDialog KeyLine { background: transparent; }
    PickerDialog .dialog-said { display: none; }
    PickerDialog.-saying .dialog-said { display: block; }
    PickerDialog Input {
        height: 1; border: none; padding: 0 1 !important; background: $boost;
        &:focus { border: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("refresh", "next_pane")]
    AUTO_FOCUS = ".choices"
    GO_ON = "Show the plan"
    TYPING: ClassVar[Mapping[str, str]] = {"open": "take it", "back": "leave it"}
    """What keys do where letters go into a field."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high"), (30, "-tall")]
        self.list = ChoiceList()
        self.about = RowDetail[ChoiceRow](
            lambda row, cells: row.about(cells), lambda row: row.key, classes="about"
        )
        self.keys = KeyLine(look.keys)
        self._fetches: dict[str, Latest[Message]] = {}
        self._cursor_was: object = None
        self.on_chosen: Callable[[ResultT | None], None] | None = None
        """Who takes what was chosen while the dialog stays below; without, it is left with it."""
        self.left = False
        """Whether the dialog is closed, so that nobody waits any more."""

    def above(self) -> Iterable[Widget]:
        """Return what stands above the rows."""
        return ()

    def body(self) -> Widget:
        """The rows, what is told of one, the keys."""
        return Vertical(*self.above(), self.list, self.about, self.keys, classes="choosing")

    def buttons(self) -> Iterable[Button]:
        """To go on, and to cancel."""
        yield DialogButton((Part(f" {self.GO_ON} "),), id="go_on", classes="-go-on")
        yield DialogButton((Part(" Cancel "),), id="cancel")

    def compose(self) -> ComposeResult:
        """The frame, its rows made as soon as there is a width for them."""
        yield from super().compose()

    def make_rows(self) -> Sequence[ChoiceRow]:
        """Return the rows as things stand."""
        raise NotImplementedError

    def hints(self, row: ChoiceRow | None) -> Mapping[str, str]:
        """Return the keys worth a hint on a row, with their words."""
        del row
        return {"open": self.GO_ON.lower(), "back": "cancel"}

    def leave_with(self, chosen: ResultT) -> None:
        """Hand over what was chosen."""
        self.say(())
        if self.on_chosen is None:
            self.dismiss(chosen)
        else:
            self.on_chosen(chosen)

    def returned(self, planned: object) -> None:
        """Answer to coming back from the plan of what was chosen here: nothing was done."""

    # fetching

    def fetch(self, what: str, call: Callable[[Stopped], Message]) -> None:
        """Call in a thread, and post the message it returns to this screen, unless the same was
        asked for again meanwhile."""
        if what not in self._fetches:
            self._fetches[what] = Latest(
                self, self.post_message, lambda text: self.fetch_failed(what, NoPlan(text))
            )
        self._fetches[what].request(call)

    def fetch_failed(self, what: str, problem: NoPlan) -> None:
        """Answer to a failure to fetch something."""
        del what
        self.fail(problem)

    def wait(self, words: str) -> None:
        """Say what is waited for, where the rows will be."""
        self.list.say_instead((Part(f"{words}{self.look.signs.ellipsis}", Tone.MUTED),))
        self.list.show_rows([])
        self.add_class("-bare")
        self.tell_keys()

    def fail(self, problem: NoPlan) -> None:
        """Say why there is nothing to choose from, and a way out."""
        message = capitalise(self.look.sentence(problem.message))
        line: Line = (Part(f"{self.look.signs.broken} {message}. ", Tone.ERROR),)
        if problem.hint:
            line = (*line, Part(f"{capitalise(self.look.sentence(problem.hint))}. "))
        key = self.look.key("refresh")
        line = (*line, Part(key, Tone.HEADING), Part(" tries again.", Tone.MUTED))
        self.show_instead(line)

    def show_instead(self, line: Line) -> None:
        """Say something where there are no rows."""
        self.list.say_instead(line)
        self.list.show_rows([])
        self.add_class("-bare")
        self.tell_keys()

    def on_unmount(self) -> None:
        """Nobody waits any more."""
        self.left = True

    # showing

    def show_again(self, key: object = None) -> None:
        """Draw the rows anew; the cursor stays on what it stands on, unless told otherwise."""
        rows = self.make_rows()
        self.remove_class("-bare")
        self.list.show_rows(rows, key)
        self.about.show(self.list.current)
        self.tell_keys()

    def tell_keys(self) -> None:
        """Say what keys do now."""
        if isinstance(self.focused, Input):
            self.keys.tell(self.TYPING, typing=True)
        else:
            self.tell_list_keys()

    def tell_list_keys(self) -> None:
        """Say what keys do in the list."""
        self.keys.tell(self.hints(self.list.current))

    def on_descendant_focus(self) -> None:
        """Other keys do other things in a field."""
        self.tell_keys()

    def say(self, line: Line) -> None:
        """Say one line above the buttons, or nothing."""
        self.said.show(line)
        self.set_class(bool(line), "-saying")

    def ask_for(self, text: str, key: object) -> None:
        """Say what is not chosen yet, with the cursor on the row where it can be."""
        if key is not None:
            self.list.move_to_key(key)
            row = self.list.current
            self._cursor_was = None if row is None else row.key  # or its move would unsay it
        self.warn(text)

    def warn(self, text: str) -> None:
        """Say why something was not done."""
        self.say((Part(f"{self.look.signs.warning} {plain(text)}", Tone.WARNING),))

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        self.about.show(self.list.current)
        key = self.list.current.key if self.list.current is not None else None
        if key != self._cursor_was:
            self._cursor_was = key
            self.say(())
        self.tell_keys()
        self.cursor_moved(self.list.current)

    def cursor_moved(self, row: ChoiceRow | None) -> None:
        """Answer to the cursor standing on another row."""

    @on(LineList.Chosen)
    async def _entered(self, event: LineList.Chosen) -> None:
        event.stop()
        if isinstance(event.row, ChoiceRow):
            await self.entered(event.row)

    async def entered(self, row: ChoiceRow) -> None:
        """Answer to `enter` on a row: go on."""
        del row
        self.action_go_on()

    @on(ChoiceList.Toggled)
    async def _toggled(self, event: ChoiceList.Toggled) -> None:
        event.stop()
        self.say(())
        await self.toggled(event.row)

    async def toggled(self, row: ChoiceRow) -> None:
        """Answer to a row being chosen, or left."""

    def action_next_pane(self) -> None:
        """The focus goes on; where there is room for one of them alone, the list and what is
        told of its row take turns."""
        if self.has_class("-low") and self.list.rows and self.focused in {self.list, self.about}:
            self.read(reading=not self.has_class("-reading"))
        else:
            self.focus_next()

    def read(self, *, reading: bool) -> None:
        """Go to what is told of the row, or back to the list."""
        self.set_class(reading, "-reading")
        (self.about if reading else self.list).focus()

    def action_back(self) -> None:
        """Back to the list, where that is hidden; else cancel."""
        if self.has_class("-low") and self.has_class("-reading"):
            self.read(reading=False)
        else:
            super().action_back()

    def action_go_on(self) -> None:
        """Go on with what was chosen."""
        raise NotImplementedError

    def action_refresh(self) -> None:
        """Ask again where that failed."""
