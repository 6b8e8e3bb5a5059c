"""The plan dialog, for one or several requests."""

from collections.abc import Callable, Iterable
from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Click, Resize
from textual.widget import Widget
from textual.widgets import Button

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import NoPlan, Plan
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.services import CombinedPlan, Planned, PlanRequest
from envdeck.tui.dialogs.dialog import ROOMY, Dialog, DialogButton, fit
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
from envdeck.tui.widgets.line import Display, Line, Part, Tone, content
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.widgets.line_view import LineView

UNREAD = 0.8
"""Seconds after the plan came into sight in which no yes is taken. A key that is held repeats for
the first time after 0.5 s, on some machines after 0.66 s."""
HELD = 0.3
"""Seconds after a yes in which another one is taken for the same key, held."""
_LEAST = 6
"""Lines of the plan that there is always room for."""
_FRAME = 7
"""Lines that the frame, the title, what it costs and the buttons take."""

_THREE_BUTTONS = 56
"""Columns of the screen from which there is room for three."""


class PlanView(LineList[PlanRow]):
    """What the plan says; the cursor stands on what can be overruled, and `space` turns it.

    It is read from its beginning: the cursor comes into sight once a person uses it, and no
    switch is turned that is not seen. While it is planned again, the plan before stays.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("mark", to="open"),
        Binding("enter", "screen.enter", show=False),
        Binding("right", "screen.button(1)", show=False),
    ]

    def __init__(self, look: Display, maker: PlanMaker, fitted: Callable[[], object]) -> None:
        """`fitted` is called when it has another height, or another width."""
        super().__init__()
        self._look, self._maker, self._fitted = look, maker, fitted
        self._plan: Planned | None = None
        self._good = False
        self.viewport.follows = False

    def action_open(self) -> None:
        """Turn the switch under the cursor; one that is not seen comes into sight instead."""
        place = self.cursor.place
        top, room = round(self.scroll_y), self.scrollable_content_region.height
        if place is None or self.current is None or self._maker.plan is None:
            return
        if top <= place < top + room:
            self._maker.turn(self.current)
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
        self._fitted()

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


class PlanWords:
    """What a plan dialog says in its title and above its buttons."""

    def __init__(self, dialog: "PlanDialog") -> None:
        self._dialog = dialog

    def say_planning(self, done: int) -> None:
        """Say what is planned, and how much of it is."""
        dialog, maker, look = self._dialog, self._dialog.maker, self._dialog.look
        title = dialog.request.title
        good = Part("  permanently" if maker.for_good else "", Tone.ERROR)
        left = Part(f"  {maker.left_out:,} left out" if maker.left_out else "", Tone.WARNING)
        dialog.title_label.show((Part(title, Tone.STRONG, path="/" in title), left, good))
        total, ellipsis = len(maker.request.parts), look.signs.ellipsis
        far = f" {min(done + 1, total):,} of {total:,}" if total else ""
        said = f"Planning{far}{ellipsis} ({look.key('back')} to cancel)"
        dialog.said.show((Part(said, Tone.MUTED),))

    def say_more(self) -> None:
        """Say in the frame that there is more below than is seen, and by which key."""
        look, view = self._dialog.look, self._dialog.query_one(PlanView)
        unseen = len(view.rows) - round(view.scroll_y) - view.scrollable_content_region.height
        sign = "▼" if look.unicode else "v"
        more = f"{sign} {unseen:,} more below: {look.key('page_down')}" if unseen > 0 else ""
        self._dialog.query_one(".dialog", Vertical).border_subtitle = Text(more)

    def say_what_holds(self) -> None:
        """Say what the plan costs and how it is undone, or why there is none."""
        plan, said, look = self._dialog.plan, self._dialog.said, self._dialog.look
        why = why_not(plan, look)
        whole = plan.whole() if isinstance(plan, CombinedPlan) else plan
        if isinstance(plan, NoPlan):
            nothing = Part("Nothing to do", Tone.WARNING)
            said.show((nothing if plan.nothing else Part("Not possible", Tone.ERROR),))
        elif isinstance(whole, Plan) and not why:
            cells = max(said.content_size.width, 20)
            said.show(cost_line(whole, look, cells))
        elif plan is not None:
            said.show((Part(why, Tone.ERROR),))


class HeldKey:
    """Tells a yes to the plan from the key still held that opened the dialog."""

    def __init__(self) -> None:
        self._shown = self._last = float("-inf")

    def see_plan(self) -> None:
        """Take it that a plan came into sight now: none is agreed to before it can be read."""
        self._shown = monotonic()

    def is_held(self) -> bool:
        """Whether the yes that came now is none, since the key was not let go before."""
        now, last = monotonic(), self._last
        self._last = now
        return now - self._shown < UNREAD or now - last < HELD


class PlanDialog(Dialog[tuple[Plan, ...]]):
    """Plans a wish in the background, shows the plan, and ends with it if the person says yes;
    with several, where the wish holds several together.

    It opens with the focus on *cancel*: `enter` alone never acts. Only the other button or the
    key for yes does, and only on the plan that is shown.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("purge", "leave_out"),
        *bindings("mark", to="move('open')"),
        Binding("enter", "enter", show=False),
    ]
    ACTS = True
    CONFIRM = "yes"

    def __init__(self, request: PlanRequest, look: Display, *, leave: str = "Cancel") -> None:
        """Take what is wished for; `leave` is the word for not doing it."""
        super().__init__(look)
        self._leave = leave
        self.request = request
        self._words = PlanWords(self)
        self.maker = PlanMaker(self, request, self._words.say_planning, self._show)
        self._key = HeldKey()
        self._view = PlanView(look, self.maker, self._words.say_more)
        self._no = DialogButton(cancel_line(leave, look), id="cancel")
        self._purge = DialogButton((), id="purge")
        self._yes = DialogButton(yes_line(self.maker, look), id="yes", classes="yes")

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
        self.watch(self._view, "scroll_y", self._words.say_more, init=False)
        self.maker.make()

    # what is said

    def _show(self) -> None:
        """Show what was planned, and name what a yes does; where nothing can be done there is
        none."""
        self._key.see_plan()
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
            (self._yes, yes_line(self.maker, self.look)),
            (self._purge, purge_line(self.look, small=small, back=self.maker.for_good)),
            (
                self._no,
                cancel_line("Back" if isinstance(self.plan, NoPlan) else self._leave, self.look),
            ),
        ):
            button.label = content(line)
            button.refresh(layout=True)
        self._fit()
        self._words.say_what_holds()

    def on_resize(self) -> None:
        """Say it for the new width, once that is known."""
        self.call_after_refresh(self._fit)
        self.call_after_refresh(self._words.say_what_holds)

    def _fit(self) -> None:
        """Be as high as what is said needs, as far as there is room."""
        fit(self, max(len(self._view.rows), _LEAST) + _FRAME)
        self.call_after_refresh(self._words.say_more)

    # answers

    def action_go_on(self) -> None:
        """Do it, or say why not. A key that was held since before the plan was there is no yes."""
        why = why_not(self.plan, self.look)
        if self._key.is_held():
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

    def action_enter(self) -> None:
        """Say by which keys it is answered; where nothing can be done, go back."""
        if isinstance(self.plan, NoPlan):
            self.action_back()
            return
        yes, back = self.look.key("yes"), self.look.key("back")
        ways = f"press {yes} to {yes_words(self.maker).lower()}, {back} to {self._leave.lower()}"
        why = why_not(self.plan, self.look)
        self.said.show((Part(why, Tone.ERROR) if why else Part(ways),))
        self.app.bell()

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

    def action_back(self) -> None:
        """Nothing is done; a plan that is still being made is dropped."""
        self.maker.cancel()
        super().action_back()


def yes_words(maker: PlanMaker) -> str:
    """Name what a yes does: `Delete 3 permanently`."""
    plan = maker.plan
    whole = plan.whole() if isinstance(plan, CombinedPlan) else plan
    if not isinstance(whole, Plan):
        return "Yes"
    count = len(whole.targets)
    said = ACT[whole.operation] + (f" {count:,}" if count > 1 else "")
    return f"{said} permanently" if maker.for_good else said


def yes_line(maker: PlanMaker, look: Display) -> Line:
    """Return the words of the button that does it."""
    return (Part(yes_words(maker)), Part(f" ({look.key('yes')})", Tone.MUTED))


def cancel_line(word: str, look: Display) -> Line:
    """Return the words of the button that does nothing."""
    return (Part(word), Part(f" ({look.key('back')})"))


def purge_line(look: Display, *, small: bool, back: bool) -> Line:
    """Return the words of the button that plans to delete past the trash, or `back` into it."""
    said = "Permanently" if small else "Delete permanently"
    if back:
        said = "To trash" if small else "Move to trash"
    return (Part(said), Part(f" ({look.key('purge')})", Tone.MUTED))


def why_not(planned: Planned | None, look: Display) -> str:
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


def _blocked_words(plan: Plan | CombinedPlan, look: Display) -> str:
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
