"""The part of the main screen that is alive: the scan, the rows it brings, and what is said."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.events import Key, MouseDown
from textual.screen import Screen

from envdeck.core.model import Environment, Interpreter
from envdeck.text import plain
from envdeck.tui.base.settings import ScreenSettings
from envdeck.tui.base.source import CatalogSource
from envdeck.tui.main.table import EnvironmentTable
from envdeck.tui.main.tally import TotalsCounter
from envdeck.tui.main.words import Facts, Summary, empty_lines, key_hints, marked_line
from envdeck.tui.store import Listing, columns_named
from envdeck.tui.store.rows import nothing_shared
from envdeck.tui.widgets.key_line import KeyLine
from envdeck.tui.widgets.line import Look
from envdeck.tui.workers.scan import ScanBatch, ScanFeed, newest_size

if TYPE_CHECKING:
    from envdeck.core.catalog import Scope

FRAMES = 30
"""How often a second the scan's queue is emptied."""
WIDE = 100
"""Columns from which the detail stands beside the list."""
_COUNT_EVERY = 30
"""Drains between two counts of the totals while a scan runs."""


class LiveScreen(Screen[None], inherit_bindings=False):
    """Feeds the list from a scan, and keeps the lines above and below it true."""

    def __init__(self, source: CatalogSource, scope: "Scope", settings: ScreenSettings) -> None:
        super().__init__()
        self.source = source
        self.listing = Listing()
        self.look = Look(settings.home, settings.now, settings.signs, settings.keys)
        self.interpreters: dict[tuple[str, str | None], Interpreter] = {}
        self.settings = settings
        self.feed = ScanFeed(source, scope)
        self.facts = Facts(roots=scope.roots)
        self.unreadable: dict[str, str] = {}
        """Places that the scan could not look into, and why."""
        self._met: set[str] = set()
        """What the scan that runs has met so far."""
        self._ticks = 0
        self._all = TotalsCounter(self, source, self.tell)
        self._marked = TotalsCounter(self, source, self.tell)
        self._counted = -1
        self.listing.put(source.remembered(scope))
        seen = [each.seen_at for each in self.listing.environments() if each.seen_at]
        if seen:
            self.facts = self.facts._replace(remembered_at=min(seen))
        self.table = EnvironmentTable(self.listing, columns_named(settings.columns), self.look)
        self.summary = Summary(self.look)
        self.keys = KeyLine(settings.keys)

    def begin(self) -> None:
        """Show what is remembered; :meth:`look_anew` comes after the first frame."""
        self._timer = self.set_interval(1 / FRAMES, self._drain, pause=True)
        if nothing_shared(self.listing.environments()):  # else a thread would delay the frame
            self.count_all()
        self.tell()

    def after_first_frame(self) -> None:
        """Take what nobody sees at once."""
        self._note_interpreters(self.source.remembered_interpreters())
        self.count_all()

    def on_unmount(self) -> None:
        """Let the scan end by itself."""
        self.feed.stop()

    def current_changed(self) -> None:
        """The cursor stands on another environment, or on a newer record of it."""

    @property
    def inside(self) -> bool:
        """Whether the person is in the detail."""
        return self.has_class("-inside")

    @property
    def typing(self) -> bool:
        """Whether letters go into the filter."""
        return False

    @property
    def wide(self) -> bool:
        """Whether the detail stands beside the list."""
        return self.size.width >= WIDE

    @property
    def inner_hints(self) -> dict[str, str] | None:
        """The actions worth a hint in the detail, where the person is there."""
        return None

    # the scan

    def look_anew(self, again: Sequence[Environment] = ()) -> None:
        """Start a scan, with some environments first and past the memory."""
        self.facts = self.facts._replace(phase="looking", visited=0, unreadable=0, elapsed=0.0)
        self.unreadable = {}
        self._met = set()
        self.feed.start(again)
        self._timer.resume()
        self.tell()

    def _drain(self) -> None:
        batch = self.feed.drain()
        self._apply(batch)
        self._ticks += 1
        if self.feed.idle:
            self._timer.pause()
        if self.feed.idle or self._ticks % 3 == 0:
            self.tell()
        if self.feed.idle or self._ticks % _COUNT_EVERY == 0:
            self.count_all()

    def _apply(self, batch: ScanBatch) -> None:
        fresh = self._fresh(batch)
        finished = batch.finished
        self._met |= batch.found.keys()
        gone = [*batch.vanished]
        if finished and finished.complete:
            # not only what the scan itself missed: another copy may have forgotten it before
            shown = (each.path for each in self.listing.environments())
            gone += [path for path in shown if path not in self._met]
        self._note_interpreters(batch.interpreters)
        if fresh or gone:
            before, marked = self.listing.current, self.listing.marks
            with self.table.changing():
                self.listing.put(fresh)
                self.listing.remove(gone)
            if self.listing.current != before:
                self.current_changed()
            if not marked.isdisjoint(gone):
                self.marks_changed()
            elif not marked.isdisjoint(each.path for each in fresh):
                self._marked.count(self.listing.marked())
        if batch.vanished:
            self._say_gone([self.look.path(path) for path in batch.vanished])
        facts = self.facts
        if batch.unreadable:
            self.unreadable |= {each.path: each.reason for each in batch.unreadable}
            facts = facts._replace(unreadable=len(self.unreadable))
        if batch.progress and facts.phase in {"looking", "measuring"}:
            progress = batch.progress
            facts = facts._replace(
                visited=progress.visited, elapsed=progress.elapsed, phase=progress.phase
            )
            if facts.phase == "measuring":  # by then every record has been read anew
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
            self.say(f"the scan failed: {plain(batch.failed)}", failed=True)
        self.facts = facts
        for notice in batch.notices:
            said = (self.look.sentence(part) for part in (notice.message, notice.hint) if part)
            self.say("\n".join(said), failed=True)

    def _say_gone(self, paths: Sequence[str]) -> None:
        """Say what was asked for anew and is no longer there: its row goes."""
        others = f", and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        self.say(f"no longer there: {paths[0]}{others}", failed=True)

    def _fresh(self, batch: ScanBatch) -> list[Environment]:
        """Return the records to show, each with the newest size there is."""
        fresh = []
        for path, found in batch.found.items():
            known = self.listing.get(path)
            sizes = (batch.sizes.pop(path, None), known.size if known else None)
            fresh.append(newest_size(found, *sizes))
        for path, size in batch.sizes.items():
            known = self.listing.get(path)
            if known is not None:
                fresh.append(replace(known, size=size))
        return fresh

    def _note_interpreters(self, interpreters: Sequence[Interpreter]) -> None:
        for interpreter in interpreters:
            self.interpreters[interpreter.prefix, interpreter.version] = interpreter

    def stop_looking(self) -> None:
        """End the scan, and keep what was found."""
        self.feed.stop()
        self.facts = self.facts._replace(phase="stopped")

    # what is said

    def tell(self) -> None:
        """Say what holds now, at the top, at the bottom, and where rows would be."""
        self.facts = self.facts._replace(environments=self.listing.count, totals=self._all.totals)
        self.summary.tell(self.facts)
        listing = self.listing
        self.keys.tell(
            key_hints(
                typing=self.typing,
                ranging=listing.ranging,
                inside=self.inner_hints,
                looking=self.feed.running and not listing.query.text,
            ),
            marked_line(listing, self._marked.totals, self.look),
            typing=self.typing,
        )
        if not len(listing):
            self.table.say_instead(empty_lines(listing, self.facts, self.look))

    def count_all(self) -> None:
        """Count what everything comes to, if anything changed."""
        if self._counted != self.listing.revision:
            self._counted = self.listing.revision
            environments = self.listing.environments()
            unmeasured = sum(each.size is None for each in environments)
            self.facts = self.facts._replace(unmeasured=unmeasured)
            self._all.count(environments)
            self.tell()

    def marks_changed(self) -> None:
        """Count what the marked ones come to."""
        self._marked.count(self.listing.marked(), other=True)

    def say(self, text: str, *, failed: bool = False) -> None:
        """Say something once. The text is harmless already, and never markup."""
        self.notify(text, severity="warning" if failed else "information", markup=False)

    def on_key(self, event: Key) -> None:
        """Keep the cursor on its row from the first key on."""
        del event
        self.listing.touch()

    def on_mouse_down(self, event: MouseDown) -> None:
        """Keep the cursor on its row from the first click on."""
        del event
        self.listing.touch()
