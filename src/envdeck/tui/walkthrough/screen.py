"""The walkthrough: the steps of one project from a fresh clone to the first running command."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen

from envdeck.core.onboarding.model import StepAnswers, StepState, StepView
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import CommandRequested, OperationEnded, OutcomeSaid
from envdeck.tui.base.services import PlanRequest
from envdeck.tui.base.terminal import quote_path
from envdeck.tui.operate.run import OperationController
from envdeck.tui.walkthrough.options import StepDialog
from envdeck.tui.walkthrough.state import WalkthroughState
from envdeck.tui.walkthrough.view import typed
from envdeck.tui.walkthrough.worker import WIDE, WalkthroughPanes
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from envdeck.core.model import Plan
    from envdeck.tui.base.job import Job


class OutcomeRecorded(Message, bubble=False):
    """How something ended was remembered, and its step looked at again."""

    def __init__(self, step: StepView) -> None:
        super().__init__()
        self.step = step


class WalkthroughScreen(Screen[None], inherit_bindings=False):
    """The steps, all about one of them beside (or below), and the output of what is being done.

    It shows what was found and asks; what is done is planned, shown and done as everywhere else.
    """

    DEFAULT_CSS: ClassVar[str] = """
    WalkthroughScreen > .top { background: $panel; }
    WalkthroughScreen > .walk { height: 1fr; layout: vertical; }
    WalkthroughScreen StepList { height: 8; }
    WalkthroughScreen StepDetail { height: 1fr; border-top: solid $foreground 20%; }
    WalkthroughScreen StepDetail:focus { border-top: solid $primary; }
    WalkthroughScreen.-wide > .walk { layout: horizontal; margin-top: 1; }
    WalkthroughScreen.-wide StepList { width: 53%; min-width: 46; max-width: 66; height: 1fr; }
    WalkthroughScreen.-wide StepDetail {
        width: 1fr; border-top: none; border-left: vkey $panel;
    }
    WalkthroughScreen.-wide StepDetail:focus { border-left: vkey $primary; }
    WalkthroughScreen > LogView, WalkthroughScreen > StepsView, WalkthroughScreen > .job-head {
        display: none;
    }
    WalkthroughScreen > LogView, WalkthroughScreen > StepsView { height: 30%; }
    WalkthroughScreen.-wide > LogView, WalkthroughScreen.-wide > StepsView { height: 40%; }
    WalkthroughScreen.-begun > .job-head { display: block; }
    WalkthroughScreen.-begun.-printed > LogView { display: block; }
    WalkthroughScreen.-begun.-silent > StepsView { display: block; height: auto; max-height: 30%; }
    WalkthroughScreen.-low.-reading StepList { display: none; }
    WalkthroughScreen.-low.-begun.-acting StepDetail { display: none; }
    WalkthroughScreen.-low.-begun.-acting > .walk { height: auto; }
    WalkthroughScreen.-low.-begun.-acting > LogView { height: 1fr; }
    WalkthroughScreen.-low.-begun.-acting > StepsView { height: 1fr; max-height: 100%; }
    WalkthroughScreen.-low.-begun.-about > .job-head,
    WalkthroughScreen.-low.-begun.-about > LogView,
    WalkthroughScreen.-low.-begun.-about > StepsView { display: none; }
    WalkthroughScreen.-nothing StepDetail { display: none; }
    WalkthroughScreen.-nothing StepList { width: 1fr; max-width: 100%; height: 1fr; }
    """
    VIEW: ClassVar[str] = "Project setup"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("leave", to="back"),
        *bindings("back", "walkthrough", "cancel", "refresh", "copy", "undo"),
        *bindings("operations", "history", "next_pane", "previous_pane"),
    ]

    def __init__(self, walk: WalkthroughState, operations: OperationController) -> None:
        super().__init__(classes="-nothing -about")
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.walk = walk
        self.operations = operations
        self.panes = WalkthroughPanes(self, walk, operations.look, self.finish)
        self.runner = StepRunner(self, walk, operations, self.panes)

    def compose(self) -> ComposeResult:
        """How far it is, the steps, one of them, the output, the keys."""
        yield from self.panes.compose()

    def on_mount(self) -> None:
        """Show what was found last, and look at it again."""
        self.walk.shown = True
        self.panes.begin()
        self.watch(self.app, "app_focus", self._came_back, init=False)

    def on_unmount(self) -> None:
        """Nobody waits any more."""
        self.walk.shown = False

    def _came_back(self, focused: bool) -> None:  # noqa: FBT001 - as a watcher is called
        """Look again when the terminal is returned to: something may have been done elsewhere."""
        if focused and not self.panes.looking:
            self.panes.look_again()

    def on_resize(self, event: Resize) -> None:
        """Tell it for the new width."""
        del event
        self.call_after_refresh(self.panes.show_current)

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        self.panes.row_moved()

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        if isinstance(event.row, StepView):
            self.runner.do(event.row)

    def action_next_pane(self) -> None:
        """From the steps to what is told of one, to the output, and back."""
        self.panes.next_pane()

    def action_previous_pane(self) -> None:
        """The other way round."""
        self.panes.previous_pane()

    # what was done

    def on_operation_ended(self, message: OperationEnded) -> None:
        """Remember how it ended, look at its step again and then at all; what was done elsewhere
        may have changed something here as well."""
        if not self.finish(message.job):
            self.panes.look_again()

    def finish(self, job: "Job") -> bool:
        """Remember how something ended; return whether it was done for a step, and is news."""
        step = self.walk.take(job)
        if step is None:
            return False
        self.panes.pane("about")
        run_in_thread(partial(self._recorded, step, job), self.post_message)
        self.panes.show_current()
        return True

    def _recorded(self, step: StepView, job: "Job") -> OutcomeRecorded:
        """Called in a thread."""
        return OutcomeRecorded(self.walk.record(step, job))

    def on_outcome_recorded(self, message: OutcomeRecorded) -> None:
        """Tick it, and go on to the next one once the others were looked at."""
        self.walk.put(message.step)
        if not message.step.state.is_open:
            self.panes.go_on_from = message.step.name
        self.panes.show()
        self.panes.look_again()

    def on_outcome_said(self, message: OutcomeSaid) -> None:
        """What was done could not be looked at: look at all of it again, which says why."""
        del message
        self.panes.look_again()

    def action_cancel(self) -> None:
        """Give up what is being done."""
        self.runner.cancel()

    def action_refresh(self) -> None:
        """Look at every step again."""
        self.panes.look_again()

    def action_copy(self) -> None:
        """Copy the commands of the step, and show them."""
        self.runner.copy()

    def action_undo(self) -> None:
        """Ask whether the last operation shall be taken back."""
        self.operations.undo()

    def action_operations(self) -> None:
        """What is being done, and what was."""
        self.post_message(CommandRequested("operations"))

    def action_history(self) -> None:
        """What was done before."""
        self.post_message(CommandRequested("history"))

    def action_back(self) -> None:
        """From the other panes to the steps, from there to where it was opened."""
        if self.focused in {self.panes.about, self.panes.log_view, self.panes.done_view}:
            self.panes.focus_steps()
        else:
            self.dismiss()

    def action_walkthrough(self) -> None:
        """The key that opened it closes it."""
        self.dismiss()


class StepRunner:
    """Does a step: what is done is planned, shown and done as everywhere else."""

    def __init__(
        self,
        screen: Screen[None],
        walk: WalkthroughState,
        operations: OperationController,
        panes: WalkthroughPanes,
    ) -> None:
        self.walk = walk
        self.look = operations.look
        self.operations = operations
        self._screen = screen
        self._panes = panes

    def do(self, step: StepView) -> None:
        """Do a step: ask first what has to be chosen or typed, then show what will be done."""
        if self.walk.active is not None:
            if self.walk.active_step == step.name:
                self._panes.focus_output()
            else:
                self._say(
                    f"one step at a time ({self.look.key('cancel')}: cancel the running step)"
                )
        elif step.act is None:
            self._why_not(step)
        elif self.operations.able() is not None:
            if step.options or step.fields:
                self._ask(step)
            else:
                self._plan(step, StepAnswers())

    def _why_not(self, step: StepView) -> None:
        """Say what a person can do where there is nothing that we do."""
        if step.commands and step.state in {StepState.READY, StepState.DONE}:
            self.copy()
        elif step.state is StepState.WAITING:
            first = next((each for each in self.walk.steps if _comes_first(each)), None)
            title = "an earlier step" if first is None else self.look.sentence(first.title)
            self._say(f"requires: {title}")
        elif step.state is StepState.CANNOT:
            hint = step.hint or "see the step's description"
            self._say(f"manual step: {self.look.sentence(hint)}")
        elif step.state is StepState.SKIPPED:
            self._say("not applicable to this project")
        else:
            self._say("nothing to do")

    def _ask(self, step: StepView) -> None:
        dialog = StepDialog(step, self.look)
        dialog.on_chosen = partial(self._plan, step, chosen_in=dialog)
        self._screen.app.push_screen(dialog)

    def _plan(
        self, step: StepView, answers: StepAnswers, chosen_in: "StepDialog | None" = None
    ) -> None:
        def decided(plans: "tuple[Plan, ...]") -> None:
            for plan in plans:
                job = self.operations.submit(plan)
                if job is not None:
                    self.walk.started(step, job)
                    self._panes.pane("acting")
                    self._panes.show_current()
            if not plans and answers.options is not None:
                self._panes.look_again()  # what was chosen is remembered: it shows now

        title = self.look.sentence(step.title)
        request = PlanRequest(title, lambda _allow: self.walk.plan(step, answers))
        self.operations.request(request, chosen_in, decided)

    def cancel(self) -> None:
        """Give up what is being done; it says when it is rolled back."""
        job, queue = self.walk.active, self.operations.queue
        if job is None or queue is None:
            self._say("no step is running")
        elif job.stopping:
            self._say("already cancelling")
        else:
            queue.cancel(job)
            self._say("cancelled before it started" if job.state.over else "cancelling")
        self._panes.follow()

    def copy(self) -> None:
        """Copy the commands of the step, and show them: not every terminal takes it."""
        step = self._panes.list.current
        if step is None or not step.commands:
            self._say("no command to copy")
            return
        text = "\n".join(typed(command) for command in step.commands)
        self._screen.app.copy_to_clipboard(quote_path(text))
        self._say(f"copied {self.look.sentence(text)}")

    def _say(self, text: str) -> None:
        self._screen.notify(text, markup=False)


def _comes_first(step: StepView) -> bool:
    return step.state in {StepState.OPEN, StepState.CANNOT}
