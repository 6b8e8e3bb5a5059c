"""Measuring many environments: one after the other while they are few, then in processes.

Measuring is bound by system calls, and threads wait for each other (the interpreter lock): two
processes on two cores take half the time of one, where two threads take longer. In processes of
its own it also leaves the screen's loop alone.
"""

import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeAlias

from envdeck.core.host import Host
from envdeck.core.inspection.size import measure
from envdeck.core.inspection.size_worker import read_answer
from envdeck.core.model import Size
from envdeck.core.mounts import Mount

Measured: TypeAlias = tuple[str, Size | None]

ALONE_SECONDS = 0.1
"""How long is measured without help: a process takes about half of that to start."""
WORTH_HELP = 4
"""So many must be left for help to be worth it."""
MOST_WORKERS = 4
_POLL_SECONDS = 0.05
_JOIN_SECONDS = 2.0

# -P: the current folder is anybody's, and nothing is imported from it
COMMAND = (sys.executable, "-P", "-m", "envdeck.core.inspection.size_worker")


@dataclass(frozen=True, slots=True)
class Sizer:
    """Measures environments of one host; `stopped` is polled to end it early."""

    host: Host
    mounts: Sequence[Mount]
    stopped: Callable[[], bool]

    def measure(self, path: str) -> Size | None:
        """Measure one, here and now; None when there is none, or when stopped."""
        return measure(
            path,
            now=self.host.now(),
            mounts=self.mounts,
            stopped=self.stopped,
            platform=self.host.platform,
        )

    def measure_all(self, paths: Sequence[str]) -> Iterator[Measured]:
        """Yield each path with its size, in no order; what is left when stopped is left out."""
        waiting = deque(paths)
        began = time.perf_counter()
        while waiting and not self.stopped():
            late = time.perf_counter() - began > ALONE_SECONDS
            if late and len(waiting) >= WORTH_HELP and _helpers() > 1:
                yield from self._with_help(waiting)
                return
            path = waiting.popleft()
            yield path, self.measure(path)

    def _with_help(self, waiting: deque[str]) -> Iterator[Measured]:
        left = len(waiting)
        done: SimpleQueue[Measured] = SimpleQueue()
        with ExitStack() as stack:
            workers = [stack.enter_context(Worker(self, waiting, done)) for _ in range(_helpers())]
            while left and not self.stopped():
                try:
                    yield done.get(timeout=_POLL_SECONDS)
                except Empty:
                    if not any(worker.alive for worker in workers) and done.empty():
                        return
                else:
                    left -= 1


def _helpers() -> int:
    """Return how many processes can really run side by side."""
    allowed = getattr(os, "sched_getaffinity", None)  # a container may have fewer than there are
    return min(MOST_WORKERS, len(allowed(0)) if allowed else os.cpu_count() or 1)


class Worker:
    """One process that measures, and the thread that talks to it.

    Where the process cannot be had, or ends too early, the thread measures by itself: help
    that fails costs time and no answer.
    """

    def __init__(
        self,
        sizer: Sizer,
        waiting: deque[str],
        done: SimpleQueue[Measured],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._sizer = sizer
        self._waiting = waiting
        self._done = done
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._helps = False
        self._thread = Thread(target=self._run, daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it may still put an answer into the queue."""
        return self._thread.is_alive()

    def __enter__(self) -> "Worker":
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # the terminal's Ctrl-C is for us alone
            )
        except OSError:
            self._process = None
        self._helps = self._process is not None
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        if process is not None:
            process.kill()
            process.wait()
        self._thread.join(_JOIN_SECONDS)  # its reading has ended with the process
        for stream in (process.stdin, process.stdout) if process is not None else ():
            if stream is not None:
                with suppress(OSError):  # what was not written is of no use any more
                    stream.close()

    def _run(self) -> None:
        host = self._sizer.host
        self._send([host.platform, host.root])
        while not self._sizer.stopped():
            try:
                path = self._waiting.popleft()
            except IndexError:
                return
            self._done.put((path, self._measure(path)))

    def _measure(self, path: str) -> Size | None:
        self._send(path)
        if self._helps and self._process is not None and self._process.stdout is not None:
            try:
                return read_answer(self._process.stdout, self._sizer.host.now())
            except (EOFError, OSError, TypeError, ValueError):
                self._helps = False
        return self._sizer.measure(path)

    def _send(self, value: object) -> None:
        if not self._helps or self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(json.dumps(value).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            self._helps = False
