"""What a story of the demo is."""

from collections.abc import Callable
from dataclasses import dataclass

from envdeck.demo.workshop import Planted, Workshop


@dataclass(frozen=True, slots=True)
class Story:
    """One thing that happens to environments, planted in the home of the demo."""

    name: str
    shows: str
    """What it shows, in one sentence without a full stop."""
    plant: Callable[[Workshop], Planted]
    usual: bool = True
    """Whether it is in every demo; the others are only planted when they are named."""
