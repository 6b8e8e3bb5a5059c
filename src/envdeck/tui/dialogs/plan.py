"""The plan dialog: what will be done, and whether it shall be. It shows, and acts on nothing."""

from collections.abc import Iterable
from functools import partial
from time import monotonic
from typing import ClassVar

from textual.binding import BindingType
from textual.events import Click, Resize
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button

from envdeck.core.model import NoPlan, Plan, Refusal
from envdeck.tui.actions import bindings
from envdeck.tui.background import in_background
from envdeck.tui.dialogs.dialog import Dialog, DialogButton
from envdeck.tui.dialogs.plan_lines import (
    ACT,
    PlanRow,
    cost_line,
    final,
    no_plan_rows,
    plan_rows,
    target_row,
)
from envdeck.tui.messages import OutcomeSaid
from envdeck.tui.operating import Wish
from envdeck.tui.widgets.line import Line, Part, Tone
from envdeck.tui.widgets.line_label import content
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.look import Look

_HELD = 0.4
"""Seconds after a yes that came too early in which another one is taken for the same key, held."""
_LEAST = 6
"""Lines of the plan that there is always room for."""
_FRAME = 7
"""Lines that the frame, the title, what it costs and the buttons take."""


class PlanReady(Message):
    """A plan was made in the background; a stale one is told by its generation."""

    def __init__(self, generation: int, plan: Plan | NoPlan) -> None:
        super().__init__()
        self.generation = generation
        self.plan = plan


class PlanView(LineList[PlanRow]):
    """What the plan says; the cursor stands on what can be overruled."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._plan: Plan | NoPlan | None = None
        self._refusals: dict[str, list[Refusal]] = {}

    def show(self, plan: Plan | NoPlan, refusals: dict[str, list[Refusal]]) -> None:
        """Show a plan, with the refusals by guard that have been met so far."""
        self._plan, self._refusals = plan, refusals
        self._build()

    def _build(self) -> None:
        if self._plan is None or not self.cells:
            return
        if isinstance(self._plan, NoPlan):
            self.show_rows(no_plan_rows(self._plan, self._look, self.cells))
        else:
            self.show_rows(plan_rows(self._plan, self._refusals, self._look, self.cells))

    def on_resize(self, event: Resize) -> None:
        """Tell it for the new width."""
        super().on_resize(event)
        self._build()

    def can_choose(self, row: PlanRow) -> bool:
        """The switches alone."""
        return row.guard is not None

    def key_of(self, row: PlanRow) -> object:
        """A switch is named by its guard."""
        return row.guard

    def draw_row(self, row: PlanRow, cells: int) -> Line:
        """One line, made now where there are many."""
        return target_row(row, self._look, cells)

    def on_click(self, event: Click) -> None:
        """A click on a switch turns it."""
        row = round(self.scroll_y) + event.y
        super().on_click(event)
        if event.chain == 1 and row < len(self.rows) and self.can_choose(self.rows[row]):
            self.action_open()

    # Pages are those of what is read, and not of the few rows to choose from.
    action_page_down = LineView.action_page_down
    action_page_up = LineView.action_page_up
    action_first = LineView.action_first
    action_last = LineView.action_last


class PlanDialog(Dialog[Plan]):
    """Plans a wish in the background, shows the plan, and ends with it if the person says yes.

    It opens with the focus on *cancel*: `enter` alone never acts. Only the other button or the
    key for yes does, and only on the plan that is shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("yes", "mark")]

    def __init__(self, wish: Wish, look: Look) -> None:
        super().__init__(look)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-small"), (64, "-roomy")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.wish = wish
        self.plan: Plan | NoPlan | None = None
        """What is shown; None while it is planned."""
        self.allowed: frozenset[str] = frozenset()
        self._met: dict[str, list[Refusal]] = {}
        self._generation = 0
        self._too_early = float("-inf")
        self._view = PlanView(look)
        self._yes = DialogButton(self._yes_line(), id="yes", classes="yes")

    def body(self) -> Widget:
        """What the plan says."""
        return self._view

    def buttons(self) -> Iterable[Button]:
        """Cancel first: it has the focus."""
        yield DialogButton((Part("Cancel (enter)"),), id="cancel")
        yield self._yes

    def on_mount(self) -> None:
        """Begin to plan."""
        self.app.clear_notifications()  # nothing may lie over the buttons
        self.title_label.show((Part(self.wish.title, Tone.STRONG),))
        self._plan_anew()

    # planning

    def _plan_anew(self) -> None:
        self._generation += 1
        self.plan = None
        ellipsis = self.look.signs.ellipsis
        self._say(f"planning{ellipsis} {self.look.key('back')} gives it up", Tone.MUTED)
        in_background(
            partial(self._planned, self._generation, self.allowed),
            partial(self._post, self._generation),
        )

    def _planned(self, generation: int, allowed: frozenset[str]) -> PlanReady:
        return PlanReady(generation, self.wish.plan(allowed))

    def _post(self, generation: int, message: Message) -> None:
        """Take a fault as a plan that could not be made; called from the thread."""
        if isinstance(message, OutcomeSaid):
            message = PlanReady(generation, NoPlan(f"it could not be planned: {message.text}"))
        self.post_message(message)

    def on_plan_ready(self, message: PlanReady) -> None:
        """Show what was planned, unless it is planned anew already."""
        if message.generation != self._generation:
            return
        self.plan = plan = message.plan
        if isinstance(plan, Plan):
            self._meet(plan)
        self._view.show(plan, self._met)
        self._yes.label = content(self._yes_line())
        self._yes.refresh(layout=True)
        self._fit()
        self._say_what_holds()

    def _meet(self, plan: Plan) -> None:
        """Keep what was overruled in sight, with its reasons."""
        kept = {guard: self._met[guard] for guard in plan.allowed if guard in self._met}
        now: dict[str, list[Refusal]] = {}
        for refusal in plan.refusals:
            now.setdefault(refusal.guard, []).append(refusal)
        self._met = {**now, **kept}

    # what is said

    def _yes_line(self) -> Line:
        key = Part(f" ({self.look.key('yes')})", Tone.MUTED)
        if not isinstance(self.plan, Plan):
            return (Part("Yes"), key)
        count = len(self.plan.targets)
        return (Part(ACT[self.plan.operation] + (f" {count:,}" if count > 1 else "")), key)

    def _say(self, text: str, tone: Tone) -> None:
        self.said.show((Part(text, tone),))

    def _say_what_holds(self) -> None:
        match self.plan:
            case Plan() as plan:
                why = self._why_not()
                if why:
                    self._say(why, Tone.ERROR)
                else:
                    cells = max(self.said.content_size.width, 20)
                    self.said.show(cost_line(plan, self.look, cells))
            case NoPlan():
                self._say("there is nothing that could be done", Tone.WARNING)

    def _why_not(self) -> str:
        """Say why yes would do nothing; empty where it acts."""
        match self.plan:
            case None:
                return "it is still being planned"
            case NoPlan() as nothing:
                return self.look.sentence(nothing.message)
            case plan:
                if not plan.refusals:
                    return ""
                never = final(plan.refusals)
                if never is not None:
                    return f"refused by {never.guard}: {self.look.sentence(never.message)}"
                guards = ", ".join(dict.fromkeys(each.guard for each in plan.refusals))
                return f"refused by {guards}: space overrules it"

    def on_resize(self) -> None:
        """Say it for the new width, once that is known."""
        self.call_after_refresh(self._fit)
        self.call_after_refresh(self._say_what_holds)

    def _fit(self) -> None:
        """Be as high as what is said needs, as far as there is room."""
        whole = self.has_class("-small") or self.has_class("-low")
        lines = min(max(len(self._view.rows), _LEAST) + _FRAME, self.size.height * 9 // 10)
        self.query_one(".dialog").styles.height = None if whole else lines

    # answers

    def action_yes(self) -> None:
        """Do it, or say why not. A key that was held since before the plan was there is no yes."""
        why = self._why_not()
        if self.plan is None or monotonic() - self._too_early < _HELD:
            self._too_early = monotonic()
            why = why or f"it is planned now: {self.look.key('yes')} once more does it"
        if why:
            self._say(why, Tone.ERROR)
            self.app.bell()
        elif isinstance(self.plan, Plan):
            self.dismiss(self.plan)

    def action_mark(self) -> None:
        """Turn the switch under the cursor."""
        self._view.action_open()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        """Overrule a guard, or no longer, and plan again."""
        event.stop()
        if isinstance(event.row, PlanRow) and event.row.guard is not None and self.plan is not None:
            self.allowed ^= {event.row.guard}
            self._plan_anew()

    def action_back(self) -> None:
        """Nothing is done; a plan that is still being made is dropped."""
        self._generation += 1
        super().action_back()
