"""The scan on the screen: what it brings into the list, and what is said of it."""

import gc
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Environment, Interpreter, NotLookedAt
from envdeck.core.system.files import existing_folder
from envdeck.core.system.host import lies_under
from envdeck.text import plain
from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.base.services import CatalogSource
from envdeck.tui.main.list import EnvironmentList
from envdeck.tui.main.words import DiskUse, Facts, Summary, empty_lines
from envdeck.tui.store.rows import Totals, quick_totals, shares_nothing
from envdeck.tui.workers import run_in_thread
from envdeck.tui.workers.latest import IsDropped, Latest
from envdeck.tui.workers.scan import ScanBatch, ScanFeed, newest_size

if TYPE_CHECKING:
    from envdeck.core.catalog import Scope
    from envdeck.core.operations.api import Operations

FRAMES = 30
"""How often a second the scan's queue is emptied."""
_COUNT_EVERY = 30
"""Drains between two counts of the totals while a scan runs."""
_FREEZE_EVERY = 300
"""Drains after which what is there by then is no longer looked through for garbage: rows stay, and
to look through ten thousand of them holds the screen for 230 ms. Each time keeps what garbage there
happens to be until the scan has ended, so that it is seldom."""


class RowsRead(Message):
    """Some environments were read again, beside a scan."""

    def __init__(self, found: Sequence[Environment], gone: Sequence[str]) -> None:
        super().__init__()
        self.found = found
        self.gone = gone


class DiskRead(Message):
    """The room on the disk was read, and whether what was opened is a project by itself."""

    def __init__(self, disk: DiskUse | None, project: str) -> None:
        super().__init__()
        self.disk = disk
        self.project = project


class ScanController:
    """Feeds the list from a scan, and keeps the line above it true."""

    def __init__(
        self,
        source: CatalogSource,
        scope: "Scope",
        shown: EnvironmentList,
        summary: Summary,
        tell: Callable[[], None],
    ) -> None:
        self.source = source
        self.feed = ScanFeed(source, scope)
        self.facts = Facts(roots=scope.roots)
        self.interpreters: dict[tuple[str, str | None], Interpreter] = {}
        self.unreadable: dict[str, str] = {}
        """Places that the scan could not look into, and why."""
        self.left_out: tuple[NotLookedAt, ...] = ()
        """What the last scan left out."""
        self.operating: Callable[[], Operations | None] = lambda: None
        """Opens what knows the trash; called in a thread."""
        self.owns_collector = False
        """Whether the process is ours, and what its collector of garbage looks at."""
        self._list = shown
        self._summary = summary
        self._tell = tell
        """Says on the whole screen what holds now."""
        self._met: set[str] = set()
        """What the scan that runs has met so far."""
        self._removed: set[str] = set()
        """What operations have taken away while a scan went on: it may have seen that before."""
        self._ticks = 0
        self._all = TotalsCounter(shown, source, self._tell)
        self._marked = TotalsCounter(shown, source, self._tell)
        self._counted = -1
        shown.listing.put(source.remembered(scope))
        seen = [each.seen_at for each in shown.listing.environments() if each.seen_at]
        if seen:
            self.facts = self.facts._replace(remembered_at=min(seen))

    def begin(self) -> None:
        """Show what is remembered; :meth:`look_anew` comes after the first frame."""
        self._timer = self._list.set_interval(1 / FRAMES, self._drain, pause=True)
        if shares_nothing(self._list.listing.environments()):  # else a thread would delay the frame
            self.count_all()
        self._tell()

    def rescan(self, again: Sequence[Environment] = ()) -> None:
        """Start a scan, with some environments first and past the memory."""
        self.facts = self.facts._replace(phase="looking", visited=0, unreadable=0, elapsed=0.0)
        self.unreadable = {}
        self._met = set()
        self._removed.clear()  # it sees what operations have left
        self.feed.start(again)
        self._timer.resume()
        self._tell()

    def stop(self) -> None:
        """End the scan, and keep what was found."""
        self.feed.stop()
        self.facts = self.facts._replace(phase="stopped")

    def _drain(self) -> None:
        self.apply(self.feed.drain())
        self._ticks += 1
        if self.feed.idle:
            self._timer.pause()
            run_in_thread(self._read_disk, self._post)
        if self.feed.idle or self._ticks % 3 == 0:
            self._tell()
        if self.feed.idle or self._ticks % _COUNT_EVERY == 0:
            self.count_all()
        if self.owns_collector and (self.feed.idle or self._ticks % _FREEZE_EVERY == 0):
            if self.feed.idle:  # else each scan would leave what it kept in cycles for good
                gc.unfreeze()
                gc.collect()
            gc.freeze()

    def apply(self, batch: ScanBatch) -> None:
        """Take what a scan found, but for what was taken away after it began."""
        for path in self._removed:
            batch.found.pop(path, None)
        fresh = self._fresh(batch)
        finished = batch.finished
        self._met |= batch.found.keys()
        gone = [*batch.vanished]
        if finished and finished.complete:
            # not only what the scan itself missed: another copy may have forgotten it before
            shown = (each.path for each in self._list.listing.environments())
            gone += [path for path in shown if path not in self._met]
        self.note_interpreters(batch.interpreters)
        if fresh or gone:
            self._list.put(fresh, gone)
        look = self._list.look
        if batch.vanished:
            first, *others = batch.vanished
            more = f", and {len(others):,} more" if others else ""
            self._warn(f"no longer found: {look.path(first)}{more}")
        facts = self.facts
        if finished:
            self.left_out = finished.not_looked_at
        if batch.unreadable:
            self.unreadable |= {each.path: each.reason for each in batch.unreadable}
            facts = facts._replace(unreadable=len(self.unreadable))
        if batch.progress and facts.phase in {"looking", "examining", "measuring"}:
            progress = batch.progress
            facts = facts._replace(
                visited=progress.visited, elapsed=progress.elapsed, phase=progress.phase
            )
            if facts.phase != "looking":  # by then every record has been read again
                facts = facts._replace(remembered_at=None)
        if finished:
            facts = facts._replace(
                visited=finished.visited,
                elapsed=finished.elapsed,
                phase="done" if finished.complete else "stopped",
                remembered_at=None if finished.complete else facts.remembered_at,
            )
        if batch.failed is not None:
            facts = facts._replace(phase="failed")
            self._warn(f"scan failed: {plain(batch.failed)}")
        self.facts = facts
        for notice in batch.notices:
            said = (look.sentence(part) for part in (notice.message, notice.hint) if part)
            self._warn("\n".join(said))

    def _warn(self, text: str) -> None:
        self._list.notify(text, severity="warning", markup=False)

    def _fresh(self, batch: ScanBatch) -> list[Environment]:
        """Return the records to show, each with the newest size and findings there are."""
        fresh = []
        for path, found in batch.found.items():
            known = self._list.listing.get(path)
            sizes = (batch.sizes.pop(path, None), known.size if known else None)
            fresh.append(newest_size(_examined(found, batch), *sizes))
        for path in dict.fromkeys((*batch.sizes, *batch.examined)):
            known = self._list.listing.get(path)
            if known is not None and path not in batch.found:
                fresh.append(newest_size(_examined(known, batch), batch.sizes.get(path)))
        return fresh

    def note_interpreters(self, interpreters: Sequence[Interpreter]) -> None:
        """Keep what is known of the interpreters of the machine."""
        for interpreter in interpreters:
            self.interpreters[interpreter.prefix, interpreter.version] = interpreter

    # rows without a scan

    def read_rows(self, paths: Sequence[str]) -> None:
        """Read and measure some paths, and the environments below them, beside a scan."""
        if paths:
            listing = self._list.listing
            below = {
                one.path: one
                for one in listing.environments()
                if any(lies_under(one.path, path) for path in paths)
            }
            known = {path: listing.get(path) for path in paths} | below
            run_in_thread(partial(self._read, known), self._post)

    def _read(self, known: dict[str, Environment | None]) -> Message | None:
        """Read first, so that rows are true at once, and measure then; called in a thread."""
        read = {
            path: self.source.lookup(path) if before is None else self.source.refresh(before)
            for path, before in known.items()
        }
        found = [each for each in read.values() if each is not None]
        self._post(RowsRead(found, [path for path, each in read.items() if each is None]))
        self._post(self._read_disk())
        sized = [
            replace(
                each,
                size=self.source.measure(each),
                findings=self.source.examine(each, scanned=True).findings,
                examined=True,
            )
            for each in found
        ]
        return RowsRead([each for each in sized if each.size is not None], ())

    def _read_disk(self) -> DiskRead:
        """Read the room on the disk and in the trash; called in a thread."""
        # first frame: it says nothing of projects
        from envdeck.core.discovery.project_roots import is_project

        roots = self.facts.roots
        project = roots[0] if len(roots) == 1 and is_project(roots[0]) else ""
        operating = self.operating()
        if operating is None:
            return DiskRead(None, project)
        items = [item for item in operating.trash() if item.ours]
        known = [size for item in items if (size := item.reclaimable_bytes) is not None]
        try:
            free = operating.store.disk.free_bytes(existing_folder(operating.store.host.home))
        except OSError:  # a figure is left out, no more
            return DiskRead(None, project)
        return DiskRead(DiskUse(free, sum(known), len(known) == len(items)), project)

    def _put_rows(self, message: RowsRead) -> None:
        """Put the rows right; the cursor stays on its own."""
        listing = self._list.listing
        fresh = []
        for environment in message.found:
            known = listing.get(environment.path)
            fresh.append(newest_size(environment, known.size if known else None))
            self._removed.discard(environment.path)
            self._met.add(environment.path)
        self._removed.update(message.gone)
        self._list.put(fresh, [path for path in message.gone if listing.get(path) is not None])
        self.count_all()

    # totals, and what is said

    def _post(self, message: Message) -> None:
        """Take what a thread has found, in the screen's own; safe to call from any."""
        self._list.call_later(self._take, message)

    def _take(self, message: Message) -> None:
        if isinstance(message, RowsRead):
            self._put_rows(message)
        elif isinstance(message, DiskRead):
            self.facts = self.facts._replace(disk=message.disk, project=message.project)
        else:
            self._list.post_message(message)
        self._tell()

    def count_all(self) -> None:
        """Count what everything comes to, if anything changed."""
        listing = self._list.listing
        if self._counted != listing.revision:
            self._counted = listing.revision
            environments = listing.environments()
            unmeasured = sum(each.size is None for each in environments)
            self.facts = self.facts._replace(unmeasured=unmeasured)
            self._all.count(environments)
            self._tell()

    def count_marked(self, *, other: bool) -> None:
        """Count what the marked ones come to; `other` ones than before are unknown until then."""
        self._marked.count(self._list.listing.marks.environments(), other=other)

    @property
    def marked_totals(self) -> Totals:
        """What the marked ones come to, as far as it is known."""
        return self._marked.totals

    def show_facts(self) -> None:
        """Say what holds now, above the rows, and where they would be while there are none."""
        listing = self._list.listing
        self.facts = self.facts._replace(environments=listing.count, totals=self._all.totals)
        self._summary.tell(self.facts)
        if not len(listing):
            self._list.table.say_instead(empty_lines(listing, self.facts, self._list.look))


def _examined(environment: Environment, batch: ScanBatch) -> Environment:
    findings = batch.examined.get(environment.path)
    if findings is None:
        return environment
    return replace(environment, findings=findings, examined=True)


_REST = 2
"""How many times as long as a count took nothing is counted, so that a scan is not slowed."""


class TotalsCounter:
    """The totals of a set that changes: counted at once where adding up is enough, else in a
    thread, one count at a time, with a rest after each, the newest set last."""

    def __init__(self, owner: Widget, source: CatalogSource, changed: Callable[[], object]) -> None:
        self.totals = Totals()
        self._owner = owner
        self._source = source
        self._changed = changed
        self._latest = Latest(owner, self._take, self._fail)
        self._started = 0.0
        self._busy = False
        self._waiting: list[Environment] | None = None

    def count(self, environments: list[Environment], *, other: bool = False) -> None:
        """Count a set again. `other` says that it is another set than before: the totals are
        unknown until it is counted. Else the ones before stand, and any that come are better."""
        if other:
            self._latest.cancel()
            self.totals = Totals()
        if shares_nothing(environments):
            self._latest.cancel()
            self.totals = quick_totals(environments) or Totals()
            self._waiting = None
        elif self._busy:
            self._waiting = environments
        else:
            self._start(environments)

    def _start(self, environments: Sequence[Environment]) -> None:
        self._busy, self._waiting, self._started = True, None, time.monotonic()
        self._latest.request(partial(self._count, environments))

    def _count(self, environments: Sequence[Environment], stopped: IsDropped) -> Totals:
        try:
            joint = self._source.together(environments)
            return Totals(joint.disk_bytes, joint.reclaimable_bytes)
        finally:  # also where it failed, or another set is wanted by now
            self._owner.call_later(self._rest, stopped)

    def _rest(self, stopped: IsDropped) -> None:
        rest = 0.0 if stopped() else _REST * (time.monotonic() - self._started)
        self._owner.set_timer(max(rest, 0.001), self._rested)

    def _rested(self) -> None:
        self._busy = False
        if self._waiting is not None:
            self._start(self._waiting)

    def _take(self, totals: Totals) -> None:
        self.totals = totals
        self._changed()

    def _fail(self, text: str) -> None:
        self._owner.post_message(OutcomeSaid(text, failed=True))
        self._take(Totals())
