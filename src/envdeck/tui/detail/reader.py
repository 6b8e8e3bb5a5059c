"""What tabs show is read in a thread, the newest request first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from envdeck.core.model import Distribution, Environment
from envdeck.text import plain
from envdeck.tui.detail.project_view import has_project, no_project
from envdeck.tui.detail.tab import DetailTab, ReadFailure, ReadPending, TabFooting, TabRow
from envdeck.tui.widgets.line import Display
from envdeck.tui.widgets.line_list import DrawnList, LineList
from envdeck.tui.workers.latest import Latest

RequestT = TypeVar("RequestT")
FoundT = TypeVar("FoundT")

PAUSE_SECONDS = 0.05
"""How long the cursor rests before its environment is read: holding a key reads nothing."""
AT_ONCE = 2
"""Readings under way at most; a disk that does not answer does not keep the next one waiting."""
KEPT = 12
"""Answers that are kept in memory, the last ones seen."""


class Reader(Generic[RequestT, FoundT]):
    """Answers what there is of one environment, for the widget that shows it.

    What comes too late is not shown, but kept for when the cursor returns.
    """

    def __init__(
        self,
        owner: Widget,
        read: Callable[[RequestT], FoundT],
        answer: Callable[[RequestT, FoundT | ReadPending | ReadFailure], None],
        key: Callable[[RequestT], Hashable],
    ) -> None:
        """Take who asks, how it is read (in a thread), who is told, and what names a request."""
        self._owner = owner
        self._read = read
        self._answer = answer
        self._key = key
        self._latest: Latest[tuple[RequestT, FoundT | ReadFailure]] = Latest(
            owner, lambda found: answer(*found), at_once=AT_ONCE
        )
        self._kept: OrderedDict[Hashable, FoundT] = OrderedDict()

    def known(self, request: RequestT) -> FoundT | None:
        """Return what was read for a request of the same key, if still in memory."""
        return self._kept.get(self._key(request))

    def ask(self, request: RequestT) -> None:
        """Request something to be read, instead of what was requested before."""
        self._latest.request(
            lambda _stopped: (request, self._outcome(request)),
            pause=PAUSE_SECONDS,
            begun=partial(self._answer, request, ReadPending()),
        )

    def forget(self) -> None:
        """Cancel what was requested."""
        self._latest.cancel()

    def _outcome(self, request: RequestT) -> FoundT | ReadFailure:
        try:
            found = self._read(request)
        except Exception as error:  # noqa: BLE001 - it is shown in place of what was to be read
            return ReadFailure(plain(str(error)) or type(error).__name__)
        self._owner.call_later(self._keep, self._key(request), found)
        return found

    def _keep(self, key: Hashable, found: FoundT) -> None:
        self._kept[key] = found
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


ProjectRequest: TypeAlias = tuple[Environment, tuple[Distribution, ...]]
"""An environment, and what is installed in it where that matters."""


class ProjectReader(Generic[FoundT]):
    """What is read of an environment's project; it stays while it is read again."""

    def __init__(
        self,
        owner: Widget,
        read: Callable[[ProjectRequest], FoundT],
        changed: Callable[..., object],
    ) -> None:
        """Take who shows it, how it is read (in a thread), and who is told of news: `anew`, where
        it is of another project now."""
        self.environment: Environment | None = None
        self.state: FoundT | ReadPending | ReadFailure = ReadPending()
        self._changed = changed
        self._beside: tuple[Distribution, ...] | ReadFailure | None = None
        self._asked: object = None
        self._reader = Reader(owner, read, self._answer, lambda request: _key(request[0]))

    @property
    def found(self) -> FoundT | None:
        """What is shown, once it was read."""
        return None if isinstance(self.state, ReadPending | ReadFailure) else self.state

    def show(
        self, environment: Environment, beside: tuple[Distribution, ...] | ReadFailure | None
    ) -> None:
        """Show the project of an environment, read with what is installed; None where that is
        waited for."""
        before, self.environment = self.environment, environment
        self._beside = beside
        other = before is None or _key(before) != _key(environment)
        if other:
            self.state = self._reader.known((environment, ())) or ReadPending()
            self._asked = None
        if not has_project(environment) or isinstance(beside, ReadFailure):
            self.leave()
            if isinstance(beside, ReadFailure):
                self.state = beside
        elif beside is not None:
            asked = (_key(environment), environment.seen_at, id(beside))
            if asked != self._asked:
                self._asked = asked
                self._reader.ask((environment, beside))
        self._changed(again=other)

    def leave(self) -> None:
        """Ask for nothing; when it is shown again it is read again."""
        self._asked = None
        self._reader.forget()

    def read_again(self) -> None:
        """Read it again, beside what was installed: a change of that comes with the
        environment."""
        self._asked = None
        if self.environment is not None:
            self.show(self.environment, self._beside)

    def _answer(self, request: ProjectRequest, found: FoundT | ReadPending | ReadFailure) -> None:
        shown = self.environment
        if shown is None or _key(shown) != _key(request[0]):
            return
        if not isinstance(found, ReadPending) or self.found is None:
            self.state = found
            self._changed()


def _key(environment: Environment) -> tuple[str, str | None]:
    return environment.path, environment.project.path


class ReadTab(DetailTab, Generic[FoundT]):
    """Rows of what is read of a project; below them what keys do with the one under the cursor.

    A subclass lays the rows out (:meth:`lay`), and says what keys do (:meth:`tell`).
    """

    def __init__(self, look: Display, read: Callable[[ProjectRequest], FoundT]) -> None:
        super().__init__(look)
        self.view = DrawnList[TabRow](self._lay)
        self.footing = TabFooting(look)
        self.reading = ProjectReader(self, read, self.build)

    def compose(self) -> ComposeResult:
        """The rows, and what keys do with the one under the cursor."""
        yield self.view
        yield self.footing

    @property
    def entrance(self) -> Widget:
        """The rows."""
        return self.view

    def left(self) -> None:
        """Read nothing more."""
        self.reading.leave()

    def read_again(self) -> None:
        """Read it again."""
        self.reading.read_again()

    def build(self, *, again: bool = False) -> None:
        """Lay the rows out; `anew` from the first one on."""
        self.view.build()
        if again:
            self.view.scroll_to(y=0, animate=False)
            self.view.go("first")
        self.tell()

    def _lay(self, cells: int) -> list[TabRow]:
        environment = self.reading.environment
        if environment is None:
            return []
        nothing = no_project(environment, self.look, cells)
        return self.lay(environment, cells) if nothing is None else nothing

    def lay(self, environment: Environment, cells: int) -> list[TabRow]:
        """Return the rows of an environment that has a project."""
        raise NotImplementedError

    def tell(self) -> None:
        """Say what the keys do with the row under the cursor."""
        raise NotImplementedError

    @on(LineList.Moved)
    def _moved(self, event: LineList.Moved) -> None:
        event.stop()
        self.row_moved()

    def row_moved(self) -> None:
        """Answer to the cursor standing on another row."""
        self.tell()

    @on(LineList.Chosen)
    async def _chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        await self.screen.run_action(self.action_of(self.view.current))

    def action_of(self, row: TabRow | None) -> str:
        """Return what choosing a row does."""
        del row
        return "mend"
