"""What the screen needs of the operations: wishes, and what plans them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import NoPlan, Plan

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

    def joined(self, title: str, others: "Sequence[PlanRequest]") -> "PlanRequest":
        """Return this and other wishes as one that is answered once; without others as it is."""
        if not others:
            return self
        nothing = NoPlan("nothing to do", nothing=True)
        return PlanRequest(title, lambda _allow: nothing, parts=(self, *others))


def together(title: str, requests: "Sequence[PlanRequest]") -> PlanRequest:
    """Return several wishes as one that is answered once; a single one as it is."""
    return requests[0].joined(title, requests[1:])


Operating: TypeAlias = "Operations"
"""What changes environments. All of it may be slow, and is called from threads. It is loaded when
it is first opened: the first frame of the screen needs none of it."""
