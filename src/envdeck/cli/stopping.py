"""Stopping an operation on the way: it is told to give up, and rolls back by itself."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether a person, or the system, wants the end.

    A first signal (Ctrl-C, SIGTERM, a terminal that is closed) is only noted, so that what runs
    gives up where it can and puts everything back. A second Ctrl-C breaks off even that: the
    journal tells the next start what is left to do.
    """
    told: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        told.append(number)
        if number == signal.SIGINT and len(told) > 1:
            raise KeyboardInterrupt

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield lambda: bool(told)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
