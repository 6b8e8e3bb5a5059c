"""How the program ends when it is told to from outside, or by a fault of its own."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from types import FrameType

from envdeck.text import plain

PATIENCE = 0.8
"""Seconds in which it ends by itself after `q` or a signal. A terminal that is gone takes no
output, and a disk that is gone gives no answer: what waits for those would wait for ever."""
ROLLBACK_PATIENCE = 10.0
"""Seconds that an operation has to give up once the program ends. What is not over by then is
finished or rolled back by the next start."""
_DEBUG = "ENVDECK_DEBUG"
_RESTORED = b"\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1000l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[<u"
"""Mouse and pasting as usual, the screen from before, the cursor seen, keys as usual."""


@contextmanager
def ending_on_signals(
    end: Callable[[int], float],
) -> Iterator[Callable[[float, int], None]]:
    """Call `end` with 128 and the number of a signal that ends programs, so that the terminal
    is restored; end the process with that code where this does not come about in the seconds
    that `end` returned. Yields what sees to the same for another code."""
    watches: list[Timer] = []

    def end_late(seconds: float, code: int) -> None:
        watches.append(end_after(seconds, code))

    def told(number: int, _frame: FrameType | None) -> None:
        end_late(end(128 + number), 128 + number)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, told) for number in numbers}
    try:
        yield end_late
    finally:
        for watch in watches:
            watch.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def end_after(seconds: float, code: int) -> Timer:
    """End the process with a code, the terminal restored, unless the timer is cancelled first."""
    attributes = _terminal_attributes()

    def leave() -> None:
        with suppress(OSError, ValueError):
            os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, _RESTORED)
        if attributes is not None:
            with suppress(OSError, ValueError):
                attributes()
        os._exit(code)

    watch = Timer(seconds, leave)
    watch.daemon = True
    watch.start()
    return watch


def _terminal_attributes() -> Callable[[], None] | None:
    """Return what gives the terminal its echo and its lines back; None where there is none."""
    if sys.platform == "win32":
        return None
    import termios  # not there on Windows

    try:
        found = termios.tcgetattr(0)
    except termios.error:
        return None
    found[0] |= termios.ICRNL | termios.IXON
    found[3] |= termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN

    def restore() -> None:
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSANOW, found)

    return restore


def fault(error: BaseException) -> str | None:
    """Return what a person is told of a fault of the program; None where the whole trace is
    asked for."""
    if os.environ.get(_DEBUG):
        return None
    return (
        f"error: {plain(f'{type(error).__name__}: {error}')}\n"
        f"hint: this is a fault of envdeck; {_DEBUG}=1 shows where it is"
    )
