"""The dialog that asks with which command a bisect tries sets of packages."""

import shlex
from collections.abc import Callable, Iterable, Sequence

from textual.widgets import Button

from envdeck.core.model import Environment, NoPlan
from envdeck.core.operations.bisect.plan import BisectChoice, BisectPlan, plan_bisect
from envdeck.core.timeline.model import Snapshot, suspects
from envdeck.text import counted, exact_time, join_some
from envdeck.tui.base.services import Operating
from envdeck.tui.dialogs.ask import AskDialog, Question
from envdeck.tui.dialogs.dialog import DialogButton
from envdeck.tui.widgets.line import Line, Look, Part, Tone
from envdeck.tui.workers.latest import Latest, Stopped

_NAMED = 6
"""Suspects that are named; more are counted."""
_LATE = ("Timeout: cannot tell", "Timeout: bad")


def find_command(operating: Operating, environment: Environment) -> str:
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


class BisectDialog(AskDialog[BisectPlan]):
    """Ends with a plan that can be run; why there is none is said in it."""

    GO_ON = "Bisect"

    def __init__(
        self,
        operating: Operating,
        environment: Environment,
        ends: tuple[Snapshot, Snapshot],
        look: Look,
        *,
        current: bool,
    ) -> None:
        """Take the good and the bad snapshot; `current`: the bad one is what is installed now."""
        questions = [
            Question("Command", "without a shell; exit 0 is good, 125 cannot tell", "", "pytest"),
            Question("Time limit", "seconds for one run; empty: none"),
        ]
        super().__init__(f"Bisect {look.path(environment.path)}", questions, look)
        self.environment = environment
        self.on_chosen: Callable[[BisectPlan], None] | None = None
        """Who takes the plan."""
        self._operating = operating
        self._good, self._bad = ends
        self._current = current
        self._late_is_bad = False
        self._late = DialogButton((Part(_LATE[0]),), id="late")
        self._latest: Latest[BisectPlan | NoPlan] = Latest(
            self, self._planned, lambda text: self.say(look.sentence(text))
        )

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
        """To go on, what a run counts as that takes too long, and to cancel."""
        go_on, cancel = super().buttons()
        return (go_on, self._late, cancel)

    def on_mount(self) -> None:
        """Look which command runs the tests."""
        super().on_mount()

        def work(_stopped: Stopped) -> str:
            return find_command(self._operating, self.environment)

        def propose(command: str) -> None:
            field = self.fields[0]
            if command and not field.value:
                field.value = command
                field.cursor_position = len(command)

        Latest(self, propose, lambda _text: None).request(work)

    def action_late(self) -> None:
        """Let a run that takes too long count as bad, or as one that cannot be told."""
        self._late_is_bad = not self._late_is_bad
        self._late.label = _LATE[self._late_is_bad]
        self._late.refresh(layout=True)

    def action_go_on(self) -> None:
        """Plan it in a thread: what is installed now is kept as a snapshot."""
        command, seconds = (field.value.strip() for field in self.fields)
        try:
            words = tuple(shlex.split(command))
            limit = float(seconds) if seconds else None
        except ValueError:
            which = "time limit" if seconds and not _is_number(seconds) else "command"
            self.say(f"invalid {which}" + (": a quote is not closed" if which == "command" else ""))
            return
        if not words:
            self.say("enter the command that fails, such as pytest")
        elif limit is not None and not 0 < limit < float("inf"):
            self.say("invalid time limit")
        else:
            self.said.show((Part(f"Preparing{self.look.signs.ellipsis}", Tone.MUTED),))
            choice = BisectChoice(
                good=self._good.id,
                bad=None if self._current else self._bad.id,
                command=words,
                limit=limit,
                late_is_bad=self._late_is_bad,
            )
            environment, operating = self.environment, self._operating
            self._latest.request(lambda _stopped: plan_bisect(operating, environment, choice))

    def _planned(self, plan: BisectPlan | NoPlan) -> None:
        if isinstance(plan, NoPlan):
            hint = f"; {plan.hint}" if plan.hint else ""
            self.say(self.look.sentence(f"{plan.message}{hint}"))
            return
        self.dismiss(plan)
        if self.on_chosen is not None:
            self.on_chosen(plan)


def _named(snapshot: Snapshot) -> str:
    return f"snapshot {snapshot.id[:8]} of {exact_time(snapshot.taken_at)[:16].replace('T', ' ')}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
