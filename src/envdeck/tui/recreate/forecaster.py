"""Asking what another Python would make of the packages, in a thread, the newest wish first."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

from envdeck.core.model import Environment, Interpreter, NoPlan
from envdeck.text.environment import minor_version
from envdeck.tui.base.messages import OutcomeSaid
from envdeck.tui.base.services import Operating
from envdeck.tui.recreate.forecast import Told
from envdeck.tui.workers import run_in_thread

if TYPE_CHECKING:
    from textual.timer import Timer

PAUSE_SECONDS = 0.25
"""How long the cursor rests on an interpreter before the index is asked about it."""


class ForecastCame(Message, bubble=False):
    """What was asked of one Python is known."""

    def __init__(self, python: str, told: tuple[Told, ...]) -> None:
        super().__init__()
        self.python = python
        self.told = told


class Forecaster:
    """Holds what is known of each Python, and asks about one at a time.

    Patch releases of one minor version share their answer: wheels are made for minor versions.
    The screen hands every :class:`ForecastCame` it gets to :meth:`take`.
    """

    def __init__(
        self,
        owner: Widget,
        operating: Operating,
        environments: Sequence[Environment],
        changed: Callable[[], None],
    ) -> None:
        self._owner = owner
        self._operating = operating
        self._environments = tuple(environments)
        self._changed = changed
        self._known: dict[str, tuple[Told, ...]] = {}
        self._request: Interpreter | None = None
        self._asking: Interpreter | None = None
        self._pause: Timer | None = None
        self._generation = 0

    def told(self, interpreter: Interpreter) -> tuple[Told, ...] | None:
        """Return what is known of a Python, one answer an environment."""
        return self._known.get(_key(interpreter))

    def is_asking(self, interpreter: Interpreter) -> bool:
        """Whether it is being asked about now."""
        return self._asking is not None and _key(self._asking) == _key(interpreter)

    def is_requested(self, interpreter: Interpreter) -> bool:
        """Whether it will be asked about, or is already."""
        return self._request is not None and _key(self._request) == _key(interpreter)

    def want(self, interpreter: Interpreter | None) -> None:
        """Ask about a Python once the cursor rests on it, and give up what was asked before."""
        if interpreter is not None and self.is_requested(interpreter):
            return
        self.stop()
        if interpreter is not None and self.told(interpreter) is None:
            self._request = interpreter
            self._pause = self._owner.set_timer(PAUSE_SECONDS, self._start)

    def stop(self) -> None:
        """Give up what is asked."""
        self._generation += 1
        self._request = None
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        if self._asking is not None:
            self._asking = None
            self._changed()

    def forget(self) -> None:
        """Forget every answer: all is asked again."""
        self.stop()
        self._known.clear()

    def _start(self) -> None:
        self._pause = None
        interpreter, generation = self._request, self._generation
        if interpreter is None:
            return
        self._asking = interpreter

        def stopped() -> bool:
            return generation != self._generation

        def post(message: Message) -> None:
            if isinstance(message, OutcomeSaid):
                message = ForecastCame(_key(interpreter), (NoPlan(message.text),))
            self._owner.post_message(message)

        run_in_thread(lambda: self._ask(interpreter, stopped), post)
        self._changed()

    def _ask(self, interpreter: Interpreter, stopped: Callable[[], bool]) -> Message | None:
        told: list[Told] = []
        for environment in self._environments:
            if stopped():
                return None
            told.append(self._operating.forecast(environment, interpreter, stopped))
        return None if stopped() else ForecastCame(_key(interpreter), tuple(told))

    def take(self, message: ForecastCame) -> None:
        """Keep an answer."""
        self._known[message.python] = message.told
        if self._asking is not None and _key(self._asking) == message.python:
            self._asking = self._request = None
        self._changed()


def _key(interpreter: Interpreter) -> str:
    return f"{interpreter.implementation} {minor_version(interpreter.version)}"
