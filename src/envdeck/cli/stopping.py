"""Stopping on the way: a plan is broken off, and what acts gives up and rolls back by itself."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

_LISTENING_SECONDS = 0.5
"""Who has asked within that time asks again soon: what runs a program does so 20 times a second."""


class Interruption(KeyboardInterrupt):
    """A signal broke it off. Of a plain KeyboardInterrupt that passes through an `exec` (every
    import of a dataclass has one), CPython remembers that it was not handled, though it was, and
    kills the process with SIGINT in place of its exit code."""


def broken_off(error: BaseException) -> bool:
    """Tell whether a signal is behind this: before Python 3.12, one that comes while a class is
    made (by an import) is wrapped into a RuntimeError."""
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, Interruption)


@dataclass(slots=True)
class Stops:
    """Tells whether a person, or the system, wants the end; it is called for that.

    Before anything is changed, a first signal (Ctrl-C, SIGTERM, a terminal that is closed) is
    only noted where somebody asks for it, so that programs are ended in good order; else, and
    with a second one, it breaks off what is done, as an :class:`Interruption`. Once something is
    changed (:attr:`acting`), signals are only noted, so that what runs gives up where it can
    and puts everything back. A second Ctrl-C breaks off even that: the journal tells the next
    start what is left to do.
    """

    acting: bool = False
    told: list[int] = field(default_factory=list)
    _asked_at: float = 0.0

    def __call__(self) -> bool:
        """Tell whether it is to end."""
        self._asked_at = time.monotonic()
        return bool(self.told)

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        self.told.append(number)
        again = len(self.told) > 1
        if self.acting:
            if again and number == signal.SIGINT:
                raise Interruption
        elif again or time.monotonic() - self._asked_at > _LISTENING_SECONDS:
            raise Interruption

    def check(self) -> None:
        """Break off where a signal was only noted; from now on nobody asks. Raises
        :class:`Interruption`."""
        self._asked_at = 0.0
        if self.told:
            raise Interruption

    @contextmanager
    def unbroken(self) -> Iterator[None]:
        """Let what has begun come to its end, and break off then."""
        self.acting = True
        try:
            yield
        finally:
            self.acting = False
        self.check()


@contextmanager
def stopping() -> Iterator[Stops]:
    """Take the signals that end a program, and give what tells of them."""
    stops = Stops()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stops.note) for number in numbers}
    try:
        yield stops
    except RuntimeError as error:
        if broken_off(error):
            raise Interruption from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
