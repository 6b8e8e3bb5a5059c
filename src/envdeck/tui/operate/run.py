"""The part of the main screen that runs operations: its queue, their end, the rows afterwards."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from textual.message import Message

from envdeck.core.model import Environment
from envdeck.tui.base import messages
from envdeck.tui.base.settings import ScreenSettings
from envdeck.tui.base.source import CatalogSource
from envdeck.tui.main.list import BrowsingScreen
from envdeck.tui.workers import run_in_thread
from envdeck.tui.workers.scan import ScanBatch, newest_size

if TYPE_CHECKING:
    from envdeck.core.catalog import Scope
    from envdeck.core.model import Plan
    from envdeck.core.operations.transaction.trash import Item
    from envdeck.tui.base.job import Job
    from envdeck.tui.base.services import Operating
    from envdeck.tui.main.operation_line import OperationLine
    from envdeck.tui.workers.operation_queue import OperationQueue
    from envdeck.tui.workers.recovery import Interrupted, Recovered

_POLL = 1 / 12
"""Seconds between two looks at what runs."""


class RowsRead(Message):
    """Some environments were read anew, beside a scan."""

    def __init__(self, found: Sequence[Environment], gone: Sequence[str]) -> None:
        super().__init__()
        self.found = found
        self.gone = gone


class RunningScreen(BrowsingScreen, inherit_bindings=False):
    """Does in the queue what was shown and said yes to, and puts the rows right afterwards."""

    def __init__(
        self,
        source: CatalogSource,
        scope: "Scope",
        settings: ScreenSettings,
        operations: "Callable[[], Operating] | None" = None,
    ) -> None:
        super().__init__(source, scope, settings)
        self._operations = operations
        self._opening = Lock()
        self._opened: Operating | None = None
        self._recovered = False
        self.queue: OperationQueue | None = None
        self._line: OperationLine | None = None
        self._removed: set[str] = set()
        """What operations have taken away while a scan went on: it may have seen that before."""
        self.facts = self.facts._replace(read_only=settings.read_only, label=settings.label)

    # beginning

    def begin_operations(self) -> None:
        """Clear up what was interrupted, before anything else acts; then what was announced."""
        self._polling = self.set_interval(_POLL, self._poll, pause=True)
        if self._operations is None:
            return
        if self.settings.read_only:
            run_in_thread(self._look_for_interrupted, self.post_message)
        else:
            run_in_thread(self._recover, self._post_recovered)

    def _look_for_interrupted(self) -> Message | None:
        """Find what waits for a start that may clear it up; called in a thread."""
        from envdeck.tui.workers.recovery import Interrupted

        operating = self.operating
        entries = () if operating is None else operating.pending()
        return Interrupted(entries) if entries else None

    def on_interrupted(self, message: "Interrupted") -> None:
        """Say it once: nothing is cleared up in the read-only mode."""
        from envdeck.tui.workers.recovery import interrupted_words

        self.say(interrupted_words(message.entries, self.look), failed=True)

    def _recover(self) -> Message | None:
        """Clear up, and import on the way what acts; called in a thread."""
        # Or the first key would wait for them.
        from envdeck.tui.workers.recovery import recover

        operating = self.operating
        return None if operating is None else recover(operating)

    def _post_recovered(self, message: Message) -> None:
        """Take a fault for a recovery that failed; called from the thread."""
        if isinstance(message, messages.OutcomeSaid):
            from envdeck.tui.workers.recovery import Recovered

            message = Recovered(failure=message.text)
        self.post_message(message)

    @property
    def operating(self) -> "Operating | None":
        """What changes environments, opened when it is first asked for, from any thread."""
        with self._opening:
            if self._opened is None and self._operations is not None:
                self._opened = self._operations()
            return self._opened

    def _need_queue(self, operating: "Operating") -> "OperationQueue":
        if self.queue is None:
            from envdeck.tui.workers.operation_queue import OperationQueue

            self.queue = OperationQueue(operating, self.look.clock, held=not self._recovered)
        return self.queue

    def on_recovered(self, message: "Recovered") -> None:
        """Say what was interrupted and what became of it, and begin."""
        from envdeck.tui.workers.recovery import recovery_words

        for text, failed in recovery_words(message, self.look):
            self.say(text, failed=failed)
        self._recovered = True
        self._read_anew_beside([entry.path for entry in message.entries])
        if self.queue is not None:
            self.queue.release()
            self._tell_operations()
        if message.announced:
            self._announce(message.announced, message.hours)
        if message.purge is not None:
            self.submit(message.purge)

    def _announce(self, items: "Sequence[Item]", hours: int) -> None:
        """Say what a later start removes for good, and note that it was said."""
        from envdeck.tui.workers.recovery import announcement_words

        self.say(announcement_words(items, hours, self.look))
        operating = self.operating
        if operating is not None:
            run_in_thread(partial(operating.announce, items), self.post_message)

    # running

    def submit(self, plan: "Plan") -> None:
        """Do what was shown."""
        operating = self.operating
        if operating is not None:
            self._need_queue(operating).submit(plan)
            self._polling.resume()
            self._tell_operations()

    @property
    def working(self) -> bool:
        """Whether anything runs or waits."""
        return self.queue is not None and self.queue.busy

    def _poll(self) -> None:
        if self.queue is None:
            return
        for job in self.queue.drain():
            self._ended(job)
        if not self.queue.busy:
            self._polling.pause()
        self._tell_operations()

    def _ended(self, job: "Job") -> None:
        from envdeck.tui.widgets.operation_words import ending

        text, failed = ending(job, self.look)
        self.app.notify(text, severity="warning" if failed else "information", markup=False)
        for screen in self.app.screen_stack:
            screen.post_message(messages.OperationEnded(job))

    def on_operation_ended(self, message: messages.OperationEnded) -> None:
        """Correct the rows that it was about."""
        self._read_anew_beside(message.job.paths)

    def _tell_operations(self) -> None:
        """Show in the rows and in one line what is being done."""
        if self.queue is None:
            return
        from envdeck.tui.widgets.operation_words import row_word

        active = self.queue.active
        doing = {path: row_word(job) for path, job in self.queue.active_paths().items()}
        self.table.tell_doing(doing)
        if active and self._line is None:
            from envdeck.tui.main.operation_line import OperationLine

            self._line = OperationLine(self.look)
            self.mount(self._line, before=self.keys)
        elif not active and self._line is not None:
            self._line.remove()
            self._line = None
        if self._line is not None:
            self._line.tell(active)

    # the rows afterwards

    def _read_anew_beside(self, paths: Sequence[str]) -> None:
        """Read and measure some paths, without a scan."""
        if not paths:
            return
        known = {path: self.listing.get(path) for path in paths}
        run_in_thread(partial(self._read, known, self.post_message), self.post_message)

    def _read(
        self, known: dict[str, Environment | None], post: Callable[[Message], object]
    ) -> Message | None:
        """Read first, so that rows are true at once, and measure then; called in a thread."""
        read = {
            path: self.source.lookup(path) if before is None else self.source.refresh(before)
            for path, before in known.items()
        }
        found = [each for each in read.values() if each is not None]
        post(RowsRead(found, [path for path, each in read.items() if each is None]))
        sized = [replace(each, size=self.source.measure(each)) for each in found]
        return RowsRead([each for each in sized if each.size is not None], ())

    def on_rows_read(self, message: RowsRead) -> None:
        """Put the rows right; the cursor stays on its own."""
        fresh = []
        for environment in message.found:
            known = self.listing.get(environment.path)
            fresh.append(newest_size(environment, known.size if known else None))
            self._removed.discard(environment.path)
            self._met.add(environment.path)
        gone = [path for path in message.gone if self.listing.get(path) is not None]
        self._removed.update(message.gone)
        before, marked = self.listing.current, self.listing.marks
        with self.table.changing():
            self.listing.put(fresh)
            self.listing.remove(gone)
        if self.listing.current != before:
            self.current_changed()
        if not marked.isdisjoint({*gone, *(each.path for each in fresh)}):
            self.marks_changed()
        self.count_all()
        self.tell()

    def _apply(self, batch: ScanBatch) -> None:
        """Take what a scan found, but for what was taken away after it began."""
        for path in self._removed:
            batch.found.pop(path, None)
        super()._apply(batch)

    def look_anew(self, again: Sequence[Environment] = ()) -> None:
        """Start a scan: it sees what operations have left."""
        self._removed.clear()
        super().look_anew(again)
