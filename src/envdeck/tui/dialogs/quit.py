"""Leaving while something is being done: wait for it, give it up, or stay."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Button

from envdeck.core.model import Operation
from envdeck.tui.base.actions import bindings
from envdeck.tui.dialogs.dialog import Dialog, DialogButton
from envdeck.tui.operations.view import job_line
from envdeck.tui.widgets.line import Display, Line, Part, Tone, wrapped
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.operation_words import activity_word, progress_bar, subject
from envdeck.tui.workers.operation_queue import OperationQueue

if TYPE_CHECKING:
    from envdeck.tui.base.job import Job

_POLL = 0.1
"""Seconds between two looks at what runs."""
_LEFT = "Cancelled operations are rolled back."
_STAYS = "A cancelled command is stopped; its effects remain."
_OVER = "All operations finished."


class _Going(LineView):
    """What is being done."""

    def __init__(self, queue: OperationQueue, look: Display) -> None:
        super().__init__()
        self._queue, self._look = queue, look
        self._was: list[Job] = []
        """What was done when it was looked at last, to tell how it ended."""

    def lay_out(self, cells: int) -> Sequence[Line]:
        """One line each."""
        look, room = self._look, max(cells - 32, 12)
        lines: list[Line] = [
            (
                Part(" "),
                *progress_bar(job, look),
                Part(f" {activity_word(job)} ", Tone.ACCENT),
                Part(subject(job.plan, look, room)),
            )
            for job in self._queue.active
        ]
        left = (Part(_way_back(self._queue.active), Tone.MUTED),)
        if not lines:
            self._was = self._was or [job for job in self._queue.jobs if job.state.over][-1:]
            lines = [job_line(job, look, cells) for job in self._was]
            left = (Part(_OVER, Tone.MUTED),)
        else:
            self._was = list(self._queue.active)
        told = wrapped(left, max(cells - 2, 8))
        return [*lines, (), *((Part(" "), *line) for line in told)]


class Leave(NamedTuple):
    """The program may end now."""


class QuitDialog(Dialog[Leave]):
    """Ends with :class:`Leave` once the program may end. The focus is on staying.

    Once everything is over there is nothing to wait for or to give up: the buttons follow.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "wait", "Wait, then quit", show=False),
        *bindings("cancel", "quit"),
        Binding("enter", "enter", show=False),
    ]
    ACTS = True
    CONFIRM = "quit"

    def __init__(self, queue: OperationQueue, look: Display) -> None:
        super().__init__(look)
        self.HORIZONTAL_BREAKPOINTS = self.VERTICAL_BREAKPOINTS = None
        self._queue = queue
        self._leaving = self._over = False
        self._going = _Going(queue, look)
        self.add_class("-brief")

    def body(self) -> Widget:
        """What is being done."""
        return self._going

    def buttons(self) -> Iterable[Button]:
        """Stay first."""
        keys = self.look.key("cancel"), self.look.key("quit")
        yield DialogButton((Part(f"Stay ({self.look.key('back')})"),), id="cancel")
        yield DialogButton((Part("Wait, then quit (w)"),), id="wait")
        yield DialogButton((Part(f"Cancel and quit ({keys[0]})"),), id="give_up")
        leave = DialogButton((Part(f"Quit ({keys[1]})"),), id="quit")
        leave.display = False
        yield leave

    def on_mount(self) -> None:
        """Follow what runs."""
        self.title_label.show((Part("Quit while operations are running?", Tone.STRONG),))
        self.set_interval(_POLL, self._look_again)

    def _look_again(self) -> None:
        self._going.lay_out_again()
        if self._queue.busy:
            return
        if self._leaving:
            self.dismiss(Leave())
        elif not self._over:
            self._over = True
            self.title_label.show((Part("Quit?", Tone.STRONG),))
            self.said.show((Part("All operations finished: quit or stay", Tone.GOOD),))
            self.query_one("#cancel").focus()
            self.stands = True
            for name in ("wait", "give_up", "quit"):
                self.query_one(f"#{name}").display = name == "quit"

    def action_wait(self) -> None:
        """Leave as soon as everything is over."""
        self._leave("waiting for operations to finish")

    def action_cancel(self) -> None:
        """The key that gives an operation up gives all of them up."""
        self.action_give_up()

    def action_give_up(self) -> None:
        """Give everything up, and leave as soon as it is rolled back."""
        if self._over:
            return
        only_runs = all(job.plan.operation is Operation.RUN for job in self._queue.active)
        self._queue.cancel_all()
        self._leave("cancelling" if only_runs else "rolling back")

    def _leave(self, doing: str) -> None:
        self._leaving = True
        ellipsis, key = self.look.signs.ellipsis, self.look.key("quit")
        said = f"{doing}{ellipsis} {key}: quit now, recover at next start"
        self.said.show((Part(said, Tone.WARNING),))
        self._look_again()

    def action_go_on(self) -> None:
        """Quit where all is over, or say by which keys it can be left before."""
        if not self._leaving:
            self.action_quit()

    def action_enter(self) -> None:
        """Say by which keys it can be left."""
        if self._over:
            keys = self.look.key("quit"), self.look.key("back")
            self.said.show((Part(f"{keys[0]}: quit, {keys[1]}: stay"),))
        else:
            self.action_go_on()

    def action_quit(self) -> None:
        """The key for quitting, once more: at once while it is being left, or all is over."""
        if self._leaving or not self._queue.busy:
            self.dismiss(Leave())
            return
        said = f"still running (w: wait, {self.look.key('cancel')}: cancel)"
        self.said.show((Part(said, Tone.WARNING),))


def _way_back(jobs: "Sequence[Job]") -> str:
    """Say what giving these up leaves behind: a command that is run has no way back."""
    runs = [job.plan.operation is Operation.RUN for job in jobs]
    said = ([] if runs and all(runs) else [_LEFT]) + ([_STAYS] if any(runs) else [])
    return " ".join(said)
