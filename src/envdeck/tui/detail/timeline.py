"""Tab 6: what changed in an environment, and what it was."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from envdeck.core.model import Environment, NoPlan, Plan, RecreateRequest
from envdeck.core.timeline.model import Snapshot, TimelineEvent
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import HintsChanged, OutcomeSaid
from envdeck.tui.base.services import Operating, PlanRequest
from envdeck.tui.base.source import CatalogSource
from envdeck.tui.detail.project_view import say
from envdeck.tui.detail.reader import Reader
from envdeck.tui.detail.tab import DetailTab, Installed, ReadFailure, ReadPending
from envdeck.tui.detail.tab_rows import AnyRow, TabFooting
from envdeck.tui.detail.timeline_view import (
    EventGroup,
    moment_words,
    nothing_yet,
    snapshot_rows,
    timeline_rows,
)
from envdeck.tui.widgets.line import Line, Look, Part, Tone, joined
from envdeck.tui.widgets.line_list import DrawnList, LineList
from envdeck.tui.workers import run_in_thread


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the past of one environment."""

    events: tuple[TimelineEvent, ...]
    snapshots: tuple[Snapshot, ...]
    """Newest first."""


class TimelineTab(DetailTab):
    """Events and snapshots, newest first; the packages of a snapshot on a page of their own."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("good", "back")]

    def __init__(self, look: Look, source: CatalogSource) -> None:
        super().__init__(look)
        self.view = DrawnList[AnyRow](self._lay)
        self.footing = TabFooting(look)
        self.environment: Environment | None = None
        self.state: Past | ReadPending | ReadFailure = ReadPending()
        self.page: Snapshot | None = None
        """The snapshot whose packages are shown."""
        self._source = source
        self._unfolded: set[object] = set()
        self._asked: object = None
        self._reader: Reader[Environment, Past] = Reader(
            self,
            partial(_read, source),
            self._answer,
            lambda one: (one.path, one.seen_at, one.findings),
        )

    def compose(self) -> ComposeResult:
        """The rows, and what keys do with the one under the cursor."""
        yield self.view
        yield self.footing

    @property
    def entrance(self) -> Widget:
        """The rows."""
        return self.view

    @property
    def hints(self) -> dict[str, str]:
        """What keys do with a snapshot."""
        if self.page is not None:
            return {"good": "", "recreate": ""} if "recreate" in self.offers else {"good": ""}
        return {"open": "packages", "good": ""} if self._snapshot() is not None else {}

    def show(self, environment: Environment, installed: Installed | None) -> None:
        """Show the past of an environment; it is read again when more is known."""
        del installed
        before, self.environment = self.environment, environment
        other = before is None or before.path != environment.path
        if other:
            self.state, self.page = self._reader.known(environment) or ReadPending(), None
            self._unfolded.clear()
        asked = (environment.path, environment.seen_at, environment.findings)
        if asked != self._asked:
            self._asked = asked
            self._reader.ask(environment)
        self._build(anew=other)

    def left(self) -> None:
        """Ask for nothing; when it is shown again it is read again."""
        self._asked = None
        self._reader.forget()

    def read_again(self) -> None:
        """Read it again."""
        self._asked = None
        if self.environment is not None:
            self.show(self.environment, None)

    def _answer(self, environment: Environment, found: Past | ReadPending | ReadFailure) -> None:
        if self.environment is None or self.environment.path != environment.path:
            return
        if isinstance(found, ReadPending) and isinstance(self.state, Past):
            return
        self.state = found
        self._build()

    def _build(self, *, anew: bool = False, key: object = None) -> None:
        self.view.build(key)
        if anew:
            self.view.scroll_to(y=0, animate=False)
            self.view.go("first")
        self._tell()

    def _lay(self, cells: int) -> Sequence[AnyRow]:
        match self.state:
            case Past(_, snapshots) if self.page is not None and snapshots:
                return snapshot_rows(self.page, snapshots[0], self.look, cells)
            case Past(events=(), snapshots=()):
                return nothing_yet(self.look, cells)
            case Past(events, snapshots):
                return timeline_rows(events, snapshots, self.look, cells, self._unfolded)
            case ReadFailure(reason):
                why = f"{self.look.signs.broken} Cannot read the timeline: {reason}"
                return say([(Part(why, Tone.ERROR),)], self.look, cells)
            case _:
                words = f"Reading the timeline{self.look.signs.ellipsis}"
                return say([(Part(words, Tone.MUTED),)], self.look, cells)

    @on(LineList.Moved)
    def _tell(self) -> None:
        """Say when it happened, or what keys do with a snapshot."""
        source = self._snapshot() is not None and can_recreate_snapshots()
        self.offers = frozenset({"good", *(["recreate"] if source else [])})
        row = self.view.current
        line: Line = ()
        match row.about if row is not None else None:
            case TimelineEvent() as event:
                line = moment_words(event, self.look)
            case EventGroup():
                line = _key(self.look, "open", "show each")
            case Snapshot() as snapshot:
                good = "no longer good" if snapshot.good else "mark as good"
                keys = [_key(self.look, "open", "packages"), _key(self.look, "good", good)]
                if "recreate" in self.offers:
                    keys.append(_key(self.look, "recreate", "recreate from snapshot"))
                line = joined(keys)
            case _ if self.page is not None:
                line = _key(self.look, "back", "timeline")
        self.footing.tell(line)
        self.post_message(HintsChanged())

    @on(LineList.Chosen)
    def _chosen(self, event: LineList.Chosen) -> None:
        """Show the packages of a snapshot, or each event of a group."""
        event.stop()
        row = self.view.current
        match row.about if row is not None else None:
            case Snapshot() as snapshot:
                self.page = snapshot
                self._build(anew=True)
            case EventGroup() if row is not None:
                self._unfolded ^= {row.key}
                self._build(key=row.key)

    def action_back(self) -> None:
        """From the packages of a snapshot to the timeline."""
        if self.page is None:
            raise SkipAction
        key, self.page = ("snapshot", self.page.id, self.page.taken_at), None
        self._build(key=key)

    # snapshots

    def _snapshot(self) -> Snapshot | None:
        """Return the snapshot that is open, or under the cursor."""
        row = self.view.current
        about = row.about if row is not None else None
        return self.page or (about if isinstance(about, Snapshot) else None)

    def action_good(self) -> None:
        """Mark the snapshot as known to have worked, or take that from it."""
        snapshot, environment = self._snapshot(), self.environment
        if snapshot is None or environment is None or not isinstance(self.state, Past):
            self.notify("select a snapshot to mark", markup=False)
            return
        good = not snapshot.good
        marked = tuple(
            replace(one, good=good) if one.id == snapshot.id else one
            for one in self.state.snapshots
        )
        self.state = replace(self.state, snapshots=marked)
        if self.page is not None:
            self.page = replace(self.page, good=good)
        self._build()
        mark = self._source.mark_good

        def keep() -> OutcomeSaid | None:
            mark(environment, snapshot.id, good=good)
            return None

        run_in_thread(keep, self.post_message)

    def mend(self, operating: Operating) -> PlanRequest | str:
        """Return the recreate from the snapshot under the cursor."""
        snapshot, environment = self._snapshot(), self.environment
        if snapshot is None or environment is None:
            return "select a snapshot to recreate from"
        chosen: dict[str, Any] = {"source": "snapshot", "snapshot": snapshot.id}
        request = RecreateRequest(**chosen)

        def plan(allow: frozenset[str]) -> Plan | NoPlan:
            return operating.plan_recreate(environment, request, allow=allow)

        title = f"Recreate {self.look.path(environment.path)} from snapshot {snapshot.id[:8]}"
        return PlanRequest(title, plan, paths=(environment.path,))


def _read(source: CatalogSource, environment: Environment) -> Past:
    return Past(source.timeline(environment), source.snapshots(environment))


def _key(look: Look, action: str, words: str) -> Line:
    return (Part(look.key(action), Tone.HEADING), Part(f": {words}", Tone.MUTED))


def can_recreate_snapshots() -> bool:
    """Whether an environment can be recreated from a snapshot."""
    # the tab opens before: only a key asks
    from envdeck.core.operations.sources.source import SourceName

    return "snapshot" in {one.value for one in SourceName}
