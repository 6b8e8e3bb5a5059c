"""Counting what environments occupy and free together, beside the screen."""

import time
from collections.abc import Callable, Sequence
from functools import partial

from textual.message import Message

from envdeck.core.model import Environment
from envdeck.tui.base.messages import TotalsCounted
from envdeck.tui.base.source import CatalogSource
from envdeck.tui.store.rows import Totals, nothing_shared, quick_totals
from envdeck.tui.workers import run_in_thread

_REST = 2
"""How many times as long as a count took nothing is counted, so that a scan is not slowed."""


class TotalsCounter:
    """The totals of a set that changes: counted at once where adding up is enough, else in a
    thread, one count at a time, with a rest after each, the newest set last."""

    def __init__(
        self,
        purpose: str,
        source: CatalogSource,
        post: Callable[[Message], object],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self.totals = Totals()
        self._purpose = purpose
        self._source = source
        self._post = post
        self._later = later
        self._generation = 0
        self._started = 0.0
        self._busy = False
        self._waiting: list[Environment] | None = None

    def count(self, environments: list[Environment], *, other: bool = False) -> None:
        """Count a set anew. `other` says that it is another set than before: the totals are
        unknown until it is counted. Else the ones before stand, and any that come are better."""
        if other:
            self._generation += 1
            self.totals = Totals()
        if nothing_shared(environments):
            self._generation += 1
            self.totals = quick_totals(environments) or Totals()
            self._waiting = None
        elif self._busy:
            self._waiting = environments
        else:
            self._start(environments)

    def take(self, message: TotalsCounted) -> None:
        """Take the outcome of a count, unless another set is asked for meanwhile."""
        if message.purpose != self._purpose:
            return
        if message.generation == self._generation:
            self.totals = Totals(message.occupied, message.freed)
        stale = message.generation != self._generation
        rest = 0.0 if stale else _REST * (time.monotonic() - self._started)
        self._later(max(rest, 0.001), self._rested)

    def _rested(self) -> None:
        self._busy = False
        if self._waiting is not None:
            self._start(self._waiting)

    def _start(self, environments: Sequence[Environment]) -> None:
        self._busy, self._waiting, self._started = True, None, time.monotonic()
        run_in_thread(partial(self._count, self._generation, environments), self._post)

    def _count(self, generation: int, environments: Sequence[Environment]) -> Message:
        totals = Totals()
        try:
            joint = self._source.together(environments)
            totals = Totals(joint.disk_bytes, joint.reclaimable_bytes)
        finally:
            if totals.freed is None:  # it failed, and the next count must not wait for it
                self._post(TotalsCounted(self._purpose, generation, None, None))
        return TotalsCounted(self._purpose, generation, totals.occupied, totals.freed)
