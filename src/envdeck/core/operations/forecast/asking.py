"""Asking uv of many requirements at once, and finding those that fail in few questions.

uv stops at the first requirement that it cannot have, and names it. So all are asked of in one
go, which is all it takes where nothing is wrong; of what fails the one that is named has its
answer, and the rest is asked again. Where none is named (the words are uv's own, and may change),
halving gets down to single requirements. One run after another: several at once wait for each
other (125 pins, 8 of them without a wheel: 4 threads took three times as long as one).
"""

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from envdeck.core.host import Host
from envdeck.core.operations.engine.command import Completed
from envdeck.core.operations.engine.failure import package_at_fault
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.engine.uv import Uv
from envdeck.core.operations.engine.uv_formats import read_pins

CALL_SECONDS = 60.0
ALL_SECONDS = 180.0
"""So long in all; what is not known by then is not known."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What uv says of one requirement."""

    version: str | None
    """What it takes; None where it takes nothing."""
    completed: Completed | None = field(default=None, repr=False)
    """How the question for it alone ended, where that failed; None where it was not asked."""


@dataclass(slots=True)
class Asker:
    """Puts questions to uv for one interpreter."""

    host: Host
    uv: Uv
    python: str
    """The interpreter's executable; its platform and version count."""
    folder: str
    """Where requirements files are put, and removed."""
    stopped: Callable[[], bool]
    deadline: float = field(default_factory=lambda: time.monotonic() + ALL_SECONDS)

    def ask(
        self, lines: Mapping[str, str], *, only_binary: bool, resolution: str | None = None
    ) -> dict[str, Answer]:
        """Return an answer for each name, by its requirements line (without dependencies)."""
        found: dict[str, Answer] = {}
        batches: list[list[str]] = [list(lines)] if lines else []
        while batches:
            names = batches.pop()
            completed = self._one(
                [lines[name] for name in names], binary=only_binary, resolution=resolution
            )
            if completed is not None and completed.ok:
                taken = dict(read_pins(completed))
                found |= {name: Answer(taken.get(name)) for name in names}
                continue
            named = None if completed is None else package_at_fault(completed, names)
            if named is not None:
                found[named] = Answer(None, completed)
                names.remove(named)
                batches += [names] if names else []
            elif completed is None or len(names) == 1 or unreachable(completed):
                found |= {name: Answer(None, completed) for name in names}
            else:
                half = (len(names) + 1) // 2
                batches += [names[half:], names[:half]]
        return found

    def _one(
        self, lines: Sequence[str], *, binary: bool, resolution: str | None
    ) -> Completed | None:
        left = self.deadline - time.monotonic()
        if left <= 0 or self.stopped():
            return None
        descriptor, path = tempfile.mkstemp(".in", "forecast-", self.folder)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
            command = self.uv.resolve(
                path,
                python=self.python,
                only_binary=binary,
                resolution=resolution,
                dependencies=False,
            )
            runner = Runner(self.host)
            return runner.run(command, stopped=self.stopped, limit=min(left, CALL_SECONDS))
        finally:
            os.unlink(path)


def unreachable(completed: Completed) -> bool:
    """Tell whether a question failed since an index could not be reached at all: to halve it
    would only wait once more for each half."""
    text = "\n".join(completed.tail)
    return (
        completed.overdue
        or completed.stopped
        or any(
            words in text
            for words in ("error sending request", "client error (Connect)", "operation timed out")
        )
    )
