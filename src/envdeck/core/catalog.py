"""The one door to the core: what the screen and the command line ask for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from envdeck.core.host import Host
from envdeck.core.model import Distribution, Environment, Event, Interpreter, Size


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a scan looks."""

    roots: tuple[str, ...] = ()
    """With roots given, only what lies under them; without, the configured ones and every
    known place."""
    sizes: bool = True
    """Whether environments are measured once they are all found."""
    cross_devices: bool = False
    exclude: tuple[str, ...] = ()
    """Patterns (`fnmatch`) of folder names or absolute paths that are not looked into."""


def _never() -> bool:
    return False


@dataclass(slots=True)
class Catalog:
    """Everything known about the environments of one host."""

    host: Host = field(default_factory=Host.current)

    def remembered(self, scope: Scope) -> tuple[Environment, ...]:
        """Return what the last look saw, from the index alone; fast enough for a first frame."""
        raise NotImplementedError

    def remembered_interpreters(self) -> tuple[Interpreter, ...]:
        """Return the interpreters that the last look saw."""
        raise NotImplementedError

    def scan(self, scope: Scope, stopped: Callable[[], bool] = _never) -> Iterator[Event]:
        """Look, and say what is found as it is found; `stopped` is polled to end it early."""
        raise NotImplementedError

    def distributions(self, environment: Environment) -> tuple[Distribution, ...]:
        """Read what is installed in an environment, sorted by name."""
        raise NotImplementedError

    def measure(self, environment: Environment) -> Size:
        """Measure one environment now."""
        raise NotImplementedError

    def refresh(self, environment: Environment) -> Environment | None:
        """Read one environment anew, past the index; None when it is no longer there."""
        raise NotImplementedError
