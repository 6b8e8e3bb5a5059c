"""A dialog to choose rows with a detail."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import NoPlan
from envdeck.text import capitalise
from envdeck.tui.base.actions import bindings
from envdeck.tui.dialogs.dialog import Dialog, DialogButton
from envdeck.tui.widgets.fields import AskedField
from envdeck.tui.widgets.line import Display, Line, Part, Tone, line_width
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.list_detail import RowDetail

Draw = Callable[[int], Line]
About = Callable[[int], Sequence[Line]]

BOX = 6
"""Cells at the left that a click chooses by: the blank, the box, and the blank behind it."""


def _no_detail(_cells: int) -> Sequence[Line]:
    return ()


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """A row: how it is drawn for a width, what is told of it, and what it stands for."""

    draw: Draw
    key: object = None
    """What it stands for, whatever its place; None for a title, which the cursor passes over."""
    about: About = _no_detail
    """What is told of it below the list, in lines for a width."""


def title(text: str, note: str = "") -> ChoiceRow:
    """Return the title above some rows."""
    line = (Part(f" {text}", Tone.HEADING), Part(f"  {note}" if note else "", Tone.MUTED))
    return ChoiceRow(lambda cells: line if line_width(line) < cells else line[:1])


def text_row(line: Line) -> ChoiceRow:
    """Return a row that is only read."""
    return ChoiceRow(lambda _cells: line)


BLANK = ChoiceRow(lambda _cells: ())


def tick(look: Display, *, chosen: bool, possible: bool = True) -> Line:
    """Return the box of one of several that can all be chosen: `[✓]`."""
    return _box("[", "]", look, chosen=chosen, possible=possible)


def radio(look: Display, *, chosen: bool, possible: bool = True) -> Line:
    """Return the box of one of which a single one is chosen: `(✓)`."""
    return _box("(", ")", look, chosen=chosen, possible=possible)


def _box(left: str, right: str, look: Display, *, chosen: bool, possible: bool) -> Line:
    if not possible:
        return (Part("     ", Tone.MUTED), Part(" "))
    sign = look.signs.marked if chosen else " "
    edge = Tone.ACCENT if chosen else Tone.MUTED
    return Part(f" {left}", edge), Part(sign, Tone.ACCENT), Part(f"{right} ", edge), Part(" ")


class ChoiceList(LineList[ChoiceRow]):
    """The rows. A click on a box, `space`, or a double click chooses; `enter` goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("mark"),
        Binding("right", "screen.button(1)", show=False),
    ]

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

    def action_open(self) -> None:
        """Take the row under the cursor; without one the dialog says why."""
        if self.current is None and isinstance(self.screen, Dialog):
            self.screen.action_go_on()
        else:
            super().action_open()

    def on_click(self, event: Click) -> None:
        """Move to the row under the mouse; on its box, or the second time, choose it."""
        event.prevent_default()
        index = self.viewport.row_at(event.y)
        if index is not None and self.can_choose(self.rows[index]):
            self.move_to(index)
            if event.x < BOX or event.chain == 2:
                self.action_mark()


class Section:
    """Rows of a picker that belong together, and what is chosen of them.

    What the rows stand for begins with one of `kinds`.
    """

    __slots__ = ()
    kinds: ClassVar[tuple[str, ...]] = ()
    brings: ClassVar[str] = ""
    """The kind of the rows that come into sight, when they come, below one of these."""
    quiet: ClassVar[bool] = False
    """Whether what is proposed of it is gone on with, though a person has not seen it."""
    whole: ClassVar[bool] = False
    """Whether all that can be chosen comes into sight where a choice is asked for."""

    def rows(self) -> list[ChoiceRow]:
        """Return the rows as things stand, their titles among them."""
        raise NotImplementedError

    def is_chosen(self, row: ChoiceRow) -> bool:
        """Whether `enter` on a row goes on, since there is nothing left to choose by it."""
        raise NotImplementedError

    def choose(self, row: ChoiceRow) -> str:
        """Choose what a row stands for, or leave it; return why it cannot be, or nothing."""
        raise NotImplementedError

    def missing(self) -> tuple[str, object] | None:
        """Return what has to be chosen still, and the row to choose it on."""

    def open_question(self) -> str:
        """Return what a person should see of a choice before it is gone on with, or nothing."""
        return ""

    def cursor_on(self, row: ChoiceRow | None) -> None:
        """Answer to the cursor standing on a row, of this section or of another."""


def _kind(row: ChoiceRow | None) -> object:
    return row.key[0] if row is not None and isinstance(row.key, tuple) else None


class Picker(Vertical):
    """The rows of some sections, and what is told of one.

    While what is slow is fetched (:meth:`wait`), or where that failed (:meth:`fail`), the list
    says so in place of its rows.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("next_pane")]

    def __init__(self, dialog: "PickerDialog[Any]") -> None:
        super().__init__()
        self.sections: Sequence[Section] = ()
        self.list = ChoiceList()
        self.about = RowDetail[ChoiceRow](
            lambda row, cells: row.about(cells), lambda row: row.key, classes="about"
        )
        self.not_ready = ""
        """Why there are no rows yet."""
        self._dialog = dialog
        self._cursor_was: object = None
        self._question = ""
        """What a person was told to see before it is gone on."""

    def compose(self) -> ComposeResult:
        """What the dialog has above the rows, the rows, what is told of one."""
        yield from self._dialog.above
        yield self.list
        yield self.about

    # showing

    def show(self, key: object = None) -> None:
        """Draw the rows again; the cursor stays on what it stands on, unless told otherwise."""
        self.not_ready = ""
        before = {_kind(row) for row in self.list.rows}
        self.list.show_rows([row for section in self.sections for row in section.rows()], key)
        self.remove_class("-bare")
        self.about.show(self.list.current)
        self._dialog.tell_keys()
        section = self._section(self.list.current)
        if self._question and not any(each.open_question() for each in self.sections):
            self._question = ""
            self._dialog.say("")
        below = "" if section is None else section.brings
        if below and below not in before and _kind(self.list.rows[-1]) == below:
            self.list.viewport.reveal(len(self.list.rows) - 1)

    def wait(self, words: str) -> None:
        """Say what is waited for, where the rows will be."""
        self.not_ready = f"not ready: {words[:1].lower()}{words[1:]}"
        self._say_instead((Part(f"{words}{self._dialog.look.signs.ellipsis}", Tone.MUTED),))

    def fail(self, problem: NoPlan | str) -> None:
        """Say why there is nothing to choose from, and a way out."""
        problem = NoPlan(problem) if isinstance(problem, str) else problem
        look = self._dialog.look
        self.not_ready = look.sentence(problem.message)
        message = capitalise(look.sentence(problem.message))
        line: Line = (Part(f"{look.signs.broken} {message}. ", Tone.ERROR),)
        if problem.hint:
            line = (*line, Part(f"{capitalise(look.sentence(problem.hint))}. "))
        key = Part(look.key("refresh"), Tone.HEADING)
        self._say_instead((*line, key, Part(": try again", Tone.MUTED)))

    def _say_instead(self, line: Line) -> None:
        self.list.say_instead(line)
        self.list.show_rows([])
        self.add_class("-bare")
        self._dialog.tell_keys()

    # choosing

    def is_chosen(self, row: ChoiceRow) -> bool:
        """Whether `enter` on a row goes on."""
        section = self._section(row)
        return section is None or section.is_chosen(row)

    def _section(self, row: ChoiceRow | None) -> Section | None:
        return next((each for each in self.sections if _kind(row) in each.kinds), None)

    def is_complete(self) -> bool:
        """Whether all is chosen; else say what is not, with the cursor where it can be."""
        if self.not_ready:
            self._dialog.say(self.not_ready)
            return False
        for section in self.sections:
            missing = section.missing()
            if missing is not None:
                self._ask_for(*missing, whole=section.whole)
                return False
        return True

    def _ask_for(self, text: str, key: object, *, whole: bool) -> None:
        """Say what is not chosen yet, with the cursor on the row where it can be, and those up to
        the next title in sight with it."""
        if key is not None:
            self.list.move_to_key(key)
            row = self.list.current
            self._cursor_was = None if row is None else row.key  # or its move would unsay it
        self._dialog.say(text)
        if whole:
            rows = self.list.rows
            first = next(number for number, row in enumerate(rows) if row.key == key)
            after = (at for at in range(first, len(rows)) if rows[at].key is None)
            self.list.viewport.reveal(next(after, len(rows)) - 1)

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        row = self.list.current
        self.about.show(row)
        key = row.key if row is not None else None
        if key != self._cursor_was:
            self._cursor_was = key
            self._dialog.say("")
        self._dialog.tell_keys()
        for section in self.sections:
            section.cursor_on(row)

    @on(LineList.Chosen)
    def _entered(self, event: LineList.Chosen) -> None:
        event.stop()
        row, section = event.row, None
        if isinstance(row, ChoiceRow):
            section = self._section(row)
            if section is not None and not section.is_chosen(row):
                known = {each.key for each in self.list.rows}
                self._choose(row)
                if not section.is_chosen(row):
                    return
                brought = any(
                    each.key not in known and not getattr(self._section(each), "quiet", True)
                    for each in self.list.rows
                )
                self._question = "more to choose below" if brought else section.open_question()
                if self._question:
                    key = self._dialog.look.key("open")
                    self._dialog.say(f"{self._question} ({key}: {self._dialog.GO_ON.lower()})")
                    return
            self._dialog.action_go_on()

    @on(ChoiceList.Toggled)
    def _toggled(self, event: ChoiceList.Toggled) -> None:
        event.stop()
        self._choose(event.row)

    def _choose(self, row: ChoiceRow) -> None:
        section = self._section(row)
        problem = "" if section is None else section.choose(row)
        self._dialog.say(problem)
        self.show()

    # going to and fro

    def on_asked_field_closed(self) -> None:
        """Back to the list."""
        self.list.focus()

    def action_next_pane(self) -> None:
        """The focus goes on; where there is room for one of them alone, what is told of a row
        takes the place of the list meanwhile."""
        focused = self.screen.focused
        if self.screen.has_class("-low") and self.list.rows and focused is self.list:
            self.read(reading=True)
        elif self.has_class("-reading") and focused is self.about:
            self.remove_class("-reading")
            self.screen.set_focus(self.screen.query(Button).first())
        else:
            self.screen.focus_next()

    def read(self, *, reading: bool) -> None:
        """Go to what is told of the row, or back to the list."""
        self.set_class(reading, "-reading")
        (self.about if reading else self.list).focus()


ResultT = TypeVar("ResultT")


class PickerDialog(Dialog[ResultT], Generic[ResultT]):
    """Something is chosen in a picker. A subclass gives the sections, fetches what they need in
    threads, and makes a wish of what was chosen."""

    DEFAULT_CSS = """
    PickerDialog .choices { height: 1fr; }
    PickerDialog .about { height: 38%; border-top: solid $foreground 20%; }
    PickerDialog.-high .about { height: 6; }
    PickerDialog .about:focus { border-top: solid $primary; }
    PickerDialog.-low .about { display: none; }
    PickerDialog.-low .-reading .about { display: block; height: 1fr; border-top: none; }
    PickerDialog.-low .-reading .choices { display: none; }
    PickerDialog .-bare .about { display: none; }
    PickerDialog Input {
        height: 1; border: none; padding: 0 1 !important; background: $boost;
        &:focus { border: none; }
    }
    PickerDialog .dialog-said { display: none; }
    PickerDialog.-saying .dialog-said { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("refresh")]
    AUTO_FOCUS = ".choices"
    GO_ON = "Show plan"
    TYPING: ClassVar[Mapping[str, str]] = {"open": "accept", "back": "cancel"}
    """What keys do where letters go into a field."""
    CHOOSE: ClassVar[str] = "choose"
    """What `space` does on a row."""

    def __init__(self, look: Display) -> None:
        super().__init__(look)
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high"), (30, "-tall")]
        self.above: Sequence[Widget] = ()
        """What stands above the rows."""
        self.picker = Picker(self)
        self.list, self.about = self.picker.list, self.picker.about
        self.on_chosen: Callable[[ResultT | None], None] | None = None
        """Who takes what was chosen while the dialog stays below; without, it is left with it."""

    def body(self) -> Widget:
        """The picker."""
        return self.picker

    def buttons(self) -> Iterable[Button]:
        """To cancel, and to go on."""
        yield DialogButton((Part(" Cancel "),), id="cancel")
        yield DialogButton((Part(f" {self.GO_ON} "),), id=self.CONFIRM)

    def hints(self, *, typing: bool) -> Mapping[str, str]:
        """The keys of a field; or those of the list, where there are rows."""
        if typing:
            return self.TYPING
        if not self.list.rows:
            return {"refresh": "try again", "back": "cancel"}
        words = {"mark": self.CHOOSE, "open": self.GO_ON.lower()}
        return {**words, "next_pane": "details", "back": "cancel"}

    def leave_with(self, chosen: ResultT) -> None:
        """Hand over what was chosen."""
        self.say("")
        if self.on_chosen is None:
            self.dismiss(chosen)
        else:
            self.on_chosen(chosen)

    def returned(self, planned: object) -> None:
        """Answer to coming back from the plan of what was chosen here: nothing was done."""

    def action_back(self) -> None:
        """Back to the list, where that is hidden; out of a field that was opened; else cancel."""
        if self.has_class("-low") and self.picker.has_class("-reading"):
            self.picker.read(reading=False)
        elif field := next((each for each in self.query(AskedField) if each.display), None):
            field.action_close()
        else:
            super().action_back()

    def action_go_on(self) -> None:
        """Go on with what was chosen."""
        raise NotImplementedError

    def action_refresh(self) -> None:
        """Ask again where that failed."""
