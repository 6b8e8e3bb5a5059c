"""What the screen is given: where environments come from, and what a person can choose about it."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from envdeck.config.load import ScreenState
from envdeck.core.model import (
    Distribution,
    Environment,
    Event,
    Examination,
    Interpreter,
    JointSize,
    Size,
)
from envdeck.core.query import Contents
from envdeck.text.safe import UNICODE, Signs

if TYPE_CHECKING:
    from envdeck.core.catalog import Scope
    from envdeck.core.dotenv.model import DotenvReport
    from envdeck.core.inspection.packages.copies import PackageTable
    from envdeck.core.project.model import Comparison
    from envdeck.core.timeline.model import Snapshot, TimelineEvent


class CatalogSource(Protocol):
    """Where environments come from; :class:`envdeck.core.catalog.Catalog` is the real one.

    Everything but :meth:`remembered` and :meth:`remembered_interpreters` may be slow, and is
    called from a thread.
    """

    def remembered(self, scope: "Scope") -> tuple[Environment, ...]:
        """Return what the last look saw."""
        ...

    def remembered_interpreters(self) -> tuple[Interpreter, ...]:
        """Return the interpreters that the last look saw."""
        ...

    def scan(self, scope: "Scope", stopped: Callable[[], bool] = ...) -> Iterator[Event]:
        """Look, and say what is found; `stopped` is polled to end it early."""
        ...

    def lookup(self, path: str) -> Environment | None:
        """Read the environment at a path; None if none is there."""
        ...

    def distributions(self, environment: Environment) -> tuple[Distribution, ...]:
        """Read what is installed in an environment, sorted by name."""
        ...

    def contents(self, environment: Environment, needs: Collection[str]) -> Contents:
        """Read what a query needs of an environment."""
        ...

    def packages(
        self,
        environments: Iterable[Environment],
        stopped: Callable[[], bool] = ...,
        *,
        remembered: bool = False,
    ) -> "PackageTable":
        """Read what environments hold and what that takes, or what is remembered of it."""
        ...

    def examine(
        self,
        environment: Environment,
        names: Collection[str] = (),
        *,
        deep: bool = False,
        online: bool = False,
        tell: Callable[[int, int], object] = ...,
        stopped: Callable[[], bool] = ...,
    ) -> Examination:
        """Run the checks named (all, when none is) over an environment; `tell` gets how far what
        takes long is, `stopped` is polled to end that."""
        ...

    def timeline(self, environment: Environment) -> "tuple[TimelineEvent, ...]":
        """Return what happened to an environment, newest first."""
        ...

    def snapshots(self, environment: Environment) -> "tuple[Snapshot, ...]":
        """Return what looks saw of an environment, newest first."""
        ...

    def mark_good(self, environment: Environment, identity: str, *, good: bool) -> None:
        """Note whether a snapshot is known to have worked."""
        ...

    def measure(self, environment: Environment) -> Size | None:
        """Measure one environment now; None when it is no longer there."""
        ...

    def together(self, environments: Iterable[Environment]) -> JointSize:
        """Count environments together, each file they share once."""
        ...

    def refresh(self, environment: Environment) -> Environment | None:
        """Read one environment anew; None when it is no longer there."""
        ...

    def project(
        self, environment: Environment, distributions: "Sequence[Distribution] | None" = None
    ) -> "Comparison | None":
        """Compare an environment with what its project declares and locks; None without one."""
        ...

    def dotenv(self, project: str, environment: str | None = None) -> "DotenvReport":
        """Read the dotenv files of a project, and one that strayed into its environment."""
        ...


def _keep_nothing(_theme: str) -> None:
    """Stand in for the configuration where there is none to write to."""


def _keep_no_answer() -> None:
    """Stand in for the file that says that the tour was offered."""


def _keep_no_state(_state: ScreenState) -> str | None:
    """Stand in for the file of what was chosen."""
    return None


class ScreenSettings(NamedTuple):
    """Typed, with a default for everything."""

    home: str
    """Written as `~` in paths."""
    theme: str | None = None
    """A Textual theme, or None for the default (`ansi-dark` where `NO_COLOR` is set)."""
    keys: Mapping[str, str] = MappingProxyType({})
    """Keys by action, as in `{"mark": "space,m"}`; `keymap.validate_keys` says what is wrong."""
    columns: tuple[str, ...] = ()
    """Columns of the list in their order; none given means all."""
    save_theme: Callable[[str], None] = _keep_nothing
    """Called when the person chose another theme."""
    now: Callable[[], float] = time.time
    signs: Signs = UNICODE
    no_color: bool = False
    """Whether `NO_COLOR` is set."""
    read_only: bool = False
    """Whether nothing may be changed."""
    label: str = ""
    """What the summary says it is besides EnvDeck: `demo`; nothing where it is empty."""
    project: str = ""
    """A project whose walkthrough is in front when it opens; none where it is empty."""
    state: ScreenState = ScreenState()
    """What was chosen on the screen before."""
    save_state: Callable[[ScreenState], str | None] = _keep_no_state
    """Called, in a thread, when something else was chosen; returns why it cannot be kept."""
    notices: bool = True
    """Whether the end of a long operation is told by a bell and a notice while nobody looks."""
    tour: bool = False
    """Whether the tour is offered once the list is shown."""
    tour_answered: Callable[[], None] = _keep_no_answer
    """Called, in a thread, once that was answered."""
