"""Work in a thread of which only the newest request counts."""

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from textual.events import Callback
from textual.message import Message
from textual.widget import Widget

from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from textual.timer import Timer

FoundT = TypeVar("FoundT")
IsDropped: TypeAlias = Callable[[], bool]
"""Tells work in a thread that its answer is dropped: a newer request came, or the widget went."""


class Latest(Generic[FoundT]):
    """Runs the newest request of a widget in a daemon thread; older ones are not answered.

    The answer, or the text of a failure, is handed over in the widget's own task. A thread cannot
    be stopped, so where `at_once` of them are busy, the newest request waits for one to end.
    """

    def __init__(
        self,
        owner: Widget,
        answer: Callable[[FoundT], object],
        failed: Callable[[str], object] | None = None,
        *,
        at_once: int = sys.maxsize,
    ) -> None:
        """Without `failed`, a failure is posted as :class:`OutcomeSaid`."""
        self._owner = owner
        self._answer = answer
        self._failed = failed or (lambda text: owner.post_message(OutcomeSaid(text, failed=True)))
        self._at_once = at_once
        self._number = 0
        self._running = 0
        self._waiting: Callable[[], None] | None = None
        self._pause: Timer | None = None

    @property
    def is_paused(self) -> bool:
        """Whether the newest request waits for its pause to be over."""
        return self._pause is not None

    def request(
        self,
        work: Callable[[IsDropped], FoundT],
        *,
        pause: float = 0,
        begun: Callable[[], object] | None = None,
    ) -> None:
        """Cancel the request before, and run this one after `pause` seconds.

        `begun` is called when the thread starts.
        """
        self.cancel()
        self._waiting = partial(self._run, work, begun)
        if pause:
            self._pause = self._owner.set_timer(pause, self._resume)
        else:
            self._start()

    def cancel(self) -> None:
        """Drop the answer to what was requested."""
        self._number += 1
        self._waiting = None
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

    def _resume(self) -> None:
        self._pause = None
        self._start()

    def _start(self) -> None:
        if self._waiting is not None and self._running < self._at_once:
            run, self._waiting = self._waiting, None
            run()

    def _run(self, work: Callable[[IsDropped], FoundT], begun: Callable[[], object] | None) -> None:
        number = self._number
        self._running += 1
        if begun is not None:
            begun()

        def stopped() -> bool:
            return number != self._number or not self._owner.is_running

        def call() -> Message:
            found = work(stopped)
            return Callback(callback=partial(self._end, number, partial(self._answer, found)))

        def post(message: Message) -> None:
            if isinstance(message, OutcomeSaid):  # the work has failed
                failed = partial(self._failed, message.text)
                message = Callback(callback=partial(self._end, number, failed))
            self._owner.post_message(message)

        run_in_thread(call, post)

    def _end(self, number: int, hand_over: Callable[[], object]) -> None:
        self._running -= 1
        if number == self._number:
            hand_over()
        if self._pause is None:
            self._start()
