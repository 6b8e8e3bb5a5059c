"""An environment that uv keeps for one command."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    workshop.tool("tool", "install", "-q", "--python", workshop.python.executable, "straightedge")
    environment = workshop.at(".local", "share", "uv", "tools", "straightedge")
    workshop.age(environment, made=60, used=0.3)
    return Planted("command", None, environment)


COMMAND = Story(
    "command", "a tool that `uv tool install` has made, which its owner removes", _plant
)
