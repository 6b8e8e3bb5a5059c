"""The dialogs that ask for a command which is run again and again: of a bisect, and of a matrix."""

import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.widgets import Button

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
from envdeck.tui.dialogs.ask import AskDialog, Question
from envdeck.tui.dialogs.dialog import DialogButton
from envdeck.tui.widgets.line import Display, Line, Part, Tone
from envdeck.tui.workers.latest import Latest

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

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
