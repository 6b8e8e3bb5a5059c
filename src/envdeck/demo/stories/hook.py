"""An environment that pre-commit keeps for a hook."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    python = workshop.others.earlier
    environment = workshop.environment(
        workshop.at(".cache", "pre-commit", "repo7xk2qd9f", f"py_env-python{python.minor}"),
        "straightedge==0.8.1",
        creator="virtualenv",
        python=python,
        made=130,
        used=1.1,
    )
    return Planted("hook", None, environment)


HOOK = Story("hook", "pre-commit keeps it for a hook that several projects share", _plant)
