"""A dialog that asks for a line or two: which package, which command."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input

from envdeck.core.model import Environment
from envdeck.tui.base.services import PlanRequest
from envdeck.tui.dialogs.dialog import Dialog, DialogButton, fit
from envdeck.tui.dialogs.requests import install_request
from envdeck.tui.widgets.line import Display, Line, LineLabel, Part, Tone, wrapped
from envdeck.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

AnswerT = TypeVar("AnswerT")
_FRAME = 7
"""Lines that the frame, the title, the keys, what is said and the buttons take."""
_FIELD = 3


class Question(NamedTuple):
    """One field."""

    name: str
    note: str = ""
    value: str = ""
    placeholder: str = ""


class AskNotes(LineView):
    """What is said below the fields."""

    def __init__(self, notes: Callable[[], Sequence[Line]]) -> None:
        super().__init__()
        self.can_focus = False
        self._notes = notes

    def lay_out(self, cells: int) -> Sequence[Line]:
        """Break it for the width."""
        room = max(cells - 2, 8)
        return [(Part(" "), *line) for note in self._notes() for line in wrapped(note, room)]


class AskDialog(Dialog[AnswerT], Generic[AnswerT]):
    """A subclass says what is asked (:attr:`questions`), what is said of it (:meth:`notes`), and
    what comes of the answers (:meth:`action_go_on`)."""

    DEFAULT_CSS = """
    AskDialog .fields { height: auto; max-height: 60%; min-height: 2; }
    AskDialog AskNotes { height: 1fr; }
    AskDialog .field { height: auto; margin-bottom: 1; }
    AskDialog.-low .field { margin-bottom: 0; }
    AskDialog Input {
        height: 1; border: none; padding: 0 1 !important; background: $boost; margin: 0 1;
        &:focus { border: none; }
    }
    AskDialog Input:ansi { text-style: underline; }
    """
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        # In a field the keys are its own, whatever keys the actions were given.
        Binding("escape", "back", show=False),
        Binding("down", "move('down')", show=False),
        Binding("up", "move('up')", show=False),
    ]
    GO_ON: ClassVar[str] = "Show plan"

    def __init__(self, title: str, questions: Sequence[Question], look: Display) -> None:
        super().__init__(look)
        self._title = title
        self.questions = tuple(questions)
        self.fields = [
            Input(one.value, placeholder=one.placeholder, compact=True, select_on_focus=False)
            for one in questions
        ]
        for field in self.fields:
            field.cursor_blink = False
        self.notes_view = AskNotes(self.notes)

    def notes(self) -> Sequence[Line]:
        """Return what is said below the fields."""
        return ()

    def body(self) -> Widget:
        """The fields, and what is said of them."""
        rows = []
        for one, field in zip(self.questions, self.fields, strict=True):
            note = Part(f"  {one.note}" if one.note else "", Tone.MUTED)
            label = LineLabel((Part(one.name, Tone.HEADING), note))
            rows.append(Vertical(label, field, classes="field"))
        return Vertical(VerticalScroll(*rows, classes="fields", can_focus=False), self.notes_view)

    def buttons(self) -> Iterable[Button]:
        """To cancel, and to go on."""
        yield DialogButton((Part(" Cancel "),), id="cancel")
        yield DialogButton((Part(f" {self.GO_ON} "),), id=self.CONFIRM)

    def on_mount(self) -> None:
        """Say what is asked for."""
        self.app.clear_notifications()
        self.title_label.show((Part(self._title, Tone.STRONG, path=True),))

    def on_resize(self) -> None:
        """Be as high as what is asked and said needs."""
        self.call_after_refresh(self.fit_all)

    def fit_all(self) -> None:
        """Lay it out for the width there is."""
        self.notes_view.lay_out_again()
        fit(self, _FIELD * len(self.fields) + len(self.notes_view.lines) + _FRAME)

    def hints(self, *, typing: bool) -> Mapping[str, str]:
        """The keys of a field, and of a button."""
        others = {"next_pane": "next field"} if typing and len(self.fields) > 1 else {}
        return {"open": self.GO_ON.lower(), **others, "back": "cancel"}

    def action_move(self, way: str) -> None:
        """To the next field, or to the one before; pages scroll what is said."""
        if way in {"up", "down"}:
            (self.focus_next if way == "down" else self.focus_previous)()
        else:
            super().action_move(way)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_go_on()

    def action_go_on(self) -> None:
        """Answer to the fields being filled in."""
        raise NotImplementedError


class InstallDialog(AskDialog[PlanRequest]):
    """Asks which packages are installed, by name or requirement; nothing is planned by then."""

    def __init__(self, operating: "Operations", environment: Environment, look: Display) -> None:
        question = Question("Packages", "name, name==version, or several", "", "requests>=2.32")
        super().__init__(f"Install into {look.path(environment.path)}", [question], look)
        self._operating = operating
        self._environment = environment
        self.on_chosen: Callable[[PlanRequest | None], None] | None = None
        """Who takes the wish while the dialog stays below."""

    def notes(self) -> Sequence[Line]:
        """What comes of it."""
        said = (
            "Installed packages keep their versions where possible. The plan is shown first,"
            " and can be undone."
        )
        return [(Part(said, Tone.MUTED),)]

    def action_go_on(self) -> None:
        """Leave with what was typed."""
        text = self.fields[0].value.strip()
        if not text:
            self.say("enter the name of a package")
        elif self.on_chosen is not None:
            self.on_chosen(install_request(self._operating, self._environment, text, self.look))
