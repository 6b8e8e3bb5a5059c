"""Time in which nothing happens."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from support.private_names import find_private

_CLOCKS = ("textual._time:get_time", "textual._wait:monotonic")


@contextmanager
def idle_time_skipped(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let the clock of a loop stand still while it works, and jump to its next timer whenever
    nothing else can happen.

    Timers fire in the same order, after the same time as the loop has it, on any machine. As long
    as a thread works that was not there before, the loop waits as it always does: that thread may
    have something to say.
    """
    before = set(threading.enumerate())
    selector, now = loop._selector, loop.time()
    wait = selector.select

    def select(timeout: float | None = None) -> list:
        nonlocal now
        alone = before.issuperset(threading.enumerate())  # asked first: it may end meanwhile
        events = wait(0)
        if events or timeout == 0:
            return events
        if alone and timeout is not None:
            now += timeout
            return events
        began = monotonic()
        events = wait(timeout)
        waited = monotonic() - began
        # never beyond the next timer: two that are due one after the other never are at once
        now += waited if timeout is None else min(waited, timeout)
        return events

    def time() -> float:
        return now

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selector, "select", select)
        patch.setattr(loop, "time", time)
        for name in _CLOCKS:
            find_private(name)
            patch.setattr(name.replace(":", "."), time)
        yield
