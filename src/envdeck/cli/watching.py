"""An operation while it runs: one line of progress, or all that is run and said."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from envdeck.cli.context import Context
from envdeck.cli.plans import safe, said, shown_command
from envdeck.core.model import (
    CommandEnded,
    CommandStarted,
    OperationEvent,
    OutputLine,
    Plan,
    StepProgress,
    StepStarted,
)
from envdeck.text import size

_BETWEEN = 0.1
"""Seconds between two lines of progress."""


@dataclass(slots=True)
class Watch:
    """What is told of one run."""

    context: Context
    plan: Plan
    verbose: bool
    stopped: Callable[[], bool]
    _step: str = ""
    _shown_at: float = 0.0

    def tell(self, event: OperationEvent) -> None:
        """Show an event."""
        console = self.context.console
        match event:
            case StepStarted(index, title):
                self._step = f"{index + 1}/{max(len(self.plan.steps), index + 1)} "
                self._step += said(title, self.context)
                self._show("", at_once=True)
                if self.verbose:
                    console.aside(self._step)
            case StepProgress():
                self._show(_far(event))
            case CommandStarted(command) if self.verbose:
                console.aside(f"$ {shown_command(command)}", "dim")
            case CommandEnded(_, code) if self.verbose and code:
                console.aside(f"it ended with code {code}", "dim")
            case OutputLine(text) if self.verbose:
                console.aside(safe(text), "dim")
            case OutputLine(text):
                self._show(safe(text.strip()))

    def _show(self, far: str, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if not at_once and now - self._shown_at < _BETWEEN:
            return
        self._shown_at = now
        step = "stopping: everything is put back" if self.stopped() else self._step
        self.context.console.progress(f"{step}: {far}" if far else step)


def _far(event: StepProgress) -> str:
    if event.unit == "bytes":
        done, total = size(event.done), size(event.total)
        return f"{done} of {total}" if event.total else done
    total = f" of {event.total:,}" if event.total else ""
    return f"{event.done:,}{total} {event.unit}"
