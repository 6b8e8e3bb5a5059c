"""A program that asks at a terminal, and what a person types."""

import os
import pty
import select
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

SECONDS = 60


def answer(
    command: list[str], environ: Mapping[str, str], cwd: Path, talk: Iterable[tuple[bytes, bytes]]
) -> tuple[int, bytes]:
    """Run a program at a terminal; after each text of the `talk` is shown, type what belongs to
    it. Return its exit code and all that it showed; one that takes too long is killed."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(cwd)
        os.execve(command[0], command, {**environ, "TERM": "xterm", "NO_COLOR": "1"})
    shown, end = b"", time.monotonic() + SECONDS

    def read() -> bytes:
        if not select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0]:
            os.kill(process, signal.SIGKILL)
        try:
            return os.read(terminal, 4096)
        except OSError:  # the other end is closed
            return b""

    for until, typed in talk:
        while until not in shown and (data := read()):
            shown += data
        if until in shown:
            os.write(terminal, typed)
    while data := read():
        shown += data
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown
