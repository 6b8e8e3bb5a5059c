"""The part of the walkthrough's screen that looks at the steps in threads, and shows them."""

from time import monotonic
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen

from envdeck.core.onboarding.model import StepState, StepView
from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.operate.run import OperationController
from envdeck.tui.operations.screen import LogView, StepsView
from envdeck.tui.walkthrough.state import WalkthroughState
from envdeck.tui.walkthrough.view import slow_words, title_line
from envdeck.tui.walkthrough.widgets import JobHead, StepDetail, StepList
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import LineLabel, Part, Tone
from envdeck.tui.widgets.line_list import LineList
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from envdeck.tui.base.job import Job

_WIDE = 100
"""Columns from which what is told of a step stands beside the steps."""
_COPY = "copy it"
_POLL = 0.1
"""Seconds between two looks at what runs."""
_SLOW = 3.0
"""Seconds after which it is said that looking takes long."""


class Looked(Message, bubble=False):
    """Every step was looked at; a stale look is told by its generation."""

    def __init__(self, generation: int, steps: tuple[StepView, ...], problem: str = "") -> None:
        super().__init__()
        self.generation = generation
        self.steps = steps
        self.problem = problem


class LookingScreen(Screen[None], inherit_bindings=False):
    """Looks at the steps in a thread, shows what was found, and follows what is being done."""

    def __init__(self, walk: WalkthroughState, operations: OperationController) -> None:
        super().__init__(classes="-nothing -about")
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
        self.walk = walk
        self.look = operations.look
        self.operations = operations
        self.list = StepList(walk, self.look)
        self.about = StepDetail(walk, self.look)
        self.log_view = LogView(self.look)
        self.done_view = StepsView(self.look)
        self._head = JobHead(self.look)
        self._title = LineLabel(classes="top")
        self._keys = KeyLine(self.look.keys)
        self._generation = 0
        self._looking: float | None = None
        """Since when a thread looks; None where none does."""
        self._again = False
        self.go_on_from: str | None = None
        """The step that was done just now: the cursor goes on from it, if it stands there."""
        self._left = False

    def compose(self) -> ComposeResult:
        """How far it is, the steps, one of them, the output, the keys."""
        yield self._title
        with Container(classes="walk"):
            yield self.list
            yield self.about
        yield self._head
        yield self.log_view
        yield self.done_view
        yield self._keys

    def on_mount(self) -> None:
        """Show what was found last, and look at it anew."""
        self.walk.shown = True
        path = self.look.path(self.walk.project)
        words = f"Looking at {path}{self.look.signs.ellipsis}"
        self.list.say_instead((Part(words, Tone.MUTED),))
        self.show()
        self.list.focus()
        self.call_after_refresh(self.look_anew)  # a thread would hold the first frame up
        self.set_interval(_POLL, self.follow)
        self.watch(self.app, "app_focus", self._came_back, init=False)

    def on_unmount(self) -> None:
        """Nobody waits any more."""
        self.walk.shown = False
        self._left = True

    # looking

    @property
    def looking(self) -> bool:
        """Whether a thread looks."""
        return self._looking is not None

    @property
    def _looking_for(self) -> float | None:
        """For how many seconds a thread looks."""
        return None if self._looking is None else monotonic() - self._looking

    def look_anew(self) -> None:
        """Look at every step in a thread; one that looks already is stopped, and waited for:
        where a disk does not answer, asking again must not add a thread each time."""
        self._generation += 1
        if self._looking is not None:
            self._again = True
            return
        self._looking = monotonic()
        generation, walk = self._generation, self.walk

        def stopped() -> bool:
            return self._left or generation != self._generation

        def post(message: Message) -> None:
            if isinstance(message, OutcomeSaid):
                message = Looked(generation, (), message.text)
            self.post_message(message)

        run_in_thread(lambda: Looked(generation, walk.look(stopped)), post)
        self._tell()

    def on_looked(self, message: Looked) -> None:
        """Show what was found, unless it was asked for again meanwhile."""
        self._looking = None
        if self._again:
            self._again = False
            self.look_anew()
            return
        if message.generation != self._generation:
            return
        if message.problem:
            words = f"{self.look.signs.broken} It could not be looked at: "
            told = (Part(words, Tone.ERROR), Part(self.look.sentence(message.problem)))
            key = Part(self.look.key("refresh"), Tone.HEADING)
            self.list.say_instead((*told, Part(". "), key, Part(" tries again.", Tone.MUTED)))
            self.walk.steps = ()
        else:
            self.walk.steps = message.steps
        self.show()
        self._go_on()

    def _came_back(self, focused: bool) -> None:  # noqa: FBT001 - as a watcher is called
        """Look again when the terminal is returned to: something may have been done elsewhere."""
        if focused and not self.looking:
            self.look_anew()

    def _go_on(self) -> None:
        name, self.go_on_from = self.go_on_from, None
        current = self.list.current
        if name is None or current is None or current.name != name:
            return
        following = self.walk.next_after(name)
        if following is not None:
            self.list.move_to_key(following)

    # showing

    def show(self) -> None:
        """Show the steps as they were found last; the cursor stays on its own."""
        steps, cursor = self.walk.steps, self.walk.cursor
        self.set_class(not steps, "-nothing")
        self.list.show_rows(steps, cursor or self.walk.next_after(None))
        self.show_current()

    def show_current(self) -> None:
        """Show all about the step under the cursor, and what keys do on it."""
        beside = self.size.width >= _WIDE or self.has_class("-reading")
        self.about.show(self.list.current, titled=beside)
        self.follow()
        self._tell()

    def follow(self) -> None:
        """Take what was written since, and say what has taken long."""
        job = self.walk.last
        self.set_class(job is not None, "-begun")
        if job is not None:
            self.set_class(job.written > 0, "-printed")
            self.set_class(job.written == 0, "-silent")
            self._head.show(job)
            self.log_view.show(job, commands=False)
            self.log_view.follow()
            self.done_view.job = job
            self.done_view.lay_out_again()
            self.done_view.follow()
            if not job.state.over:
                self.list.refresh()
            else:  # given up before it began, which nobody else says; or while it was left
                self.finish(job)
        seconds = self._looking_for
        if seconds is not None and seconds > _SLOW:
            words = slow_words(self.walk, seconds, self.look)
            self.list.say_instead((Part(words, Tone.WARNING),))
            self.list.refresh()
            self._tell()

    def _tell(self) -> None:
        cells = max(self.size.width - 2, 8)
        seconds = self._looking_for
        slow = seconds is not None and seconds > _SLOW
        self._title.show(title_line(self.walk, self.look, cells, looking=self.looking, slow=slow))
        step = self.list.current
        hints: dict[str, str] = {}
        if self.walk.active is not None:
            hints = {"cancel": "", "next_pane": "read"}
        elif step is not None:
            word = _does(step)
            hints = {"open": word} if word else {}
            if step.commands and word != _COPY:
                hints["copy"] = _COPY
            hints["next_pane"] = "read"
        self._keys.tell({**hints, "refresh": "look anew", "back": "leave", "help": ""})

    def on_resize(self, event: Resize) -> None:
        """Tell it for the new width."""
        del event
        self.call_after_refresh(self.show_current)

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        name = self.list.current.name if self.list.current is not None else None
        if name != self.walk.cursor:
            self.walk.cursor = name
            self.pane("about")
        self.show_current()

    def finish(self, job: "Job") -> bool:
        """Answer to something being over; return whether it was done for a step, and is news."""
        raise NotImplementedError

    # panes

    def pane(self, name: str) -> None:
        """Where there is room for one of them alone, show what is told of a step, or the output."""
        self.set_class(name == "acting", "-acting")
        self.set_class(name != "acting", "-about")

    def focus_output(self) -> None:
        """Go to what was printed, or to the steps of the operation where nothing was."""
        self.pane("acting")
        self.remove_class("-reading")
        (self.log_view if self.has_class("-printed") else self.done_view).focus()

    def action_next_pane(self) -> None:
        """From the steps to what is told of one, to the output, and back."""
        if not self.walk.steps:
            return
        if self.list.has_focus:
            self.pane("about")
            self.add_class("-reading")
            self.about.focus()
            self.show_current()
        elif self.about.has_focus and self.walk.last is not None:
            self.focus_output()
        else:
            self.to_steps()

    def action_previous_pane(self) -> None:
        """The other way round."""
        if self.list.has_focus and self.walk.last is not None:
            self.focus_output()
        elif self.list.has_focus or not self.about.has_focus:
            self.to_steps()
            self.action_next_pane()
        else:
            self.to_steps()

    def to_steps(self) -> None:
        """Go back to the steps."""
        self.remove_class("-reading")
        self.pane("acting" if self.walk.active is not None else "about")
        self.list.focus()
        self.show_current()


def _does(step: StepView) -> str:
    """Return what the key for opening does on a step, in a word or two."""
    if step.act is not None:
        if step.fields:
            return "fill in"
        if step.options:
            return "choose"
        return "run it" if step.name == "command" else "do it"
    return _COPY if step.commands and step.state in {StepState.READY, StepState.DONE} else ""
