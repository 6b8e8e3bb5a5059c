"""Counting what environments occupy and free together, beside the screen."""

import time
from collections.abc import Callable, Sequence
from functools import partial

from textual.widget import Widget

from envdeck.core.model import Environment
from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.base.source import CatalogSource
from envdeck.tui.store.rows import Totals, nothing_shared, quick_totals
from envdeck.tui.workers.latest import Latest, Stopped

_REST = 2
"""How many times as long as a count took nothing is counted, so that a scan is not slowed."""


class TotalsCounter:
    """The totals of a set that changes: counted at once where adding up is enough, else in a
    thread, one count at a time, with a rest after each, the newest set last."""

    def __init__(self, owner: Widget, source: CatalogSource, changed: Callable[[], object]) -> None:
        self.totals = Totals()
        self._owner = owner
        self._source = source
        self._changed = changed
        self._latest = Latest(owner, self._take, self._fail)
        self._started = 0.0
        self._busy = False
        self._waiting: list[Environment] | None = None

    def count(self, environments: list[Environment], *, other: bool = False) -> None:
        """Count a set again. `other` says that it is another set than before: the totals are
        unknown until it is counted. Else the ones before stand, and any that come are better."""
        if other:
            self._latest.cancel()
            self.totals = Totals()
        if nothing_shared(environments):
            self._latest.cancel()
            self.totals = quick_totals(environments) or Totals()
            self._waiting = None
        elif self._busy:
            self._waiting = environments
        else:
            self._start(environments)

    def _start(self, environments: Sequence[Environment]) -> None:
        self._busy, self._waiting, self._started = True, None, time.monotonic()
        self._latest.request(partial(self._count, environments))

    def _count(self, environments: Sequence[Environment], stopped: Stopped) -> Totals:
        try:
            joint = self._source.together(environments)
            return Totals(joint.disk_bytes, joint.reclaimable_bytes)
        finally:  # also where it failed, or another set is wanted by now
            self._owner.call_later(self._rest, stopped)

    def _rest(self, stopped: Stopped) -> None:
        rest = 0.0 if stopped() else _REST * (time.monotonic() - self._started)
        self._owner.set_timer(max(rest, 0.001), self._rested)

    def _rested(self) -> None:
        self._busy = False
        if self._waiting is not None:
            self._start(self._waiting)

    def _take(self, totals: Totals) -> None:
        self.totals = totals
        self._changed()

    def _fail(self, text: str) -> None:
        self._owner.post_message(OutcomeSaid(text, failed=True))
        self._take(Totals())
