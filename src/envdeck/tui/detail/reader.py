"""ReadPending what is shown in a thread, the newest wish first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

from textual.message import Message
from textual.widget import Widget

from envdeck.text import plain
from envdeck.tui.detail.tab import ReadFailure, ReadPending
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from textual.timer import Timer

RequestT = TypeVar("RequestT")
FoundT = TypeVar("FoundT")

PAUSE_SECONDS = 0.05
"""How long the cursor rests before its environment is read: holding a key reads nothing."""
AT_ONCE = 2
"""Readings under way at most; a disk that does not answer does not keep the next one waiting."""
KEPT = 12
"""Answers that are kept in memory, the last ones seen."""


class ReadingEnded(Message, bubble=False):
    """A reading ended, one way or the other; whoever gets it calls :attr:`take`."""

    def __init__(self, take: Callable[[], None]) -> None:
        super().__init__()
        self.take = take


class Reader(Generic[RequestT, FoundT]):
    """Answers "what is there of this one?" for a widget, and drops answers that come late.

    Every wish has a number. A thread cannot be stopped, so what comes back is shown only when
    its number is still the newest; it is kept all the same, for when the cursor returns. The
    widget takes every :class:`ReadingEnded` it gets.
    """

    def __init__(
        self,
        owner: Widget,
        read: Callable[[RequestT], FoundT],
        answer: Callable[[RequestT, FoundT | ReadPending | ReadFailure], None],
        key: Callable[[RequestT], Hashable],
    ) -> None:
        """Take who asks, how it is read (in a thread), who is told, and what names a wish."""
        self._owner = owner
        self._read = read
        self._answer = answer
        self._key = key
        self._generation = 0
        self._running = 0
        self._request: RequestT | None = None
        self._pause: Timer | None = None
        self._kept: OrderedDict[Hashable, FoundT] = OrderedDict()

    def known(self, request: RequestT) -> FoundT | None:
        """Return what was read for a wish of the same key, if still in memory."""
        return self._kept.get(self._key(request))

    def ask(self, request: RequestT) -> None:
        """Wish for something to be read, and give up every wish before."""
        self.forget()
        self._request = request
        self._pause = self._owner.set_timer(PAUSE_SECONDS, self._start)

    def forget(self) -> None:
        """Wish for nothing."""
        self._generation += 1
        self._request = None
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

    def _start(self) -> None:
        self._pause = None
        if self._request is None or self._running >= AT_ONCE:
            return
        request, self._request = self._request, None
        generation = self._generation
        self._running += 1
        self._answer(request, ReadPending())

        def work() -> ReadingEnded:
            outcome = self._outcome(request)
            return ReadingEnded(lambda: self._take(generation, request, outcome))

        run_in_thread(work, self._owner.post_message)

    def _outcome(self, request: RequestT) -> FoundT | ReadFailure:
        try:
            return self._read(request)
        except Exception as error:  # noqa: BLE001 - it is shown in place of what was to be read
            return ReadFailure(plain(str(error)) or type(error).__name__)

    def _take(self, generation: int, request: RequestT, outcome: FoundT | ReadFailure) -> None:
        """Take what was read: keep it, and answer with it if it is still wished for."""
        self._running -= 1
        if not isinstance(outcome, ReadFailure):
            key = self._key(request)
            self._kept[key] = outcome
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        if generation == self._generation:
            self._answer(request, outcome)
        if self._pause is None:
            self._start()
