"""Measuring many in processes, and the worker process.

The first line it reads is a JSON list of the platform and the root of system-wide places, each
further one a path, the package folders there whose RECORDs are compared with it, and the digests
of RECORDs that were read before. For each path it answers one line, a JSON list of figures (or
null where nothing could be measured), and after it as many bytes of shared files as the last
figure says. It ends with its input.

Measuring is bound by system calls, and threads wait for each other (the interpreter lock): two
processes on two cores take half the time of one, where two threads take longer. In processes of
its own it also leaves the screen's loop alone.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import IO, TypeAlias

from envdeck.core.inspection.packages.record import PresenceReader
from envdeck.core.inspection.size import measure
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import SharedFiles, Size
from envdeck.core.system.host import Host
from envdeck.core.system.mounts import Mount, read_mounts


def main() -> None:
    """Answer until the input ends."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    platform, root = json.loads(requests.readline())
    mounts = read_mounts(Host(platform, "", {}, root=root))
    reader = PresenceReader()
    for request in requests:
        path, folders, digests = json.loads(request)
        presence = reader.expect(path, folders, digests)
        size = measure(path, now=0.0, mounts=mounts, platform=platform, presence=presence)
        write_answer(answers, size, whole=presence.end())
        answers.flush()


def write_answer(stream: IO[bytes], size: Size | None, *, whole: bool) -> None:
    """Write one answer; `whole` tells whether all is there that RECORDs list."""
    if size is None:
        stream.write(b"null\n")
        return
    packed = size.shared.packed if size.shared else b""
    device = size.shared.device if size.shared else 0
    figures = [size.apparent_bytes, size.disk_bytes, size.reclaimable_bytes, size.files]
    line = json.dumps([*figures, size.up_to, size.unreadable, whole, device, len(packed)])
    stream.write(line.encode() + b"\n" + packed)


def read_answer(stream: IO[bytes], now: float) -> tuple[Size | None, bool]:
    """Read one answer, and whether all is there that RECORDs list; `now` (seconds since the
    epoch) is when it counts as measured.

    Raises:
        EOFError: the worker has ended.
        ValueError: what came is no answer.
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    answer = json.loads(line)
    if answer is None:
        return None, False
    apparent, disk, reclaimable, files, up_to, unreadable, whole, device, length = answer
    packed = stream.read(length)
    if len(packed) != length:
        raise EOFError
    shared = SharedFiles(device, packed) if length else None
    return Size(apparent, disk, reclaimable, files, up_to, unreadable, now, shared), whole


if __name__ == "__main__":
    main()


Measured: TypeAlias = tuple[str, Size | None, bool]
"""Path, size, and whether every file is there with the length that its RECORD tells."""
Wanted: TypeAlias = tuple[str, Sequence[str]]
"""Path, and the package folders whose RECORDs are compared."""

ALONE_SECONDS = 0.1
"""How long is measured without help: a process takes about half of that to start."""
WORTH_HELP = 4
"""So many must be left for help to be worth it."""
MOST_WORKERS = 4
_POLL_SECONDS = 0.05
_JOIN_SECONDS = 2.0

# -P: the current folder is anybody's, and nothing is imported from it
COMMAND = (sys.executable, "-P", "-m", "envdeck.core.inspection.size_pool")


@dataclass(frozen=True, slots=True)
class Sizer:
    """Measures environments of one host; `stopped` is polled to end it early."""

    host: Host
    mounts: Sequence[Mount]
    stopped: Callable[[], bool]
    digests: Mapping[str, Mapping[str, str]] = field(default_factory=dict, compare=False)
    """Of RECORDs that were read just now: by environment, then by metadata folder."""
    _reader: PresenceReader = field(default_factory=PresenceReader, compare=False)

    def measure(self, path: str, folders: Sequence[str] = ()) -> Measured:
        """Measure one, here and now, and compare it with the RECORDs in its package folders; None
        for its size when there is none, or when stopped."""
        presence = self._reader.expect(path, folders, self.digests.get(path, {}))
        size = measure(
            path,
            now=self.host.now(),
            mounts=self.mounts,
            stopped=self.stopped,
            platform=self.host.platform,
            presence=presence,
        )
        return path, size, size is not None and presence.end()

    def measure_all(self, wanted: Mapping[str, Sequence[str]]) -> Iterator[Measured]:
        """Yield each path with its size, in no order; what is left when stopped is left out.
        `wanted` are the package folders to compare, by path."""
        with SizeQueue(self, len(wanted)) as queue:
            for path, folders in wanted.items():
                queue.add(path, folders)
            yield from queue.rest()


class SizeQueue:
    """Environments to be measured, and the processes that do so beside the caller."""

    def __init__(self, sizer: Sizer, expected: int) -> None:
        """Take how many will be added, which decides whether help is worth it."""
        self._sizer = sizer
        self._coming = expected
        self._left = 0
        self._waiting: SimpleQueue[Wanted | None] = SimpleQueue()
        self._done: SimpleQueue[Measured] = SimpleQueue()
        self._workers: list[Worker] = []
        self._told = 0
        """How many of them will learn that nothing more is added."""
        self._stack = ExitStack()
        self._began = time.perf_counter()

    def __enter__(self) -> "SizeQueue":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, path: str, folders: Sequence[str]) -> None:
        """Have one measured, and compared with the RECORDs in its package folders."""
        self._coming -= 1
        self._left += 1
        self._waiting.put((path, folders))

    def ready(self) -> Iterator[Measured]:
        """Yield what is measured by now; one processor is left to the caller."""
        self._call_help(_helpers() - 1)
        while not self._done.empty():
            self._left -= 1
            yield self._done.get()

    def rest(self) -> Iterator[Measured]:
        """Yield all that is left, once nothing more is added, in no order; what is left when
        stopped is left out."""
        self._coming = 0
        while self._left and not self._sizer.stopped():
            self._call_help(_helpers())
            if not self._workers:
                wanted = self._waiting.get()
                self._left -= 1
                if wanted is not None:
                    yield self._sizer.measure(*wanted)
                continue
            for _ in range(len(self._workers) - self._told):
                self._waiting.put(None)  # nothing more is added
                self._told += 1
            try:
                answer = self._done.get(timeout=_POLL_SECONDS)
            except Empty:
                if not any(worker.alive for worker in self._workers) and self._done.empty():
                    return
            else:
                self._left -= 1
                yield answer

    def _call_help(self, most: int) -> None:
        late = time.perf_counter() - self._began > ALONE_SECONDS
        if not late or _helpers() < 2 or self._left + self._coming < WORTH_HELP:
            return
        for _ in range(most - len(self._workers)):
            worker = Worker(self._sizer, self._waiting, self._done)
            self._workers.append(self._stack.enter_context(worker))


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
        waiting: SimpleQueue[Wanted | None],
        done: SimpleQueue[Measured],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._sizer = sizer
        self._waiting = waiting
        self._done = done
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._helps = False
        self._left = Event()
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
        self._left.set()
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
        while not (self._left.is_set() or self._sizer.stopped()):
            try:
                wanted = self._waiting.get(timeout=_POLL_SECONDS)
            except Empty:
                continue
            if wanted is None:
                return
            self._done.put(self._measure(*wanted))

    def _measure(self, path: str, folders: Sequence[str]) -> Measured:
        self._send([path, folders, self._sizer.digests.get(path, {})])
        if self._helps and self._process is not None and self._process.stdout is not None:
            try:
                return path, *read_answer(self._process.stdout, self._sizer.host.now())
            except (EOFError, OSError, TypeError, ValueError):
                self._helps = False
        return self._sizer.measure(path, folders)

    def _send(self, value: object) -> None:
        if not self._helps or self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(json.dumps(value).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            self._helps = False
