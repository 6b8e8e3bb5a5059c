"""The plan dialog, for one or several requests."""

from collections.abc import Iterable
from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Click, Resize
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import NoPlan, Plan
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.services import CombinedPlan, Planned, PlanRequest
from envdeck.tui.dialogs.dialog import ROOMY, Dialog, DialogButton
from envdeck.tui.dialogs.plan_view import (
    ACT,
    PlanRow,
    blocked_paths,
    cost_line,
    final,
    no_plan_rows,
    plan_rows,
    target_row,
    together_rows,
)
from envdeck.tui.dialogs.requests import PlanMaker
from envdeck.tui.widgets.line import Line, Look, Part, Tone, content
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView

_HELD = 0.4
"""Seconds after a yes that came too early in which another one is taken for the same key, held."""
_LEAST = 6
"""Lines of the plan that there is always room for."""
_FRAME = 7
"""Lines that the frame, the title, what it costs and the buttons take."""

_THREE_BUTTONS = 56
"""Columns of the screen from which there is room for three."""


class PlanView(LineList[PlanRow]):
    """What the plan says; the cursor stands on what can be overruled.

    It is read from its beginning: the cursor comes into sight once a person uses it, and no
    switch is turned that is not seen. While it is planned anew, the plan before stays.
    """

    def __init__(self, look: Look, maker: PlanMaker) -> None:
        super().__init__()
        self._look, self._maker = look, maker
        self._plan: Planned | None = None
        self._good = False
        self.viewport.follows = False

    def action_open(self) -> None:
        """Turn the switch under the cursor; one that is not seen comes into sight instead."""
        place = self.cursor.place
        top, room = round(self.scroll_y), self.scrollable_content_region.height
        if place is None or top <= place < top + room:
            super().action_open()
        else:
            self.viewport.move()

    def build(self) -> None:
        """Show what was planned last."""
        maker, look, cells = self._maker, self._look, self.cells
        if maker.plan is not None:
            self._plan, self._good = maker.plan, maker.for_good
        plan = self._plan
        if not cells:
            return
        can = maker.can_keep
        match plan:
            case NoPlan():
                self.show_rows(no_plan_rows(plan, look, cells))
            case CombinedPlan(allowed=allowed):
                self.show_rows(together_rows(plan, maker.met, allowed, look, cells, can_keep=can))
            case Plan():
                good = self._good
                rows = plan_rows(plan, maker.met, look, cells, for_good=good, can_keep=can)
                self.show_rows(rows)

    def on_resize(self, event: Resize) -> None:
        """Tell it for the new width."""
        super().on_resize(event)
        self.build()
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

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("yes", "mark", "purge", "leave_out")]

    def __init__(self, request: PlanRequest, look: Look, *, leave: str = "Cancel") -> None:
        """Take what is wished for; `leave` is the word for not doing it."""
        super().__init__(look)
        self._leave = leave
        self.request = request
        self.maker = PlanMaker(self, request, self._say_planning, self._show)
        self._too_early = float("-inf")
        self._view = PlanView(look, self.maker)
        self._no = DialogButton(cancel_line(leave), id="cancel")
        self._purge = DialogButton((), id="purge")
        self._yes = DialogButton(self._yes_line(), id="yes", classes="yes")

    @property
    def plan(self) -> Planned | None:
        """What is shown; None while it is planned."""
        return self.maker.plan

    def body(self) -> Widget:
        """What the plan says."""
        return self._view

    def buttons(self) -> Iterable[Button]:
        """Cancel first: it has the focus."""
        if self.request.at_once is not None:
            yield self._purge
        yield self._no
        yield self._yes

    def on_mount(self) -> None:
        """Begin to plan."""
        self.app.clear_notifications()  # nothing may lie over the buttons
        self.watch(self._view, "scroll_y", self.on_plan_view_fitted, init=False)
        self.maker.make()

    def on_plan_view_fitted(self) -> None:
        """Say in the frame that there is more below than is seen, and by which key."""
        view = self._view
        unseen = len(view.rows) - round(view.scroll_y) - view.scrollable_content_region.height
        sign = "▼" if self.look.unicode else "v"
        more = f"{sign} {unseen:,} more below: {self.look.key('page_down')}" if unseen > 0 else ""
        self.query_one(".dialog", Vertical).border_subtitle = Text(more)

    # what is said

    def _say_planning(self, done: int) -> None:
        good = Part("  permanently" if self.maker.for_good else "", Tone.ERROR)
        named = "/" in self.request.title
        out = self.maker.left_out
        left = Part(f"  {out:,} left out" if out else "", Tone.WARNING)
        self.title_label.show((Part(self.request.title, Tone.STRONG, path=named), left, good))
        total, ellipsis = len(self.maker.request.parts), self.look.signs.ellipsis
        far = f" {min(done + 1, total):,} of {total:,}" if total else ""
        said = f"Planning{far}{ellipsis} ({self.look.key('back')} to cancel)"
        self.said.show((Part(said, Tone.MUTED),))

    def _show(self) -> None:
        """Show what was planned, and name what a yes does; where nothing can be done there is
        none."""
        possible = not isinstance(self.plan, NoPlan)
        if isinstance(self.plan, CombinedPlan):
            possible = bool(self.plan.possible or self.plan.refusals)
        self._view.build()
        if not possible:
            self._no.focus()
        small = self.size.width < ROOMY
        self._yes.display = possible
        self._purge.display = possible and self.size.width >= _THREE_BUTTONS
        for button, line in (
            (self._yes, self._yes_line()),
            (self._purge, purge_line(self.look, small=small, back=self.maker.for_good)),
            (self._no, cancel_line("Back" if isinstance(self.plan, NoPlan) else self._leave)),
        ):
            button.label = content(line)
            button.refresh(layout=True)
        self._fit()
        self._say_what_holds()

    def _yes_line(self) -> Line:
        key = Part(f" ({self.look.key('yes')})", Tone.MUTED)
        whole = self.plan.whole() if isinstance(self.plan, CombinedPlan) else self.plan
        if not isinstance(whole, Plan):
            return (Part("Yes"), key)
        count = len(whole.targets)
        said = ACT[whole.operation] + (f" {count:,}" if count > 1 else "")
        return (Part(f"{said} permanently" if self.maker.for_good else said), key)

    def _say_what_holds(self) -> None:
        plan, why = self.plan, why_not(self.plan, self.look)
        whole = plan.whole() if isinstance(plan, CombinedPlan) else plan
        if isinstance(plan, NoPlan):
            said = ("Nothing to do", Tone.WARNING) if plan.nothing else ("Not possible", Tone.ERROR)
            self.said.show((Part(*said),))
        elif isinstance(whole, Plan) and not why:
            cells = max(self.said.content_size.width, 20)
            each = isinstance(plan, CombinedPlan)
            self.said.show(cost_line(whole, self.look, cells, each=each))
        elif plan is not None:
            self.said.show((Part(why, Tone.ERROR),))

    def on_resize(self) -> None:
        """Say it for the new width, once that is known."""
        self.call_after_refresh(self._fit)
        self.call_after_refresh(self._say_what_holds)
        self.call_after_refresh(self.on_plan_view_fitted)

    def _fit(self) -> None:
        """Be as high as what is said needs, as far as there is room."""
        self.fit(max(len(self._view.rows), _LEAST) + _FRAME)
        self.call_after_refresh(self.on_plan_view_fitted)

    # answers

    def action_yes(self) -> None:
        """Do it, or say why not. A key that was held since before the plan was there is no yes."""
        why = why_not(self.plan, self.look)
        if self.plan is None or monotonic() - self._too_early < _HELD:
            self._too_early = monotonic()
            why = why or f"plan ready: press {self.look.key('yes')} again to confirm"
        if why:
            self.said.show((Part(why, Tone.ERROR),))
            self.app.bell()
        elif isinstance(self.plan, Plan):
            self.dismiss((self.plan,))
        elif isinstance(self.plan, CombinedPlan):
            plans = self.plan.possible
            tie = f"{plans[0].id}-all" if len(plans) > 1 else ""
            self.dismiss(tuple(replace(plan, batch=tie) for plan in plans))

    def action_purge(self) -> None:
        """Free the room at once, past the trash; or put it into the trash after all."""
        if self.request.at_once is not None and self.plan is not None:
            self.maker.for_good = not self.maker.for_good
            self.maker.make()

    def action_leave_out(self) -> None:
        """Leave out what is blocked, and plan the rest; marks in the list stay."""
        if why := self.maker.leave_out():
            self.said.show((Part(why, Tone.ERROR),))
            self.app.bell()
        else:
            self._view.scroll_home(animate=False)

    def action_mark(self) -> None:
        """Turn the switch under the cursor."""
        self._view.action_open()

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        """Overrule a guard or keep edited files, or no longer, and plan again."""
        event.stop()
        if isinstance(event.row, PlanRow) and self.plan is not None:
            self.maker.turn(event.row)

    def action_back(self) -> None:
        """Nothing is done; a plan that is still being made is dropped."""
        self.maker.cancel()
        super().action_back()


def cancel_line(word: str) -> Line:
    """Return the words of the button that does nothing."""
    return (Part(word), Part(" (enter)"))


def purge_line(look: Look, *, small: bool, back: bool) -> Line:
    """Return the words of the button that plans to delete past the trash, or `back` into it."""
    said = "Permanently" if small else "Delete permanently"
    if back:
        said = "To trash" if small else "Move to trash"
    return (Part(said), Part(f" ({look.key('purge')})", Tone.MUTED))


def why_not(planned: Planned | None, look: Look) -> str:
    """Say why yes would do nothing; empty where it acts."""
    match planned:
        case None:
            return "still planning"
        case NoPlan() as nothing:
            return look.sentence(nothing.message)
        case CombinedPlan() as plans if not plans.refusals:
            reasons = [each.message for _, each in plans.planned if isinstance(each, NoPlan)]
            said = f"none of them is possible: {look.sentence(reasons[0])}" if reasons else ""
            return "" if plans.possible else said
        case plan:
            if not plan.refusals or (isinstance(plan, CombinedPlan) and plan.possible):
                return ""
            return _blocked_words(plan, look)


def _blocked_words(plan: Plan | CombinedPlan, look: Look) -> str:
    """Say by what it is blocked; of several how many are, and by which key those are left out."""
    guards = ", ".join(dict.fromkeys(each.guard for each in plan.refusals))
    never = final(plan.refusals)
    total = len(plan.planned) if isinstance(plan, CombinedPlan) else len(plan.targets)
    blocked = plan.skipped if isinstance(plan, CombinedPlan) else len(blocked_paths(plan))
    ways = [] if never else ["space: override"]
    if 0 < blocked < total:
        ways.append(f"{look.key('leave_out')}: leave out")
        return f"{blocked:,} of {total:,} blocked by {guards} ({', '.join(ways)})"
    every = f"all {total:,} " if blocked and total > 1 else ""
    if never is not None:
        return f"{every}blocked by {never.guard}: {look.sentence(never.message)}"
    return f"{every}blocked by {guards} (space: override)"
