"""What the screen is given: its source of environments, its settings, and requests for plans."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from envdeck.config.load import ScreenState
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import (
    Distribution,
    Environment,
    Event,
    Examination,
    Interpreter,
    JointSize,
    NoPlan,
    Plan,
    Refusal,
    Size,
)
from envdeck.core.query import Contents
from envdeck.text.safe import UNICODE, Signs

if TYPE_CHECKING:
    from envdeck.core.catalog import Scope
    from envdeck.core.dotenv.model import DotenvReport
    from envdeck.core.inspection.packages.copies import PackageTable
    from envdeck.core.project.model import Comparison
    from envdeck.core.timeline.model import Snapshot, Timeline


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
        scanned: bool = False,
        tell: Callable[[int, int], object] = ...,
        stopped: Callable[[], bool] = ...,
    ) -> Examination:
        """Run the checks named (all, when none is) over an environment: with `scanned` only what a
        scan has the time for. `tell` gets how far what takes long is, `stopped` is polled to end
        that."""
        ...

    def timeline(self, environment: Environment) -> "Timeline":
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
        """Read one environment again; None when it is no longer there."""
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
    """Plans the same with edited files of packages put over the new ones, or with what only the
    packages that go need; None where there is no such choice."""
    paths: tuple[str, ...] = ()
    """What it acts on, where that is known: it is not planned while something else does."""
    parts: "tuple[PlanRequest, ...]" = ()
    """The wishes that this one holds together: each is planned and done by itself, and all of
    them are answered at once. `plan` is not asked then."""
    without: "Callable[[Collection[str]], PlanRequest] | None" = None
    """Returns the same wish without some of the paths; None where they belong together."""

    def joined(self, title: str, others: "Sequence[PlanRequest]") -> "PlanRequest":
        """Return this and other wishes as one that is answered once; without others as it is."""
        if not others:
            return self
        nothing = NoPlan("nothing to do", nothing=True)
        return PlanRequest(title, lambda _allow: nothing, parts=(self, *others))


def together(title: str, requests: "Sequence[PlanRequest]") -> PlanRequest:
    """Return several wishes as one that is answered once; a single one as it is."""
    return requests[0].joined(title, requests[1:])


@dataclass(frozen=True, slots=True)
class CombinedPlan:
    """Each wish by its title with what was planned for it."""

    planned: tuple[tuple[str, Plan | NoPlan], ...]
    allowed: frozenset[str] = frozenset()
    """Guards that were overruled for all of them."""

    @property
    def possible(self) -> tuple[Plan, ...]:
        """What a yes does; the others are left out."""
        return tuple(
            plan for _, plan in self.planned if isinstance(plan, Plan) and not plan.refusals
        )

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What stands in the way of the others."""
        return tuple(
            refusal
            for _, plan in self.planned
            if isinstance(plan, Plan)
            for refusal in plan.refusals
        )

    @property
    def offers(self) -> tuple[Refusal, ...]:
        """What stood in the way of those that are possible at the last attempt."""
        return tuple(offer for plan in self.possible for offer in plan.offers)

    @property
    def skipped(self) -> int:
        """How many a yes would not do."""
        return len(self.planned) - len(self.possible)

    def whole(self) -> Plan | None:
        """Return one plan with what all that is possible costs and frees; for showing alone."""
        plans = self.possible
        if not plans:
            return None
        kept = [plan.kept_until for plan in plans if plan.kept_until is not None]
        return Plan(
            id="",
            operation=plans[0].operation,
            targets=tuple(target for plan in plans for target in plan.targets),
            needs_bytes=_sum(plan.needs_bytes for plan in plans),
            frees_now_bytes=_sum(plan.frees_now_bytes for plan in plans),
            reclaims_bytes=_sum(plan.reclaims_bytes for plan in plans),
            undo=None if any(plan.undo is None for plan in plans) else plans[0].undo,
            kept_until=min(kept) if len(kept) == len(plans) else None,
        )


def _sum(figures: Iterable[int | None]) -> int | None:
    known = list(figures)
    return None if None in known else sum(each for each in known if each is not None)


Planned: TypeAlias = Plan | NoPlan | CombinedPlan
"""What comes of planning a wish."""
