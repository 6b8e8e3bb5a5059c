"""The parts of the walkthrough's screen: they are looked at in threads, and shown."""

from time import monotonic
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen

from envdeck.core.onboarding.model import StepState, StepView
from envdeck.tui.operations.screen import LogView, StepsView
from envdeck.tui.walkthrough.state import WalkthroughState
from envdeck.tui.walkthrough.view import JobHead, StepDetail, StepList, slow_words, title_line
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Display, LineLabel, Part, Tone
from envdeck.tui.workers.latest import Latest

if TYPE_CHECKING:
    from collections.abc import Callable

    from envdeck.tui.base.job import Job

WIDE = 100
"""Columns from which what is told of a step stands beside the steps."""
_COPY = "copy"
_POLL = 0.1
"""Seconds between two looks at what runs."""
_SLOW = 3.0
"""Seconds after which it is said that looking takes long."""


class WalkthroughPanes:
    """The steps, all about one of them, and the output of what is being done for one."""

    def __init__(
        self,
        screen: Screen[None],
        walk: WalkthroughState,
        look: Display,
        finish: "Callable[[Job], object]",
    ) -> None:
        self._screen = screen
        self._finish = finish
        """Answers to something being over."""
        self.walk = walk
        self.look = look
        self.list = StepList(walk, self.look)
        self.about = StepDetail(walk, self.look)
        self.log_view = LogView(self.look)
        self.done_view = StepsView(self.look)
        self._head = JobHead(self.look)
        self._title = LineLabel(classes="top")
        self._keys = KeyLine(self.look.keys)
        self._looking: float | None = None
        """Since when a thread looks; None where none does."""
        self._latest = Latest(screen, self._show_found, self._show_failure, at_once=1)
        self.go_on_from: str | None = None
        """The step that was done just now: the cursor goes on from it, if it stands there."""

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

    def begin(self) -> None:
        """Show what was found last, and look at it again."""
        path = self.look.path(self.walk.project)
        words = f"Checking {path}{self.look.signs.ellipsis}"
        self.list.say_instead((Part(words, Tone.MUTED),))
        self.show()
        self.list.focus()
        self._screen.call_after_refresh(self.look_again)  # a thread would hold the first frame up
        self._screen.set_interval(_POLL, self.follow)

    # looking

    @property
    def looking(self) -> bool:
        """Whether a thread looks."""
        return self._looking is not None

    @property
    def _slow(self) -> float | None:
        """For how many seconds a thread looks, where that takes long."""
        seconds = 0 if self._looking is None else monotonic() - self._looking
        return seconds if seconds > _SLOW else None

    def look_again(self) -> None:
        """Look at every step in a thread; one that looks already is stopped, and waited for:
        where a disk does not answer, asking again must not add a thread each time."""
        self._latest.request(self.walk.look, begun=self._begin_to_look)

    def _begin_to_look(self) -> None:
        self._looking = monotonic()
        self._tell()

    def _show_found(self, steps: tuple[StepView, ...]) -> None:
        self._looking = None
        self.walk.steps = steps
        self.show()
        name, self.go_on_from = self.go_on_from, None
        current = self.list.current
        if name is not None and current is not None and current.name == name:
            following = self.walk.next_after(name)
            if following is not None:
                self.list.move_to_key(following)

    def _show_failure(self, problem: str) -> None:
        self._looking = None
        words = f"{self.look.signs.broken} Cannot read the project: "
        told = (Part(words, Tone.ERROR), Part(self.look.sentence(problem)))
        key = Part(self.look.key("refresh"), Tone.HEADING)
        self.list.say_instead((*told, Part(". "), key, Part(": try again", Tone.MUTED)))
        self.walk.steps = ()
        self.go_on_from = None
        self.show()

    # showing

    def show(self) -> None:
        """Show the steps as they were found last; the cursor stays on its own."""
        steps, cursor = self.walk.steps, self.walk.cursor
        self._screen.set_class(not steps, "-nothing")
        self.list.show_rows(steps, cursor or self.walk.next_after(None))
        self.show_current()

    def show_current(self) -> None:
        """Show all about the step under the cursor, and what keys do on it."""
        beside = self._screen.size.width >= WIDE or self._screen.has_class("-reading")
        self.about.show(self.list.current, titled=beside)
        self.follow()
        self._tell()

    def follow(self) -> None:
        """Take what was written since, and say what has taken long."""
        job = self.walk.last
        self._screen.set_class(job is not None, "-begun")
        if job is not None:
            self._screen.set_class(job.written > 0, "-printed")
            self._screen.set_class(job.written == 0, "-silent")
            self._head.show(job)
            self.log_view.show(job, commands=False)
            self.log_view.follow()
            self.done_view.job = job
            self.done_view.lay_out_again()
            self.done_view.follow()
            if not job.state.over:
                self.list.refresh()
            else:  # given up before it began, which nobody else says; or while it was left
                self._finish(job)
        seconds = self._slow
        if seconds is not None:
            words = slow_words(self.walk, seconds, self.look)
            self.list.say_instead((Part(words, Tone.WARNING),))
            self.list.refresh()
            self._tell()

    def _tell(self) -> None:
        cells = max(self._screen.size.width - 2, 8)
        slow = self._slow is not None
        self._title.show(title_line(self.walk, self.look, cells, looking=self.looking, slow=slow))
        step = self.list.current
        hints: dict[str, str] = {}
        if self.walk.active is not None:
            hints = {"cancel": "", "next_pane": "details"}
        elif step is not None:
            word = _does(step)
            hints = {"open": word} if word else {}
            if step.commands and word != _COPY:
                hints["copy"] = _COPY
            hints["next_pane"] = "details"
        self._keys.tell({**hints, "refresh": "refresh", "back": "leave", "help": ""})

    def row_moved(self) -> None:
        """Remember where the cursor is, and tell of that step."""
        name = self.list.current.name if self.list.current is not None else None
        if name != self.walk.cursor:
            self.walk.cursor = name
            self.pane("about")
        self.show_current()

    # panes

    def pane(self, name: str) -> None:
        """Where there is room for one of them alone, show what is told of a step, or the output."""
        self._screen.set_class(name == "acting", "-acting")
        self._screen.set_class(name != "acting", "-about")

    def focus_output(self) -> None:
        """Go to what was printed, or to the steps of the operation where nothing was."""
        self.pane("acting")
        self._screen.remove_class("-reading")
        (self.log_view if self._screen.has_class("-printed") else self.done_view).focus()

    def next_pane(self) -> None:
        """From the steps to what is told of one, to the output, and back."""
        if not self.walk.steps:
            return
        if self.list.has_focus:
            self.pane("about")
            self._screen.add_class("-reading")
            self.about.focus()
            self.show_current()
        elif self.about.has_focus and self.walk.last is not None:
            self.focus_output()
        else:
            self.focus_steps()

    def previous_pane(self) -> None:
        """The other way round."""
        if self.list.has_focus and self.walk.last is not None:
            self.focus_output()
        elif self.list.has_focus or not self.about.has_focus:
            self.focus_steps()
            self.next_pane()
        else:
            self.focus_steps()

    def focus_steps(self) -> None:
        """Go back to the steps."""
        self._screen.remove_class("-reading")
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
        return "run"
    return _COPY if step.commands and step.state in {StepState.READY, StepState.DONE} else ""
