"""Asking what another Python would make of the packages, in a thread, the newest wish first."""

from collections.abc import Callable, Sequence
from functools import partial

from textual.widget import Widget

from envdeck.core.model import Environment, Interpreter, NoPlan
from envdeck.text.environment import minor_version
from envdeck.tui.base.services import Operating
from envdeck.tui.recreate.forecast import Told
from envdeck.tui.workers.latest import Latest, Stopped

PAUSE_SECONDS = 0.25
"""How long the cursor rests on an interpreter before the index is asked about it."""


class Forecaster:
    """Holds what is known of each Python, and asks about one at a time.

    Patch releases of one minor version share their answer: wheels are made for minor versions.
    """

    def __init__(
        self,
        owner: Widget,
        operating: Operating,
        environments: Sequence[Environment],
        changed: Callable[[], None],
    ) -> None:
        self._operating = operating
        self._environments = tuple(environments)
        self._changed = changed
        self._known: dict[str, tuple[Told, ...]] = {}
        self._request: Interpreter | None = None
        self._asking = False
        self._latest: Latest[tuple[Told, ...]] = Latest(
            owner, self._take, lambda text: self._take((NoPlan(text),))
        )

    def told(self, interpreter: Interpreter) -> tuple[Told, ...] | None:
        """Return what is known of a Python, one answer an environment."""
        return self._known.get(_key(interpreter))

    def is_asking(self, interpreter: Interpreter) -> bool:
        """Whether it is being asked about now."""
        return self._asking and self.is_requested(interpreter)

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
            self._latest.request(
                partial(self._ask, interpreter), pause=PAUSE_SECONDS, begun=self._begun
            )

    def stop(self) -> None:
        """Give up what is asked."""
        self._latest.cancel()
        self._request = None
        if self._asking:
            self._asking = False
            self._changed()

    def forget(self) -> None:
        """Forget every answer: all is asked again."""
        self.stop()
        self._known.clear()

    def _begun(self) -> None:
        self._asking = True
        self._changed()

    def _ask(self, interpreter: Interpreter, stopped: Stopped) -> tuple[Told, ...]:
        told: list[Told] = []
        for environment in self._environments:
            if stopped():
                break
            told.append(self._operating.forecast(environment, interpreter, stopped))
        return tuple(told)

    def _take(self, told: tuple[Told, ...]) -> None:
        """Keep the answer to what is requested."""
        if self._request is not None:
            self._known[_key(self._request)] = told
        self._request, self._asking = None, False
        self._changed()


def _key(interpreter: Interpreter) -> str:
    return f"{interpreter.implementation} {minor_version(interpreter.version)}"
