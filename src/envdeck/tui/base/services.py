"""What the screen needs of the operations, so that a test can give it some that it made up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from envdeck.core.model import (
    Environment,
    Interpreter,
    NoPlan,
    OperationEvent,
    Plan,
    RecreateRequest,
    Result,
)
from envdeck.core.operations.shared.policy import Policy

if TYPE_CHECKING:
    from envdeck.core.dotenv.model import Remedy
    from envdeck.core.operations.recreate.forecast import Forecast
    from envdeck.core.operations.recreate.options import RecreateChoices
    from envdeck.core.operations.run_command import Task
    from envdeck.core.operations.shared.history import HistoryItem
    from envdeck.core.operations.shared.retention import Due
    from envdeck.core.operations.transaction.journal import Entry
    from envdeck.core.operations.transaction.transaction import OperationStore
    from envdeck.core.operations.transaction.trash import Item
    from envdeck.core.operations.upgrade.lock import LockOffer
    from envdeck.core.operations.upgrade.model import UpgradeCandidates

Tell: TypeAlias = Callable[[OperationEvent], None]
Stopped: TypeAlias = Callable[[], bool]
Planner: TypeAlias = Callable[[frozenset[str]], Plan | NoPlan]
"""Plans with the guards that the person has overruled so far. It is called from a thread."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a person wants to have done, before it is planned: the plan dialog plans it, in the
    background, and again with each guard that is overruled."""

    title: str
    """`Delete 3 environments`; harmless already (`text.plain`)."""
    plan: Planner
    at_once: Planner | None = None
    """Plans the same for good, without a way back; None where there is no such thing."""
    keeping: Planner | None = None
    """Plans the same with edited files of packages put over the new ones; None where there is no
    such choice."""
    paths: tuple[str, ...] = ()
    """What it acts on, where that is known: it is not planned while something else does."""
    parts: "tuple[PlanRequest, ...]" = ()
    """The wishes that this one holds together: each is planned and done by itself, and all of
    them are answered at once. `plan` is not asked then."""


def together(title: str, requests: "Sequence[PlanRequest]") -> PlanRequest:
    """Return several wishes as one that is answered once; a single one as it is."""
    if len(requests) == 1:
        return requests[0]
    nothing = NoPlan("there is nothing to do")
    return PlanRequest(title, lambda _allow: nothing, parts=tuple(requests))


class Operating(Protocol):
    """What changes environments; :class:`envdeck.core.operations.api.Operations` is the
    real one. All of it may be slow, and is called from threads."""

    @property
    def policy(self) -> Policy:
        """The rules that hold, `read_only` among them; it costs nothing to ask."""
        ...

    @property
    def ground(self) -> "OperationStore":
        """Where the journal and the logs are."""
        ...

    def plan_delete(
        self,
        environments: Sequence[Environment],
        *,
        links: Mapping[str, str] | None = None,
        purge: bool = False,
        allow: frozenset[str] = frozenset(),
    ) -> Plan:
        """Plan to delete environments."""
        ...

    def recreate_choices(
        self, environment: Environment, *, file: str | None = None
    ) -> "RecreateChoices":
        """Return from what an environment can be made again, and on which interpreters."""
        ...

    def forecast(
        self, environment: Environment, interpreter: Interpreter, stopped: Stopped = ...
    ) -> "Forecast | NoPlan":
        """Return what another interpreter would make of each package that is pinned now."""
        ...

    def plan_recreate(
        self,
        environment: Environment,
        request: RecreateRequest = ...,
        *,
        allow: frozenset[str] = frozenset(),
    ) -> Plan | NoPlan:
        """Plan to make an environment anew, as it is now or as the request says."""
        ...

    def candidates(
        self, environment: Environment, stopped: Stopped = ...
    ) -> "UpgradeCandidates | NoPlan":
        """Return what of an environment's packages could be upgraded."""
        ...

    def plan_upgrade(
        self,
        environment: Environment,
        wanted: Mapping[str, str | None] | None = None,
        *,
        lock: bool = False,
        keep_edits: bool = False,
        allow: frozenset[str] = frozenset(),
    ) -> Plan | NoPlan:
        """Plan to upgrade packages."""
        ...

    def plan_interpreter(
        self,
        environment: Environment,
        interpreter: str | None = None,
        *,
        keep_edits: bool = False,
        allow: frozenset[str] = frozenset(),
    ) -> Plan | NoPlan:
        """Plan to rest an environment on another interpreter."""
        ...

    def plan_create(
        self,
        project: str,
        *,
        path: str | None = None,
        source: str | None = None,
        file: str | None = None,
        interpreter: str | None = None,
        groups: Sequence[str] | None = None,
        extras: Sequence[str] | None = None,
    ) -> Plan | NoPlan:
        """Plan a new environment for a project."""
        ...

    def lock_offer(self, environment: Environment) -> "LockOffer | None":
        """Return how the lock file of its project could be upgraded as well; None without one."""
        ...

    def create_choices(self, project: str) -> "RecreateChoices | NoPlan":
        """Return what a new environment of a project could be made from, and on what."""
        ...

    def plan_undo(
        self,
        identifier: str | None = None,
        *,
        to: str | None = None,
        allow: frozenset[str] = frozenset(),
    ) -> Plan | NoPlan:
        """Plan to take an operation back."""
        ...

    def plan_purge(self, identifiers: Sequence[str] = ()) -> Plan | NoPlan:
        """Plan to remove items of the trash for good."""
        ...

    def plan_remedy(self, remedy: "Remedy", values: Mapping[str, str] = ...) -> Plan | NoPlan:
        """Plan what mends a finding in the dotenv files of a project."""
        ...

    def plan_run(self, task: "Task") -> Plan | NoPlan:
        """Plan to run a command of a project."""
        ...

    def run(self, plan: Plan, tell: Tell, stopped: Stopped = ...) -> Result:
        """Run a plan, once."""
        ...

    def history(self) -> "tuple[HistoryItem, ...]":
        """Return what was done, newest first."""
        ...

    def trash(self) -> "tuple[Item, ...]":
        """Return what is in the trashes of this user, newest first."""
        ...

    def pending(self) -> "tuple[Entry, ...]":
        """Return the operations that were begun and are not over."""
        ...

    def recover(self) -> "tuple[Entry, ...]":
        """Finish or roll back what was interrupted, and return those that are over now."""
        ...

    def due(self) -> "Due":
        """Count the time that has passed, and return which items a start may remove for good, and
        which it has to announce."""
        ...

    def announce(self, items: "Sequence[Item]") -> None:
        """Note that a person was told that a later start removes these items."""
        ...
