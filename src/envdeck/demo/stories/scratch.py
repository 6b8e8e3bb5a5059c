"""Environments for nothing in particular, which belong to no project."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    scratch = workshop.environment(
        workshop.at(".virtualenvs", "scratch"),
        "courier-http",
        "inkterm",
        creator="virtualenv",
        made=500,
        used=33,
    )
    tried = workshop.environment(
        workshop.at("envs", "try-gridframe"),
        "gridframe==3.0.0",
        creator="venv",
        made=160,
        used=160,
    )
    return Planted("scratch", None, scratch, (tried,))


SCRATCH = Story("scratch", "made to try something, of no project, and one not used since", _plant)
