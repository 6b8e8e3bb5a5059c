"""How the program ends when it is told to from outside, or by a fault of its own."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from types import FrameType

from envdeck.text import plain

PATIENCE = 2.0
"""Seconds in which it ends by itself after a signal. A terminal that is gone takes no output,
and what waits for it to take some would wait for ever."""
ROLLBACK_PATIENCE = 10.0
"""Seconds that an operation has to give up once the program ends. What is not over by then is
finished or rolled back by the next start."""
_DEBUG = "ENVDECK_DEBUG"


@contextmanager
def ending_on_signals(end: Callable[[int], float]) -> Iterator[None]:
    """Call `end` with 128 and the number of a signal that ends programs, so that the terminal
    is restored; end the process with that code where this does not come about in the seconds
    that `end` returned."""
    watches: list[Timer] = []

    def told(number: int, _frame: FrameType | None) -> None:
        watch = Timer(end(128 + number), os._exit, (128 + number,))
        watch.daemon = True
        watches.append(watch)
        watch.start()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, told) for number in numbers}
    try:
        yield
    finally:
        for watch in watches:
            watch.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def fault(error: BaseException) -> str | None:
    """Return what a person is told of a fault of the program; None where the whole trace is
    asked for."""
    if os.environ.get(_DEBUG):
        return None
    return (
        f"error: {plain(f'{type(error).__name__}: {error}')}\n"
        f"hint: this is a fault of envdeck; {_DEBUG}=1 shows where it is"
    )
