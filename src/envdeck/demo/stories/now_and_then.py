"""A small project that is worked on now and then."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("code", "chessclock")
    wanted = "inkterm>=13\ntidyargs\n"
    workshop.write(project, {"requirements.txt": wanted, "clock.py": '"""Your move."""\n'})
    environment = workshop.environment(
        os.path.join(project, "venv"),
        "inkterm==14.2.0",
        "tidyargs==8.2.0",
        creator="venv",
        made=75,
        used=6,
    )
    return Planted("now-and-then", project, environment)


NOW_AND_THEN = Story("now-and-then", "small, up to date, and used now and then", _plant)
