"""Operations for the pictures that cannot be of the demo alone, and numbers for all."""

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
from envdeck.core.operations.api import Operations
from envdeck.core.operations.recreate.forecast import Availability, Forecast, PinForecast
from envdeck.core.operations.transaction import journal


class Pictured(Operations):
    """Plans, trash and history are real; the forecast for another Python is made up, since none is
    in the demo that could be asked, and what installs stands still in the middle of it."""

    __slots__ = ()

    def forecast(
        self,
        environment: Environment,
        interpreter: Interpreter,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Forecast | NoPlan:
        """Return a forecast with something of everything."""
        rows = [
            PinForecast(row.name, row.version, Availability.WHEEL)
            for row in self.catalog.distributions(environment)
        ]
        for place, verdict in (
            (3, Availability.BUILD),
            (7, Availability.UNSUPPORTED),
            (9, Availability.GONE),
        ):
            if place < len(rows):
                one = rows[place]
                rows[place] = PinForecast(one.name, one.version, verdict, "9.1", "9.4")
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
        for line in ("Resolved 14 packages in 61ms", "Prepared 3 packages in 188ms"):
            tell(OutputLine(line))
        tell(StepProgress(9, 14, "packages"))
        while not stopped():
            time.sleep(0.02)
        return Result(Ending.ROLLED_BACK, "everything is as it was: it was stopped", stopped=True)


def steady_ids() -> None:
    """Number operations instead of drawing digits: a picture changes only when the screen does."""
    numbers = count(0x4F2A, 0x111)
    journal.secrets.token_hex = lambda _bytes: f"{next(numbers):04x}"
