"""A program in a pseudo-terminal, read as a terminal would."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pyte

LEFT = "\x1b[?1049l"
"""The alternate screen is left."""


class Terminal:
    """A Python program on a pseudo-terminal, and what its screen shows."""

    def __init__(self, *command: str | Path, columns: int = 80, lines: int = 24) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.Stream(self.screen)
        self.raw = ""
        self.code: int | None = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLUMNS="", LINES="", PYTHONUTF8="1")
            for name in ("COLUMNS", "LINES"):
                del os.environ[name]
            os.execv(sys.executable, [sys.executable, *command])
        self._size(columns, lines)

    def _size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        self._size(columns, lines)

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    @property
    def text(self) -> str:
        # the screen's own `display` trips over a wide character that a resize has cut in two
        rows, columns = range(self.screen.lines), range(self.screen.columns)
        cells = self.screen.buffer
        return "\n".join("".join(cells[row][column].data for column in columns) for row in rows)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # Linux says so when the other side has closed
            return False
        if data:
            decoded = data.decode(errors="replace")
            self.raw += decoded
            # pyte knows no private parameters but `?`, and takes what follows for text.
            self.stream.feed(decoded.replace("\x1b[>", "\x1b[?").replace("\x1b[<", "\x1b[?"))
        return bool(data)

    def until(self, condition, seconds: float = 90) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain; it shows:\n{self.text}"
            self._read(0.05)

    def agree(self) -> None:
        """Press the key for yes to a plan until it is taken: it is not, before a person can have
        read the plan."""
        # The button says "Yes" until there is a plan.
        self.until(
            lambda: (
                "(y)" in self.text and "Yes (y)" not in self.text and "Planning" not in self.text
            )
        )
        while "(y)" in self.text:
            self.press("y")
            end = time.monotonic() + 1
            while "(y)" in self.text and time.monotonic() < end:
                self._read(0.05)

    def until_gone(self, text: str, seconds: float = 90) -> None:
        """Wait until a text is gone, and not because a frame is half drawn."""
        end = time.monotonic() + seconds
        quiet = 0
        while quiet < 5:
            assert time.monotonic() < end, f"{text!r} stays; it shows:\n{self.text}"
            self._read(0.05)
            quiet = quiet + 1 if text not in self.text else 0

    def ended(self, seconds: float = 90) -> int:
        """Return the exit code, everything read."""
        end = time.monotonic() + seconds
        while self.code is None:
            assert time.monotonic() < end, f"it did not end; it shows:\n{self.text}"
            self._read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        for _ in range(1000):
            ready, _, _ = select.select([self.fd], [], [], 0.05)
            if not ready or not self._read(0):
                break
        return self.code

    def hang_up(self) -> None:
        """Close the window it runs in; what is read from now on comes from nowhere."""
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, self.fd)
        os.close(nowhere)

    def close(self) -> None:
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


def restored(terminal: Terminal) -> bool:
    """Whether the terminal is as it was: first screen, mouse off, cursor shown."""
    return (
        terminal.raw.rindex(LEFT) > terminal.raw.rindex("\x1b[?1049h")
        and terminal.raw.rindex("\x1b[?1000l") > terminal.raw.rindex("\x1b[?1000h")
        and terminal.raw.rindex("\x1b[?25h") > terminal.raw.rindex("\x1b[?25l")
    )


BROKEN = "stty raw -echo; printf '\\033[?1049h\\033[?1003h\\033[?25l\\033[31m'"
"""Leaves a terminal in as bad a state as a program can."""


def script(path: Path, text: str) -> str:
    """Write a shell script that can be run, and return its path."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)
