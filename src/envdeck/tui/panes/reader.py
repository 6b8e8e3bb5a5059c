"""Reading the packages of what is shown in a thread, the newest wish first."""

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

from envdeck.core.model import Distribution, Environment
from envdeck.text import plain
from envdeck.tui.background import in_background
from envdeck.tui.panes.installed import Installed, Read, Reading, Unread

if TYPE_CHECKING:
    from textual.timer import Timer

PAUSE_SECONDS = 0.05
"""How long the cursor rests before its environment is read: holding a key reads nothing."""
AT_ONCE = 2
"""Readings under way at most; a disk that does not answer does not keep the next one waiting."""
KEPT = 12
"""Environments whose packages are kept in memory, the last ones seen."""


class DistributionsRead(Message, bubble=False):
    """A reading ended, one way or the other."""

    def __init__(self, generation: int, environment: Environment, installed: Installed) -> None:
        super().__init__()
        self.generation = generation
        self.environment = environment
        self.installed = installed


class DistributionReader:
    """Answers "what is installed in this one?" for a widget, and drops answers that come late.

    Every wish has a number. A thread cannot be stopped, so what comes back is shown only when
    its number is still the newest; it is kept all the same, for when the cursor returns. The
    widget hands every :class:`DistributionsRead` it gets to :meth:`take`.
    """

    def __init__(
        self,
        owner: Widget,
        read: Callable[[Environment], tuple[Distribution, ...]],
        answer: Callable[[Environment, Installed], None],
    ) -> None:
        self._owner = owner
        self._read = read
        self._answer = answer
        self._generation = 0
        self._running = 0
        self._wish: Environment | None = None
        self._pause: Timer | None = None
        self._kept: OrderedDict[tuple[str, float], Read] = OrderedDict()

    def known(self, environment: Environment) -> Read | None:
        """Return what was read of an environment, as it was then seen, if still in memory."""
        return self._kept.get(_key(environment))

    def ask(self, environment: Environment) -> None:
        """Wish for the packages of an environment, and give up every wish before."""
        self.forget()
        self._wish = environment
        self._pause = self._owner.set_timer(PAUSE_SECONDS, self._start)

    def forget(self) -> None:
        """Wish for nothing."""
        self._generation += 1
        self._wish = None
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

    def _start(self) -> None:
        self._pause = None
        if self._wish is None or self._running >= AT_ONCE:
            return
        environment, self._wish = self._wish, None
        generation = self._generation
        self._running += 1
        self._answer(environment, Reading())
        in_background(
            lambda: DistributionsRead(generation, environment, self._outcome(environment)),
            self._owner.post_message,
        )

    def _outcome(self, environment: Environment) -> Installed:
        try:
            return Read(self._read(environment))
        except Exception as error:  # noqa: BLE001 - it is shown in place of the packages
            return Unread(plain(str(error)) or type(error).__name__)

    def take(self, message: DistributionsRead) -> None:
        """Take what was read: keep it, and answer with it if it is still wished for."""
        self._running -= 1
        environment, installed = message.environment, message.installed
        if isinstance(installed, Read):
            self._kept[_key(environment)] = installed
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        if message.generation == self._generation:
            self._answer(environment, installed)
        if self._pause is None:
            self._start()


def _key(environment: Environment) -> tuple[str, float]:
    return environment.path, environment.seen_at
