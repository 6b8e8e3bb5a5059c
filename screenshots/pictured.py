"""Operations for the pictures: real plans over the made-up home, and nothing from a network."""

import time
from collections.abc import Callable
from itertools import count

from envdeck.core.model import (
    CommandEnded,
    CommandStarted,
    Ending,
    Environment,
    Interpreter,
    NoPlan,
    Operation,
    OperationEvent,
    OutputLine,
    Plan,
    Result,
    StepProgress,
    StepStarted,
)
from envdeck.core.operations import journal
from envdeck.core.operations.forecast import Forecast, Outlook, Verdict
from envdeck.core.operations.operations import Operations
from envdeck.core.operations.upgrading.candidate import Candidate, Candidates, Fixed, Level

_PATCH, _MINOR, _MAJOR = Level.PATCH, Level.MINOR, Level.MAJOR
_ROWS = (
    ("certifi", "2024.8.30", "2026.10.5", "2026.10.5", _MAJOR, (), "2026-10-05"),
    ("fastapi", "0.115.0", "0.121.2", "0.121.2", _MAJOR, (), "2026-11-13"),
    ("httpx", "0.27.0", "0.27.2", "0.28.1", _PATCH, ("openai requires httpx<0.28",), "2024-08-27"),
    ("numpy", "2.1.0", "2.4.1", "2.4.1", _MINOR, (), "2026-10-30"),
    ("pip", "24.2", "26.3", "26.3", _MAJOR, (), "2026-11-02"),
    ("pydantic", "2.9.0", "2.9.2", "2.9.2", _PATCH, (), "2024-09-17"),
    ("pytest", "8.3.2", "8.4.2", "9.0.1", _MINOR, ("pytest-asyncio requires pytest<9",), None),
    ("rich", "13.8.0", "14.2.0", "14.2.0", _MAJOR, (), "2026-09-30"),
    ("sqlalchemy", "2.0.34", "2.0.44", "2.0.44", _PATCH, (), "2026-10-10"),
    ("uvicorn", "0.30.6", "0.30.6", "0.38.0", _MINOR, ("fastapi-cli requires uvicorn<0.31",), None),
)  # fmt: skip


class Pictured(Operations):
    """Plans, trash and history are real; what an index would say is made up, and what installs
    stands still in the middle of it."""

    __slots__ = ()

    def candidates(
        self, environment: Environment, stopped: Callable[[], bool] = lambda: False
    ) -> Candidates | NoPlan:
        """Return upgrades of every kind."""
        rows = (Candidate(*row, seed=row[0] == "pip") for row in _ROWS)
        fixed = (Fixed("pricing", "0.4.0", "is installed in place (editable)"),)
        return Candidates(tuple(rows), fixed, 31)

    def forecast(
        self,
        environment: Environment,
        interpreter: Interpreter,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Forecast | NoPlan:
        """Return a forecast with something of everything."""
        rows = [
            Outlook(row.name, row.version, Verdict.WHEEL)
            for row in self.catalog.distributions(environment)
        ]
        for place, verdict in ((3, Verdict.BUILD), (7, Verdict.UNSUPPORTED), (9, Verdict.GONE)):
            if place < len(rows):
                one = rows[place]
                rows[place] = Outlook(one.name, one.version, verdict, "9.1", "9.4")
        return Forecast(".".join((interpreter.version or "").split(".")[:2]), tuple(rows))

    def run(
        self,
        plan: Plan,
        tell: Callable[[OperationEvent], None],
        stopped: Callable[[], bool] = lambda: False,
    ) -> Result:
        """Run what needs no tools, and stop half-way in what does."""
        if plan.operation not in {Operation.RECREATE, Operation.UPGRADE}:
            return super().run(plan, tell, stopped)
        tell(StepStarted(0, plan.steps[0].title))
        command = plan.steps[0].command
        tell(CommandStarted(command, self.catalog.host.home))
        tell(CommandEnded(command, 0, 0.02))
        tell(StepStarted(1, plan.steps[1].title))
        tell(CommandStarted(plan.steps[1].command, self.catalog.host.home))
        for line in ("Resolved 27 packages in 61ms", "Prepared 3 packages in 188ms"):
            tell(OutputLine(line))
        tell(StepProgress(17, 27, "packages"))
        while not stopped():
            time.sleep(0.02)
        return Result(Ending.ROLLED_BACK, "everything is as it was: it was stopped", stopped=True)


def steady_ids() -> None:
    """Number operations instead of drawing digits: a picture changes only when the screen does."""
    numbers = count(0x4F2A, 0x111)
    journal.secrets.token_hex = lambda _bytes: f"{next(numbers):04x}"
