"""Leaving while something is being done: wait for it, give it up, or stay."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from textual.widget import Widget
from textual.widgets import Button

from envdeck.tui.dialogs.dialog import Dialog, DialogButton
from envdeck.tui.panes.operation_words import doing_word, progress_bar, subject
from envdeck.tui.queue import Queue
from envdeck.tui.widgets.line import Line, Part, Tone, wrapped
from envdeck.tui.widgets.line_view import LineView
from envdeck.tui.widgets.look import Look

_POLL = 0.1
"""Seconds between two looks at what runs."""
_LEFT = "What is given up is rolled back: everything is as it was before it began."


class _Going(LineView):
    """What is being done."""

    def __init__(self, queue: Queue, look: Look) -> None:
        super().__init__()
        self._queue, self._look = queue, look

    def lay_out(self, cells: int) -> Sequence[Line]:
        """One line each."""
        look, room = self._look, max(cells - 32, 12)
        lines: list[Line] = [
            (
                Part(" "),
                *progress_bar(job, look),
                Part(f" {doing_word(job)} ", Tone.ACCENT),
                Part(subject(job.plan, look, room)),
            )
            for job in self._queue.active
        ]
        told = wrapped((Part(_LEFT, Tone.MUTED),), max(cells - 2, 8))
        return [*lines, (), *((Part(" "), *line) for line in told)]


class Leave(NamedTuple):
    """The program may end now."""


class QuitDialog(Dialog[Leave]):
    """Ends with :class:`Leave` once the program may end. The focus is on staying."""

    def __init__(self, queue: Queue, look: Look) -> None:
        super().__init__(look)
        self._queue = queue
        self._leaving = False
        self._going = _Going(queue, look)
        self.add_class("-brief")

    def body(self) -> Widget:
        """What is being done."""
        return self._going

    def buttons(self) -> Iterable[Button]:
        """Stay first."""
        yield DialogButton((Part("Stay"),), id="cancel")
        yield DialogButton((Part("Wait, then quit"),), id="wait")
        yield DialogButton((Part("Give up and quit"),), id="give_up")

    def on_mount(self) -> None:
        """Follow what runs."""
        self.title_label.show((Part("Quit while something is being done?", Tone.STRONG),))
        self.set_interval(_POLL, self._look_again)

    def _look_again(self) -> None:
        self._going.lay_out_again()
        if not self._queue.busy:
            if self._leaving:
                self.dismiss(Leave())
            else:
                self.said.show((Part("All of it is over: quit now, or stay", Tone.GOOD),))

    def action_wait(self) -> None:
        """Leave as soon as everything is over."""
        self._leave("waiting for it to end")

    def action_give_up(self) -> None:
        """Give everything up, and leave as soon as it is rolled back."""
        self._queue.cancel_all()
        self._leave("rolling back")

    def _leave(self, doing: str) -> None:
        self._leaving = True
        ellipsis, key = self.look.signs.ellipsis, self.look.key("quit")
        said = f"{doing}{ellipsis} {key} leaves now, and the next start clears up"
        self.said.show((Part(said, Tone.WARNING),))
        self._look_again()

    def action_quit(self) -> None:
        """The key for quitting, once more: while it is being left, at once."""
        if self._leaving:
            self.dismiss(Leave())
