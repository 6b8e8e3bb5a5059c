"""What the screen is given: what a person can choose about it, and what plans their wishes."""

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from envdeck.config.load import ScreenState
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import NoPlan, Plan
from envdeck.text.safe import UNICODE, Signs

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


def together(title: str, requests: "Sequence[PlanRequest]") -> PlanRequest:
    """Return several wishes as one that is answered once; a single one as it is."""
    if len(requests) == 1:
        return requests[0]
    nothing = NoPlan("nothing to do", nothing=True)
    return PlanRequest(title, lambda _allow: nothing, parts=tuple(requests))


Operating: TypeAlias = "Operations"
"""What changes environments. All of it may be slow, and is called from threads. It is loaded when
it is first opened: the first frame of the screen needs none of it."""


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
    tour: bool = False
    """Whether the tour is offered once the list is shown."""
    tour_answered: Callable[[], None] = _keep_no_answer
    """Called, in a thread, once that was answered."""
