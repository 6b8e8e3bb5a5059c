"""What every operation works with: the environments, what a person configured, the journal."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from envdeck.core.catalog import Catalog
from envdeck.core.model import OperationEvent
from envdeck.core.operations.shared.policy import Policy
from envdeck.core.operations.transaction.transaction import OperationStore

Tell = Callable[[OperationEvent], None]
Stopped = Callable[[], bool]


def never() -> bool:
    """Do not stop."""
    return False


@dataclass(slots=True)
class Context:
    """What planning and running share. It may be used from any thread."""

    catalog: Catalog
    policy: Policy = field(default_factory=Policy)
    stopped: Stopped = never
    """Polled while something is planned, to give up."""
    ground: OperationStore = field(init=False)

    def __post_init__(self) -> None:
        self.ground = OperationStore.of(self.catalog.host)

    def until(self, stopped: Stopped) -> Self:
        """Return the same for one plan, which is given up when `stopped` says so."""
        one = copy.copy(self)
        one.stopped = stopped
        return one
