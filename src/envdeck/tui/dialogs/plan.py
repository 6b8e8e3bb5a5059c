"""The plan dialog, for one or several requests."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import ClassVar, TypeAlias

from rich.text import Text
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Click, Resize
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button

from envdeck.core.model import NoPlan, Plan, Refusal
from envdeck.text.operation import OPERATION_WORDS
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.base.services import Planner, PlanRequest
from envdeck.tui.dialogs.dialog import Dialog, DialogButton
from envdeck.tui.dialogs.plan_view import (
    ACT,
    PlanRow,
    cost_line,
    final,
    indented,
    keep_rows,
    no_plan_rows,
    plan_rows,
    refusal_rows,
    step_lines,
    target_lines,
    target_row,
    warning_lines,
)
from envdeck.tui.widgets.line import Line, Look, Part, Tone, content
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.workers import run_in_thread


@dataclass(frozen=True, slots=True)
class CombinedPlan:
    """Each wish by its title with what was planned for it."""

    planned: tuple[tuple[str, Plan | NoPlan], ...]
    allowed: frozenset[str] = frozenset()
    """Guards that were overruled for all of them."""

    @property
    def possible(self) -> tuple[Plan, ...]:
        """What a yes does; the others are left out."""
        return tuple(
            plan for _, plan in self.planned if isinstance(plan, Plan) and not plan.refusals
        )

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What stands in the way of the others."""
        return tuple(
            refusal
            for _, plan in self.planned
            if isinstance(plan, Plan)
            for refusal in plan.refusals
        )

    @property
    def left_out(self) -> int:
        """How many a yes would not do."""
        return len(self.planned) - len(self.possible)

    def whole(self) -> Plan | None:
        """Return one plan with what all that is possible costs and frees; for showing alone."""
        plans = self.possible
        if not plans:
            return None
        kept = [plan.kept_until for plan in plans if plan.kept_until is not None]
        return Plan(
            id="",
            operation=plans[0].operation,
            targets=tuple(target for plan in plans for target in plan.targets),
            needs_bytes=_sum(plan.needs_bytes for plan in plans),
            frees_now_bytes=_sum(plan.frees_now_bytes for plan in plans),
            reclaims_bytes=_sum(plan.reclaims_bytes for plan in plans),
            undo=None if any(plan.undo is None for plan in plans) else plans[0].undo,
            kept_until=min(kept) if len(kept) == len(plans) else None,
        )


def _sum(figures: Iterable[int | None]) -> int | None:
    known = list(figures)
    return None if None in known else sum(each for each in known if each is not None)


def together_rows(
    plans: CombinedPlan,
    refusals: Mapping[str, Sequence[Refusal]],
    allowed: Collection[str],
    look: Look,
    cells: int,
    *,
    can_keep: bool = False,
) -> list[PlanRow]:
    """Return what stands in the way first, then what is left out, then each plan below the one
    before."""
    rows = list(refusal_rows(refusals, allowed, look, cells))
    impossible = [(title, each) for title, each in plans.planned if isinstance(each, NoPlan)]
    for title, nothing in impossible:
        why: Line = (
            Part(f"{look.signs.broken} ", Tone.ERROR),
            Part(f"{title}: "),
            Part(look.sentence(nothing.message)),
        )
        rows += [PlanRow(line) for line in indented(why, 1, 3, cells)]
        if nothing.hint:
            hint: Line = (Part(look.sentence(nothing.hint), Tone.MUTED),)
            rows += [PlanRow(line) for line in indented(hint, 3, 3, cells)]
        rows.append(PlanRow(()))
    possible = plans.possible
    if plans.left_out:
        word = OPERATION_WORDS[possible[0].operation].done if possible else "done"
        said = f" {len(possible):,} of {len(plans.planned):,} can be {word}; the others are left"
        rows += [PlanRow((Part(f"{said} as they are", Tone.HEADING),)), PlanRow(())]
    if can_keep:
        replaced = sum(plan.replaced_edits for plan in possible)
        rows += keep_rows(replaced, cells, kept=any(plan.keep_edits for plan in possible))
    for number, plan in enumerate(possible, 1):
        count: Line = (Part(f" {number:,} of {len(possible):,}", Tone.HEADING),)
        rows.append(PlanRow(count))
        lines = [
            *target_lines(plan.targets, look, cells),
            *warning_lines(plan, look, cells),
            *step_lines(plan, look, cells),
            (),
        ]
        rows += [PlanRow(line) for line in lines]
    while rows and not rows[-1].line:
        rows.pop()
    return rows


_HELD = 0.4
"""Seconds after a yes that came too early in which another one is taken for the same key, held."""
_LEAST = 6
"""Lines of the plan that there is always room for."""
_FRAME = 7
"""Lines that the frame, the title, what it costs and the buttons take."""


Planned: TypeAlias = Plan | NoPlan | CombinedPlan


class PlanReady(Message):
    """A plan was made in the background; a stale one is told by its generation."""

    def __init__(self, generation: int, plan: Planned) -> None:
        super().__init__()
        self.generation = generation
        self.plan = plan


class PlanningGoesOn(Message):
    """One more of several was planned."""

    def __init__(self, generation: int, done: int) -> None:
        super().__init__()
        self.generation = generation
        self.done = done


class PlanView(LineList[PlanRow]):
    """What the plan says; the cursor stands on what can be overruled.

    It is read from its beginning: the cursor comes into sight once a person uses it, and no
    switch is turned that is not seen.
    """

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._plan: Planned | None = None
        self._refusals: dict[str, list[Refusal]] = {}
        self._for_good = False
        self._can_keep = False
        self.viewport.follows = False

    def action_open(self) -> None:
        """Turn the switch under the cursor; one that is not seen comes into sight instead."""
        place = self.cursor.place
        top, room = round(self.scroll_y), self.scrollable_content_region.height
        if place is None or top <= place < top + room:
            super().action_open()
        else:
            self.viewport.move()

    def show(
        self,
        plan: Planned,
        refusals: dict[str, list[Refusal]],
        *,
        for_good: bool = False,
        can_keep: bool = False,
    ) -> None:
        """Show a plan, with the refusals by guard that have been met so far."""
        self._plan, self._refusals, self._for_good = plan, refusals, for_good
        self._can_keep = can_keep
        self._build()

    def _build(self) -> None:
        if self._plan is None or not self.cells:
            return
        if isinstance(self._plan, NoPlan):
            rows = no_plan_rows(self._plan, self._look, self.cells)
        elif isinstance(self._plan, CombinedPlan):
            allowed = self._plan.allowed
            told, can = self._refusals, self._can_keep
            rows = together_rows(self._plan, told, allowed, self._look, self.cells, can_keep=can)
        else:
            told, good = self._refusals, self._for_good
            can = self._can_keep
            rows = plan_rows(self._plan, told, self._look, self.cells, for_good=good, can_keep=can)
        self.show_rows(rows)

    def on_resize(self, event: Resize) -> None:
        """Tell it for the new width."""
        super().on_resize(event)
        self._build()
        self.post_message(self.Fitted())

    class Fitted(Message):
        """It has another height, or another width."""

    def can_choose(self, row: PlanRow) -> bool:
        """The switches alone."""
        return row.guard is not None or row.keeps

    def key_of(self, row: PlanRow) -> object:
        """A switch is named by its guard, and the one for edited files by what it is."""
        return row.keeps or row.guard

    def draw_row(self, row: PlanRow, cells: int) -> Line:
        """One line, made now where there are many."""
        return target_row(row, self._look, cells)

    def on_click(self, event: Click) -> None:
        """A click on a switch turns it."""
        row = round(self.scroll_y) + event.y
        super().on_click(event)
        if event.chain == 1 and row < len(self.rows) and self.can_choose(self.rows[row]):
            self.action_open()

    def go(self, way: str) -> None:
        """Pages are those of what is read, and not of the few rows to choose from."""
        if way in {"up", "down"}:
            super().go(way)
        else:
            LineView.go(self, way)


class PlanDialog(Dialog[tuple[Plan, ...]]):
    """Plans a wish in the background, shows the plan, and ends with it if the person says yes;
    with several, where the wish holds several together.

    It opens with the focus on *cancel*: `enter` alone never acts. Only the other button or the
    key for yes does, and only on the plan that is shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("yes", "mark", "purge")]

    def __init__(self, request: PlanRequest, look: Look, *, leave: str = "Cancel") -> None:
        """Take what is wished for; `leave` is the word for not doing it."""
        super().__init__(look)
        self._leave = leave
        self.HORIZONTAL_BREAKPOINTS = [(0, "-small"), (64, "-roomy")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.request = request
        self.plan: Planned | None = None
        """What is shown; None while it is planned."""
        self.allowed: frozenset[str] = frozenset()
        self._for_good = False
        """Whether it is planned for good, past the trash."""
        self._keeps = False
        """Whether it is planned with edited files kept."""
        self._met: dict[str, list[Refusal]] = {}
        self._generation = 0
        self._too_early = float("-inf")
        self._view = PlanView(look)
        self._yes = DialogButton(self._yes_line(), id="yes", classes="yes")
        self._no = DialogButton(self._no_line(), id="cancel")

    def body(self) -> Widget:
        """What the plan says."""
        return self._view

    def buttons(self) -> Iterable[Button]:
        """Cancel first: it has the focus."""
        yield self._no
        yield self._yes

    def on_mount(self) -> None:
        """Begin to plan."""
        self.app.clear_notifications()  # nothing may lie over the buttons
        self.watch(self._view, "scroll_y", self._tell_more, init=False)
        self._plan_anew()

    def _tell_more(self) -> None:
        """Say in the frame that there is more below than is seen, and by which key."""
        view = self._view
        unseen = len(view.rows) - round(view.scroll_y) - view.scrollable_content_region.height
        sign = "▼" if self.look.unicode else "v"
        more = f"{sign} {unseen:,} more below: {self.look.key('page_down')}" if unseen > 0 else ""
        self.query_one(".dialog", Vertical).border_subtitle = Text(more)

    def on_plan_view_fitted(self) -> None:
        """More of it may be seen now, or less."""
        self._tell_more()

    # planning

    def _plan_anew(self) -> None:
        self._generation += 1
        self.plan = None
        good = Part("  for good" if self._for_good else "", Tone.ERROR)
        named = "/" in self.request.title
        self.title_label.show((Part(self.request.title, Tone.STRONG, path=named), good))
        self._say_planning(0)
        run_in_thread(
            partial(self._planned, self._generation, self.allowed),
            partial(self._post, self._generation),
        )

    def _say_planning(self, done: int) -> None:
        total, ellipsis = len(self.request.parts), self.look.signs.ellipsis
        far = f" {min(done + 1, total):,} of {total:,}" if total else ""
        self._say(f"planning{far}{ellipsis} {self.look.key('back')} gives it up", Tone.MUTED)

    def on_planning_goes_on(self, message: PlanningGoesOn) -> None:
        """Say how far it is."""
        if message.generation == self._generation and self.plan is None:
            self._say_planning(message.done)

    def _planned(self, generation: int, allowed: frozenset[str]) -> PlanReady | None:
        """Plan; called in a thread."""
        request = self.request
        if not request.parts:
            return PlanReady(generation, self._planner(request)(allowed))
        planned: list[tuple[str, Plan | NoPlan]] = []
        for part in request.parts:
            if generation != self._generation:
                return None
            with suppress(RuntimeError):  # the screen has closed, and its loop with it
                self.post_message(PlanningGoesOn(generation, len(planned)))
            try:
                planned.append((part.title, self._planner(part)(allowed)))
            except Exception as error:  # noqa: BLE001 - one that fails must not take the others
                said = f"it could not be planned: {type(error).__name__}: {error}"
                planned.append((part.title, NoPlan(said)))
        return PlanReady(generation, CombinedPlan(tuple(planned), allowed))

    def _planner(self, request: PlanRequest) -> Planner:
        if self._for_good and request.at_once is not None:
            return request.at_once
        if self._keeps and request.keeping is not None:
            return request.keeping
        return request.plan

    def _can_keep(self) -> bool:
        return any(each.keeping is not None for each in (self.request, *self.request.parts))

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
        if not isinstance(plan, NoPlan):
            self._meet(plan)
        self._view.show(plan, self._met, for_good=self._for_good, can_keep=self._can_keep())
        self._tell_buttons()
        self._fit()
        self._say_what_holds()

    def _tell_buttons(self) -> None:
        """Name what a yes does; where nothing can be done there is none."""
        possible = not isinstance(self.plan, NoPlan)
        if isinstance(self.plan, CombinedPlan):
            possible = bool(self.plan.possible or self.plan.refusals)
        if not possible:
            self._no.focus()
        self._yes.display = possible
        for button, line in ((self._yes, self._yes_line()), (self._no, self._no_line())):
            button.label = content(line)
            button.refresh(layout=True)

    def _meet(self, plan: Plan | CombinedPlan) -> None:
        """Keep what was overruled in sight, with its reasons."""
        kept = {guard: self._met[guard] for guard in plan.allowed if guard in self._met}
        now: dict[str, list[Refusal]] = {}
        for refusal in plan.refusals:
            now.setdefault(refusal.guard, []).append(refusal)
        self._met = {**now, **kept}

    # what is said

    def _yes_line(self) -> Line:
        key = Part(f" ({self.look.key('yes')})", Tone.MUTED)
        whole = self.plan.whole() if isinstance(self.plan, CombinedPlan) else self.plan
        if not isinstance(whole, Plan):
            return (Part("Yes"), key)
        count = len(whole.targets)
        said = ACT[whole.operation] + (f" {count:,}" if count > 1 else "")
        return (Part(f"{said} for good" if self._for_good else said), key)

    def _no_line(self) -> Line:
        return (Part("Back" if isinstance(self.plan, NoPlan) else self._leave), Part(" (enter)"))

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
                    keeps = self.request.at_once is not None and not self._for_good
                    purges = self.look.key("purge") if keeps else ""
                    self.said.show(cost_line(plan, self.look, cells, purges=purges))
            case CombinedPlan() as plans:
                whole = plans.whole()
                if whole is None:
                    self._say(self._why_not(), Tone.ERROR)
                else:
                    cells = max(self.said.content_size.width, 20)
                    self.said.show(cost_line(whole, self.look, cells, each=True))
            case NoPlan():
                self._say("there is nothing that could be done", Tone.WARNING)

    def _why_not(self) -> str:
        """Say why yes would do nothing; empty where it acts."""
        match self.plan:
            case None:
                return "it is still being planned"
            case NoPlan() as nothing:
                return self.look.sentence(nothing.message)
            case CombinedPlan() as plans if not plans.refusals:
                return "" if plans.possible else "none of them can be done"
            case plan:
                if not plan.refusals or (isinstance(plan, CombinedPlan) and plan.possible):
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
        self.call_after_refresh(self._tell_more)

    def _fit(self) -> None:
        """Be as high as what is said needs, as far as there is room."""
        whole = self.has_class("-small") or self.has_class("-low")
        lines = min(max(len(self._view.rows), _LEAST) + _FRAME, self.size.height * 9 // 10)
        self.query_one(".dialog").styles.height = None if whole else lines
        self.call_after_refresh(self._tell_more)

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
            self.dismiss((self.plan,))
        elif isinstance(self.plan, CombinedPlan):
            self.dismiss(self.plan.possible)

    def action_purge(self) -> None:
        """Free the room at once, past the trash; or put it into the trash after all."""
        if self.request.at_once is not None and self.plan is not None:
            self._for_good = not self._for_good
            self._plan_anew()

    def action_mark(self) -> None:
        """Turn the switch under the cursor."""
        self._view.action_open()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        """Overrule a guard or keep edited files, or no longer, and plan again."""
        event.stop()
        if not isinstance(event.row, PlanRow) or self.plan is None:
            return
        if event.row.keeps:
            self._keeps = not self._keeps
            self._plan_anew()
        elif event.row.guard is not None:
            self.allowed ^= {event.row.guard}
            self._plan_anew()

    def action_back(self) -> None:
        """Nothing is done; a plan that is still being made is dropped."""
        self._generation += 1
        super().action_back()
