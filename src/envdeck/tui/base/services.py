"""What the screen needs of the operations: wishes, and what plans them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import NoPlan, Plan, Refusal

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations

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


Operating: TypeAlias = "Operations"
"""What changes environments. All of it may be slow, and is called from threads. It is loaded when
it is first opened: the first frame of the screen needs none of it."""
