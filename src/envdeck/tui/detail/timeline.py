"""Tab 6: what changed in an environment, and what it was."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Environment
from envdeck.core.timeline.model import Snapshot, Timeline, TimelineEvent
from envdeck.tui.base.actions import bindings
from envdeck.tui.base.messages import HintsChanged, OutcomeSaid
from envdeck.tui.base.services import CatalogSource
from envdeck.tui.detail.project_view import say
from envdeck.tui.detail.reader import Reader
from envdeck.tui.detail.tab import (
    AnyRow,
    DetailTab,
    InstalledState,
    ReadFailure,
    ReadPending,
    TabFooting,
    tab_bindings,
)
from envdeck.tui.detail.timeline_view import (
    EventGroup,
    empty_rows,
    gap_rows,
    moment_words,
    snapshot_rows,
    timeline_rows,
)
from envdeck.tui.dialogs.requests import snapshot_request
from envdeck.tui.widgets.line import Display, Line, Part, Tone, joined
from envdeck.tui.widgets.line_list import DrawnList, LineList
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.tui.detail.tab import TabRequest
    from envdeck.tui.dialogs.ask import BisectDialog


class TimelineTab(DetailTab):
    """Events and snapshots, newest first; the packages of a snapshot on a page of their own."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("good", "back", "mark"),
        *tab_bindings("bisect"),
    ]

    def __init__(self, look: Display, source: CatalogSource) -> None:
        super().__init__(look)
        self.view = DrawnList[AnyRow](self._lay)
        self.footing = TabFooting(look)
        self.environment: Environment | None = None
        self.state: Timeline | ReadPending | ReadFailure = ReadPending()
        self.page: Snapshot | None = None
        """The snapshot whose packages are shown."""
        self.bad = ""
        """The id of the snapshot that a bisect takes as the bad one; empty: what is there now."""
        self._source = source
        self._unfolded: set[object] = set()
        self._asked: object = None
        self._reader: Reader[Environment, Timeline] = Reader(
            self,
            source.timeline,
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
            return {"bisect": "", "good": "", "recreate": ""}
        if self._snapshot() is not None:
            return {"open": "packages", "bisect": "", "good": ""}
        return {"bisect": ""} if isinstance(self.state, Timeline) and self.state.snapshots else {}

    def show(self, environment: Environment, installed: InstalledState | None) -> None:
        """Show the past of an environment; it is read again when more is known."""
        del installed
        before, self.environment = self.environment, environment
        other = before is None or before.path != environment.path
        if other:
            self.state, self.page = self._reader.known(environment) or ReadPending(), None
            self.bad = ""
            self._unfolded.clear()
        asked = (environment.path, environment.seen_at, environment.findings)
        if asked != self._asked:
            self._asked = asked
            self._reader.ask(environment)
        self._build(again=other)

    def left(self) -> None:
        """Ask for nothing; when it is shown again it is read again."""
        self._asked = None
        self._reader.forget()

    def read_again(self) -> None:
        """Read it again."""
        self._asked = None
        if self.environment is not None:
            self.show(self.environment, None)

    def _answer(
        self, environment: Environment, found: Timeline | ReadPending | ReadFailure
    ) -> None:
        if self.environment is None or self.environment.path != environment.path:
            return
        if isinstance(found, ReadPending) and isinstance(self.state, Timeline):
            return
        self.state = found
        self._build()

    def _build(self, *, again: bool = False, key: object = None) -> None:
        self.view.build(key)
        if again:
            self.view.scroll_to(y=0, animate=False)
            self.view.go("first")
        self._tell()

    def _lay(self, cells: int) -> Sequence[AnyRow]:
        match self.state:
            case Timeline(snapshots=snapshots) if self.page is not None and snapshots:
                return snapshot_rows(self.page, snapshots[0], self.look, cells)
            case Timeline(_, snapshots, events, notices):
                told = gap_rows(notices, self.look, cells)
                if not (events or snapshots):
                    return [*told, *empty_rows(self.look, cells)]
                return told + timeline_rows(
                    events, snapshots, self.look, cells, self._unfolded, bad=self.bad
                )
            case ReadFailure(reason):
                why = f"{self.look.signs.broken} Cannot read the timeline: {reason}"
                return say([(Part(why, Tone.ERROR),)], self.look, cells)
            case _:
                words = f"Reading the timeline{self.look.signs.ellipsis}"
                return say([(Part(words, Tone.MUTED),)], self.look, cells)

    @on(LineList.Moved)
    def _tell(self) -> None:
        """Say when it happened, or what keys do with a snapshot."""
        source = self._snapshot() is not None
        self.offers = frozenset({"good", "bisect", *(["recreate"] if source else [])})
        row = self.view.current
        line: Line = ()
        match row.about if row is not None else None:
            case TimelineEvent() as event:
                line = moment_words(event, self.look)
            case EventGroup():
                line = _key(self.look, "open", "show each")
            case Snapshot() as snapshot:
                good = "no longer good" if snapshot.good else "mark as good"
                keys = (("bisect", "bisect"), ("recreate", "recreate from it"), ("good", good))
                line = joined([_key(self.look, *each) for each in (*keys, ("mark", "mark bad"))])
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
                self._build(again=True)
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
        if snapshot is None or environment is None or not isinstance(self.state, Timeline):
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

    def action_mark(self) -> None:
        """Take the snapshot under the cursor as the bad one of a bisect, or no longer."""
        snapshot = self._snapshot()
        if snapshot is None:
            self.notify("select a snapshot to mark as bad", markup=False)
            return
        self.bad = "" if self.bad == snapshot.id else snapshot.id
        self._build()

    def request_fix(self, operating: "Operations", action: str = "mend") -> "TabRequest":
        """Return the recreate from the snapshot under the cursor, or the dialog of a bisect."""
        environment, snapshot = self.environment, self._snapshot()
        if environment is not None and action == "bisect":
            return self._bisect(operating, environment)
        if snapshot is None or environment is None:
            return "select a snapshot to recreate from"
        return snapshot_request(operating, environment, snapshot.id, self.look)

    def _bisect(self, operating: "Operations", environment: Environment) -> "BisectDialog | str":
        """Ask for the command: good is the snapshot under the cursor, else the newest good one;
        bad the one that is marked, else what is there now."""
        # only for who opens it
        from envdeck.tui.dialogs.ask import BisectDialog

        known = self.state.snapshots if isinstance(self.state, Timeline) else ()
        place = next((at for at, one in enumerate(known) if one.id == self.bad), 0)
        earlier = [one for one in known[place + 1 :] if one.packages != known[place].packages]
        if not earlier:
            return "no earlier snapshot with other packages to bisect from"
        chosen = self._snapshot()
        good = chosen if chosen in earlier else next((one for one in earlier if one.good), None)
        if good is None:
            key = self.look.key("good")
            return f"select the snapshot that worked, or mark one as good ({key})"
        ends = (good, known[place])
        return BisectDialog(operating, environment, ends, self.look, current=not self.bad)


def _key(look: Display, action: str, words: str) -> Line:
    return (Part(look.key(action), Tone.HEADING), Part(f": {words}", Tone.MUTED))
