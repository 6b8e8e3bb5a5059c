"""What every operation works with: environments, policy, journal."""

import copy
import os
from collections.abc import Callable
from typing import Self

from envdeck.core.catalog import Catalog
from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import recognise
from envdeck.core.index import index_path
from envdeck.core.inspection.environment import Inspector
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Environment, OperationEvent, Policy, ProjectLink
from envdeck.core.operations.transaction.transaction import OperationStore
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host
from envdeck.core.system.reach import Scope

_HEADER = 100
"""Bytes of SQLite's header, in which the change counter is (fileformat2, 1.3.7): every
transaction that writes raises it."""


@dataclass(frozen=True, slots=True)
class RememberedEnvironments:
    """What was remembered, and what the memory's file began with then."""

    environments: tuple[Environment, ...] = ()
    header: bytes = b""
    """Empty where it could not be read."""


def remembered_environments(
    catalog: Catalog, before: RememberedEnvironments | None = None
) -> RememberedEnvironments:
    """Return what is remembered now: `before` itself, where nothing was written since."""
    data = read_bounded(catalog.index_file or index_path(catalog.host), _HEADER, whole=False)
    header = b"" if isinstance(data, Unread) else data  # read first: a later write is not missed
    if before is not None and header and header == before.header:
        return before
    return RememberedEnvironments(catalog.remembered(Scope()), header)


def read_environment(path: str, host: Host) -> Environment | None:
    """Return the environment at `path` (a real path), or None where there is none."""
    candidate = recognise(os.path.realpath(path))
    if candidate is None:
        return None
    manager = manager_of(candidate, managers(host))
    return Inspector(host, ()).inspect(candidate, manager, ProjectLink())


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
    store: OperationStore = field(init=False)
    asked: dict[str, tuple[float, object]] = field(default_factory=dict, init=False, repr=False)
    """By question, when it was last asked for a plan, and the answer; see `index_silence`."""

    def __post_init__(self) -> None:
        self.store = OperationStore.open(self.catalog.host)

    def until(self, stopped: Stopped) -> Self:
        """Return the same for one plan, which is given up when `stopped` says so."""
        one = copy.copy(self)
        one.stopped = stopped
        return one
