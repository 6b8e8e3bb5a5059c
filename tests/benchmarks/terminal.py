"""A process in a pseudo-terminal, and when it wrote what."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

COLUMNS, ROWS = 120, 36
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])"
)


class Terminal:
    """The far end of a pseudo-terminal with one process on it."""

    def __init__(self, master: int, process: "subprocess.Popen[bytes]", started: float) -> None:
        self.process = process
        self.started = started
        self.output = bytearray()
        self._master = master
        self._closed = False

    def text(self) -> bytes:
        """Return all that was written so far, without escape sequences."""
        return _ESCAPES.sub(b"", bytes(self.output))

    def send(self, keys: bytes) -> float:
        """Press keys; return when."""
        now = time.perf_counter()
        os.write(self._master, keys)
        return now

    def read(self, seconds: float) -> float | None:
        """Wait for output and take it; return when it came, or None when none did in time."""
        when = self._take(seconds)
        if when is None and self._closed:
            raise SystemExit(f"error: the screen closed by itself: {self.text()[-2000:]!r}")
        return when

    def _take(self, seconds: float) -> float | None:
        if self._closed or not select.select([self._master], [], [], seconds)[0]:
            return None
        now = time.perf_counter()
        try:
            part = os.read(self._master, 1 << 20)
        except OSError:  # Linux's way of saying that the other end is closed
            part = b""
        self.output += part
        self._closed = not part
        return None if self._closed else now

    def wait_for(self, seen: Callable[[bytes], bool], seconds: float = 60) -> float:
        """Wait until what was written satisfies `seen`; return when that was."""
        limit = time.perf_counter() + seconds
        while time.perf_counter() < limit:
            when = self.read(1)
            while when is not None and (more := self.read(0)) is not None:
                when = more
            if when is not None and seen(self.text()):
                return when
        raise SystemExit(f"error: not seen within {seconds} s: {self.text()[-2000:]!r}")

    def until_closed(self, limit: float = 300) -> None:
        """Take output until the process ends by itself.

        Raises:
            SystemExit: it did not, or it failed.
        """
        end = time.perf_counter() + limit
        while self.process.poll() is None and time.perf_counter() < end:
            self._take(0.05)
        if self.process.poll() != 0:
            raise SystemExit(f"error: {self.process.poll()}: {self.text()[-2000:]!r}")

    def settle(self, quiet: float, limit: float = 300) -> float | None:
        """Take output until none came for `quiet` seconds; return when the last of it came."""
        last, end = None, time.perf_counter() + limit
        while (when := self.read(quiet)) is not None:
            last = when
            if when > end:
                raise SystemExit(f"error: still writing after {limit} s")
        return last


@contextmanager
def terminal(command: Sequence[str], variables: dict[str, str]) -> Iterator[Terminal]:
    """Run a process on a terminal of 120×36; end it, if it has not ended by then."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    started = time.perf_counter()
    process = subprocess.Popen(
        command, env=variables, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    screen = Terminal(master, process, started)
    try:
        yield screen
    finally:
        process.terminate()
        _drain(master, process)
        os.close(master)


def _drain(master: int, process: "subprocess.Popen[bytes]") -> None:
    """Read what a process says as it ends, so that it does not wait for us."""
    end = time.perf_counter() + 5
    while process.poll() is None and time.perf_counter() < end:
        if select.select([master], [], [], 0.05)[0]:
            try:
                os.read(master, 1 << 20)
            except OSError:
                break
    if process.poll() is None:
        process.kill()
    process.wait()
