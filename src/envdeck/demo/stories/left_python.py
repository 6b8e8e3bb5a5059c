"""A Python that no environment rests on any more, with packages installed into itself."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    left = workshop.others.left
    workshop.unpack(left.prefix, ("courier-http==0.27.0", "straightedge==0.6.0"), left)
    return Planted("left-python")


LEFT_PYTHON = Story(
    "left-python", "no environment rests on that Python, and it has packages", _plant
)
