"""Dialogs that ask for a line or two: which package, or which command a bisect or a matrix runs
again and again."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input

from envdeck.core.model import Environment, NoPlan, Plan
from envdeck.core.operations.bisect.plan import BisectChoice, BisectPlan, plan_bisect
from envdeck.core.operations.matrix.plan import (
    MatrixChoice,
    MatrixPlan,
    default_pythons,
    plan_matrix,
)
from envdeck.core.timeline.model import Snapshot, suspects
from envdeck.text import counted, exact_time, join_some
from envdeck.tui.base.services import PlanRequest
from envdeck.tui.dialogs.dialog import Dialog, DialogButton, fit
from envdeck.tui.dialogs.requests import install_request
from envdeck.tui.widgets.line import Display, Line, LineLabel, Part, Tone, wrapped
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.workers.latest import Latest

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
            Input(one.value, placeholder=one.placeholder, compact=True) for one in questions
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


PlanT = TypeVar("PlanT", bound=Plan)
_NAMED = 6
"""Suspects that are named; more are counted."""
_LATE = ("Timeout: cannot tell", "Timeout: bad")
_COLUMNS = "|"
"""What stands between two columns of a matrix: no requirement has one."""


def find_command(operating: "Operations", environment: Environment) -> str:
    """Return the command that runs the tests of a project, as a person types it; empty where none
    is known. Slow: called from a thread."""
    # the dialog opens before: reads every manifest of the project
    from envdeck.core.onboarding.commands import find_tasks
    from envdeck.core.onboarding.project_state import ProjectFacts

    project = environment.project.path
    if project is None:
        return ""
    facts = ProjectFacts(operating, project, environment=environment.path)
    found = [one for one in find_tasks(facts) if one.tests and not one.missing]
    return found[0].words if found else ""


class CommandDialog(AskDialog[PlanT], Generic[PlanT]):
    """Asks for a command first and for its time limit last, and ends with a plan that can be run;
    why there is none is said in it.

    A subclass says what else is proposed (:meth:`find_proposals`), and plans it (:meth:`planner`).
    """

    MISSING: ClassVar[str] = "enter a command, such as pytest"

    def __init__(
        self,
        operating: "Operations",
        environment: Environment,
        title: str,
        questions: Sequence[Question],
        look: Display,
    ) -> None:
        super().__init__(title, questions, look)
        self.environment = environment
        self.operating = operating
        self.on_chosen: Callable[[PlanT], None] | None = None
        """Who takes the plan."""

        def take(plan: PlanT | NoPlan) -> None:
            if isinstance(plan, NoPlan):
                hint = f"; {plan.hint}" if plan.hint else ""
                self.say(look.sentence(f"{plan.message}{hint}"))
                return
            self.dismiss(plan)
            if self.on_chosen is not None:
                self.on_chosen(plan)

        self._latest: Latest[PlanT | NoPlan] = Latest(
            self, take, lambda text: self.say(look.sentence(text))
        )

    def find_proposals(self) -> tuple[str, ...]:
        """Return what the first fields may hold: the command that runs the tests. Called in a
        thread."""
        return (find_command(self.operating, self.environment),)

    def planner(
        self, command: tuple[str, ...], limit: float | None
    ) -> Callable[[], PlanT | NoPlan]:
        """Return what plans it, in a thread, with what the fields hold now."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Look for what can be proposed."""
        super().on_mount()

        def propose(found: tuple[str, ...]) -> None:
            for field, text in zip(self.fields, found, strict=False):
                if text and not field.value:
                    field.value = text
                    field.cursor_position = len(text)

        Latest(self, propose, lambda _text: None).request(lambda _stopped: self.find_proposals())

    def action_go_on(self) -> None:
        """Plan it in a thread."""
        try:
            words = tuple(shlex.split(self.fields[0].value))
        except ValueError:
            self.say("invalid command: a quote is not closed")
            return
        seconds = self.fields[-1].value.strip()
        try:
            limit = float(seconds) if seconds else None
        except ValueError:
            limit = 0.0
        if not words:
            self.say(self.MISSING)
        elif limit is not None and not 0 < limit < float("inf"):
            self.say("invalid time limit")
        else:
            self.said.show((Part(f"Preparing{self.look.signs.ellipsis}", Tone.MUTED),))
            plan = self.planner(words, limit)
            self._latest.request(lambda _stopped: plan())


class BisectDialog(CommandDialog[BisectPlan]):
    """Asks with which command a bisect tries sets of packages."""

    GO_ON = "Bisect"
    MISSING = "enter the command that fails, such as pytest"

    def __init__(
        self,
        operating: "Operations",
        environment: Environment,
        ends: tuple[Snapshot, Snapshot],
        look: Display,
        *,
        current: bool,
    ) -> None:
        """Take the good and the bad snapshot; `current`: the bad one is what is installed now."""
        questions = [
            Question("Command", "without a shell; exit 0 is good, 125 cannot tell", "", "pytest"),
            Question("Time limit", "seconds for one run; empty: none"),
        ]
        super().__init__(
            operating, environment, f"Bisect {look.path(environment.path)}", questions, look
        )
        self._good, self._bad = ends
        self._current = current
        self._late_is_bad = False
        self._late = DialogButton((Part(_LATE[0]),), id="late")

    def notes(self) -> Sequence[Line]:
        """Which packages can have done it, and what is done."""
        look = self.look
        changed = suspects(self._good, self._bad)
        names = [look.sentence(one.name) for one in changed if not one.obstacle]
        kept = [look.sentence(one.obstacle) for one in changed if one.obstacle]
        bad = "the current packages" if self._current else _named(self._bad)
        lines: list[Line] = [
            (Part("Good  ", Tone.GOOD), Part(_named(self._good))),
            (Part("Bad   ", Tone.ERROR), Part(bad)),
            (
                Part(f"{counted(len(names), 'package')} changed: ", Tone.STRONG),
                Part(join_some(names, _NAMED)),
            ),
        ]
        if kept:
            lines.append((Part(f"Not tried: {join_some(kept, 2)}", Tone.WARNING),))
        project = self.environment.project.path
        where = f" in {look.path(project)}" if project else ""
        said = f"Each set is tried in a copy{where}. The environment is not changed."
        return [*lines, (), (Part(said, Tone.MUTED),)]

    def buttons(self) -> Iterable[Button]:
        """To cancel, what a run counts as that takes too long, and to go on."""
        cancel, go_on = super().buttons()
        return (cancel, self._late, go_on)

    def action_late(self) -> None:
        """Let a run that takes too long count as bad, or as one that cannot be told."""
        self._late_is_bad = not self._late_is_bad
        self._late.label = _LATE[self._late_is_bad]
        self._late.refresh(layout=True)

    def planner(
        self, command: tuple[str, ...], limit: float | None
    ) -> Callable[[], BisectPlan | NoPlan]:
        """Plan it: what is installed now is kept as a snapshot."""
        choice = BisectChoice(
            good=self._good.id,
            bad=None if self._current else self._bad.id,
            command=command,
            limit=limit,
            late_is_bad=self._late_is_bad,
        )
        return lambda: plan_bisect(self.operating, self.environment, choice)


class MatrixDialog(CommandDialog[MatrixPlan]):
    """Asks for the command of a matrix, the Pythons and the columns."""

    DEFAULT_CSS = "MatrixDialog .fields { max-height: 80%; }"
    GO_ON = "Test"

    def __init__(self, operating: "Operations", environment: Environment, look: Display) -> None:
        project = environment.project.path or ""
        questions = [
            Question("Command", "without a shell; exit 0 passes", "", "pytest"),
            Question("Pythons", "with commas; empty: all it admits", "", "3.11, 3.13"),
            Question("With", f"{_COLUMNS} between columns", "", "django<5 | django>=5"),
            Question("Time limit", "seconds for one command; empty: none"),
        ]  # fmt: skip
        title = f"Test versions of {look.path(project)}"
        super().__init__(operating, environment, title, questions, look)
        self._project = project

    def notes(self) -> Sequence[Line]:
        """What is done."""
        said = (
            "Each Python runs the command with each column in a throw-away environment."
            " The project and its environment are not changed."
        )
        return [(Part(said, Tone.MUTED),)]

    def find_proposals(self) -> tuple[str, ...]:
        """Return the command and the Pythons."""
        pythons = default_pythons(self.operating, self._project)
        return (*super().find_proposals(), ", ".join(pythons))

    def planner(
        self, command: tuple[str, ...], limit: float | None
    ) -> Callable[[], MatrixPlan | NoPlan]:
        """Plan it."""
        pythons, columns = (field.value.strip() for field in self.fields[1:3])
        choice = MatrixChoice(
            command=command,
            pythons=tuple(one.strip() for one in pythons.split(",") if one.strip()),
            columns=tuple(columns.split(_COLUMNS)) if columns else (),
            limit=limit,
        )
        return lambda: plan_matrix(self.operating, self._project, choice)


def _named(snapshot: Snapshot) -> str:
    return f"snapshot {snapshot.id[:8]} of {exact_time(snapshot.taken_at)[:16].replace('T', ' ')}"
