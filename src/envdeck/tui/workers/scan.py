"""The way from a scan to the screen: a thread fills a queue, and the screen's timer empties it.

Nothing is posted per row: five thousand messages stall the screen for half a second, and a
queue emptied thirty times a second does not.
"""

from collections import deque
from collections.abc import Sequence
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import (
    Environment,
    Event,
    Examined,
    Finding,
    Finished,
    Found,
    FoundInterpreter,
    Interpreter,
    Notice,
    Progress,
    Size,
    Sized,
    Unreadable,
)
from envdeck.tui.base.services import CatalogSource

if TYPE_CHECKING:
    from envdeck.core.catalog import Scope

BATCH = 300
"""Events taken at a time, so that no drain takes longer than a frame."""


class Vanished(NamedTuple):
    """An environment that was asked for again is no longer there."""

    path: str


class Failed(NamedTuple):
    """The scan ended by a fault of the program."""

    reason: str


def newest_size(environment: Environment, *sizes: Size | None) -> Environment:
    """Return a record with the newest of its own size and others that are known: what was
    measured before stands until it is measured again."""
    known = [size for size in (environment.size, *sizes) if size is not None]
    newest = max(known, key=lambda size: size.measured_at, default=None)
    return environment if newest is environment.size else replace(environment, size=newest)


ScanItem: TypeAlias = Event | Vanished | Failed


class ScanBatch:
    """What happened since the last drain, the newest word on everything."""

    def __init__(self) -> None:
        self.found: dict[str, Environment] = {}
        self.sizes: dict[str, Size] = {}
        self.examined: dict[str, tuple[Finding, ...]] = {}
        self.interpreters: list[Interpreter] = []
        self.vanished: dict[str, None] = {}
        """Paths, in their order."""
        self.unreadable: list[Unreadable] = []
        self.notices: list[Notice] = []
        self.progress: Progress | None = None
        self.finished: Finished | None = None
        self.failed: str | None = None

    def add(self, item: ScanItem) -> None:
        """Take one event in."""
        match item:
            case Found(environment):
                self.vanished.pop(environment.path, None)  # it is there again
                self.examined.pop(environment.path, None)  # this record is newer
                before = self.found.get(environment.path)
                self.found[environment.path] = newest_size(
                    environment, before.size if before else None
                )
            case Sized(path, size):
                self.sizes[path] = size
            case Examined(path, findings):
                self.examined[path] = findings
            case FoundInterpreter(interpreter):
                self.interpreters.append(interpreter)
            case Vanished(path):
                self.vanished[path] = None
                self.found.pop(path, None)
            case Unreadable():
                self.unreadable.append(item)
            case Notice():
                self.notices.append(item)
            case Progress():
                self.progress = item
            case Finished():
                self.finished = item
            case Failed(reason):
                self.failed = reason


class _Run:
    """One scan in its thread. A run that is replaced is no longer read, whatever it still says."""

    def __init__(self, source: CatalogSource, scope: "Scope", again: Sequence[Environment]) -> None:
        self.items: deque[ScanItem] = deque()
        self.stopped = False
        self.over = False
        self._source, self._scope, self._again = source, scope, again
        Thread(target=self._look, name="envdeck-scan", daemon=True).start()

    def _look(self) -> None:
        try:
            for environment in self._again:
                if self.stopped:
                    break
                self._look_again(environment)
            for event in self._source.scan(self._scope, lambda: self.stopped):
                self.items.append(event)
        except Exception as error:  # noqa: BLE001 - or the screen would wait for it for ever
            self.items.append(Failed(f"{type(error).__name__}: {error}"))
        self.over = True

    def _look_again(self, environment: Environment) -> None:
        fresh = self._source.refresh(environment)
        if fresh is None:
            self.items.append(Vanished(environment.path))
        else:
            self.items.append(Found(replace(fresh, size=self._source.measure(fresh))))


class ScanFeed:
    """The scan as the screen sees it: started, drained, stopped."""

    def __init__(self, source: CatalogSource, scope: "Scope") -> None:
        self._source = source
        self._scope = scope
        self._run: _Run | None = None

    @property
    def running(self) -> bool:
        """Whether a scan goes on that nobody stopped."""
        return self._run is not None and not self._run.stopped

    @property
    def idle(self) -> bool:
        """Whether there is nothing left to drain, and nothing to come."""
        return self._run is None

    def start(self, again: Sequence[Environment] = ()) -> None:
        """Start a scan, those in `again` first and past the index; one that runs is dropped."""
        self.stop()
        self._run = _Run(self._source, self._scope, tuple(again))

    def stop(self) -> None:
        """Ask the scan to end. It is not waited for: it may hang on a disk that does not answer."""
        if self._run is not None:
            self._run.stopped = True

    def drain(self) -> ScanBatch:
        """Return what happened since the last time, as much as fits in a frame."""
        batch = ScanBatch()
        run = self._run
        if run is None:
            return batch
        over = run.over
        for _ in range(BATCH):
            if not run.items:
                if over:
                    self._run = None
                break
            batch.add(run.items.popleft())
        return batch
