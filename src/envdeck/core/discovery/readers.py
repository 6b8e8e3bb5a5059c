"""Threads that read folders ahead of the walk, where the disk answers slowly.

On a warm disk one thread is the quickest: what takes time is Python itself, and threads wait for
each other. On a cold or a distant one nearly all the time is spent waiting, which threads can do
together. So a sample of what the walking thread reads is measured now and then: where it mostly
waits, others read ahead of it, so many that Python is the limit again, until the disk need not be
asked any more.

The walk comes by everything in its own order, and alone decides and remembers: with any number of
threads its answers are the same. The threads never keep a program from ending.
"""

import sys
import time
from collections.abc import Callable, Iterable
from threading import Condition, Lock, Thread
from typing import Generic, NamedTuple, TypeVar

if sys.platform == "linux":
    import resource

Read = TypeVar("Read")

MOST_THREADS = 16
"""Without a setting; more have nothing left to gain from."""
SAMPLE = 32
"""Folders that are measured at a time, at most."""
_ENOUGH = 4
"""So many tell where each of them waited: a first scan shall not read one by one for longer."""
_FEWEST = 8
"""Threads on a slow disk, at least: how long one waits alone does not tell how many requests the
disk serves at a time."""
_RARELY = 4
"""Where one sample after the other found a quick disk, only every so many asked for is taken: to
measure takes as long as to read a small folder."""
_SLOW = 50e-6
"""Seconds that a folder keeps a thread waiting on a disk that is slow enough for others."""
_STRETCH = 256
"""So many folders are read ahead between two looks whether the disk was asked at all."""
_KEPT = 8_192
"""Folders that were asked for and not come by yet, at most. The threads go where the answers lead
them, and where they have so many of a part that the walk comes to last, one alone goes on."""
_PATIENCE = 0.05
"""Seconds between two looks whether the walk was stopped."""


class _Waits(NamedTuple):
    """What this thread has waited for so far."""

    often: int
    """How often it waited at all, as a rule for a disk."""
    blocks: int
    """How many blocks a local disk read for it."""


_TELLS_WAITS = sys.platform == "linux"
"""Whether the system tells what one thread has waited for; elsewhere time alone does."""


def _waits() -> _Waits:
    if sys.platform != "linux":
        return _Waits(0, 0)
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return _Waits(used.ru_nvcsw, used.ru_inblock)


class Reading(Generic[Read]):
    """A folder that waits to be read, or was."""

    __slots__ = ("begun", "done", "error", "path", "value")

    def __init__(self, path: str) -> None:
        self.path = path
        self.begun = self.done = False
        self.value: Read | None = None
        self.error: Exception | None = None


class Readers(Generic[Read]):
    """The threads of one scan, none to begin with; it serves one walk after the other."""

    def __init__(self, most: int | None = None) -> None:
        self.most = MOST_THREADS if most is None else most
        self.count = 1
        """How many read at a time: 1 is the walking thread alone."""
        self._lock = Lock()
        self._asked = Condition(self._lock)
        self._answered = Condition(self._lock)
        self._read: Callable[[str], Read] | None = None
        self._follow: Callable[[Read], Iterable[str]] | None = None
        self._todo: list[Reading[Read]] = []
        self._ahead: dict[str, Reading[Read]] = {}
        self._wanted: Reading[Read] | None = None
        self._threads = self._idle = 0
        self._closed = False
        self._left = 0
        self._quick = self._passed = 0
        self._elapsed = self._busy = 0.0
        self._often = self._blocks = 0
        self._local = False
        self._stretch = 0

    def serve(self, read: Callable[[str], Read], follow: Callable[[Read], Iterable[str]]) -> None:
        """Read for another walk, in any thread by `read`; `follow` gives what comes after."""
        with self._lock:
            self._todo, self._ahead = [], {}
            self._read, self._follow = read, follow
        self._quick = 0
        self.sample()

    def sample(self) -> None:
        """Measure what the walking thread reads next, if it is alone, and decide again; where the
        disk was quick so far, not each time."""
        self._passed += 1
        if self.most > 1 and self.count == 1 and self._passed > min(self._quick, _RARELY - 1):
            self._passed = 0
            self._left, self._often, self._blocks = SAMPLE, 0, 0
            self._elapsed = self._busy = 0.0

    @property
    def measures(self) -> bool:
        """Whether the walking thread is to be measured."""
        return self._left > 0

    def measure(self, call: Callable[[], Read]) -> Read:
        """Read in the walking thread."""
        before, busy, start = _waits(), time.thread_time(), time.perf_counter()
        try:
            return call()
        finally:
            self._elapsed += time.perf_counter() - start
            self._busy += time.thread_time() - busy
            after = _waits()
            self._often += after.often - before.often
            self._blocks += after.blocks - before.blocks
            self._left -= 1
            taken = SAMPLE - self._left
            if not self._left or (taken >= _ENOUGH and self._waits_each_time(taken)):
                self._left = 0
                self._decide(taken)

    def fetch(
        self, path: str, later: Iterable[str], stopped: Callable[[], bool]
    ) -> Reading[Read] | None:
        """Return a folder that a thread read, after as long as it takes; None when stopped.
        `later` are those that the walk comes by next, as far as it knows."""
        with self._lock:
            if len(self._todo) < self.count:
                self._ask_all(later)
            reading = self._ahead.pop(path, None) or self._ask(path)
            if not reading.begun:  # the next to be read is the last; it is there twice then
                self._todo.append(reading)
            self._wanted = reading
            while not reading.done:
                if stopped():
                    return None
                self._answered.wait(_PATIENCE)
        return reading

    def close(self) -> None:
        """Let the threads end; nobody waits for them."""
        with self._lock:
            self._closed = True
            self._todo.clear()
            self._asked.notify_all()

    def _waits_each_time(self, taken: int) -> bool:
        """Tell whether the disk was asked for every folder of a sample so far, and slowly."""
        slow = self._elapsed - self._busy > max(self._busy, taken * _SLOW)
        return _TELLS_WAITS and slow and min(self._often, self._blocks) >= taken

    def _decide(self, taken: int) -> None:
        waited = self._elapsed - self._busy
        waits = self._often >= taken // 4 or not _TELLS_WAITS
        if waits and waited > max(self._busy, taken * _SLOW):
            wanted = round(self._elapsed / max(self._busy, 1e-6))
            self.count = min(self.most, max(_FEWEST, wanted))
            self._local, self._blocks, self._stretch = self._blocks > 0, 0, 0
            self._quick = 0
        else:
            self._quick += 1

    def _ask(self, path: str) -> Reading[Read]:
        reading: Reading[Read] = Reading(path)
        self._todo.append(reading)
        if self._idle:
            self._asked.notify()
        elif self._threads < max(2, self.count) and not self._closed:
            self._threads += 1
            Thread(target=self._work, name="envdeck-reader", daemon=True).start()
        return reading

    def _ask_all(self, paths: Iterable[str]) -> None:
        for path in paths:
            if self.count == 1 or len(self._ahead) >= _KEPT:
                return
            if path not in self._ahead:
                self._ahead[path] = self._ask(path)

    def _work(self) -> None:
        while True:
            with self._lock:
                while not self._todo:
                    if self._closed:
                        return
                    self._idle += 1
                    self._asked.wait()
                    self._idle -= 1
                reading = self._todo.pop()
                if reading.begun:
                    continue
                reading.begun = True
                read, follow = self._read, self._follow
            before = _waits()
            try:
                if read is not None:
                    reading.value = read(reading.path)
            except Exception as error:  # noqa: BLE001 - raised again in the walk
                reading.error = error
            blocks = _waits().blocks - before.blocks
            with self._lock:
                reading.done = True
                self._count_blocks(blocks)
                if reading is self._wanted:
                    self._answered.notify()
                if reading.value is not None and follow is not None and follow is self._follow:
                    self._ask_all(follow(reading.value))

    def _count_blocks(self, blocks: int) -> None:
        self._blocks += blocks > 0
        self._stretch += 1
        if self._stretch == _STRETCH:
            if self._local and self._blocks < _STRETCH // 16:
                self.count = 1
            self._blocks = self._stretch = 0
