"""Reads what a tab shows in a thread, the newest request first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

from textual.widget import Widget

from envdeck.text import plain
from envdeck.tui.detail.tab import ReadFailure, ReadPending
from envdeck.tui.workers.latest import Latest

RequestT = TypeVar("RequestT")
FoundT = TypeVar("FoundT")

PAUSE_SECONDS = 0.05
"""How long the cursor rests before its environment is read: holding a key reads nothing."""
AT_ONCE = 2
"""Readings under way at most; a disk that does not answer does not keep the next one waiting."""
KEPT = 12
"""Answers that are kept in memory, the last ones seen."""


class Reader(Generic[RequestT, FoundT]):
    """Answers what there is of one environment, for the widget that shows it.

    What comes too late is not shown, but kept for when the cursor returns.
    """

    def __init__(
        self,
        owner: Widget,
        read: Callable[[RequestT], FoundT],
        answer: Callable[[RequestT, FoundT | ReadPending | ReadFailure], None],
        key: Callable[[RequestT], Hashable],
    ) -> None:
        """Take who asks, how it is read (in a thread), who is told, and what names a request."""
        self._owner = owner
        self._read = read
        self._answer = answer
        self._key = key
        self._latest: Latest[tuple[RequestT, FoundT | ReadFailure]] = Latest(
            owner, lambda found: answer(*found), at_once=AT_ONCE
        )
        self._kept: OrderedDict[Hashable, FoundT] = OrderedDict()

    def known(self, request: RequestT) -> FoundT | None:
        """Return what was read for a request of the same key, if still in memory."""
        return self._kept.get(self._key(request))

    def ask(self, request: RequestT) -> None:
        """Request something to be read, instead of what was requested before."""
        self._latest.request(
            lambda _stopped: (request, self._outcome(request)),
            pause=PAUSE_SECONDS,
            begun=partial(self._answer, request, ReadPending()),
        )

    def forget(self) -> None:
        """Cancel what was requested."""
        self._latest.cancel()

    def _outcome(self, request: RequestT) -> FoundT | ReadFailure:
        try:
            found = self._read(request)
        except Exception as error:  # noqa: BLE001 - it is shown in place of what was to be read
            return ReadFailure(plain(str(error)) or type(error).__name__)
        self._owner.call_later(self._keep, self._key(request), found)
        return found

    def _keep(self, key: Hashable, found: FoundT) -> None:
        self._kept[key] = found
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
