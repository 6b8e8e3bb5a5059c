"""An environment that was moved with its project: its scripts lead to where it was."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    before, project = workshop.at("work", "weather"), workshop.at("work", "weather-station")
    wanted = "courier-http==0.27.0\ninkterm==13.8.0\nstraightedge==0.6.0\n"
    workshop.write(before, {"requirements.txt": wanted, "station.py": '"""Rain or shine."""\n'})
    workshop.environment(
        os.path.join(before, ".venv"), *wanted.split(), creator="venv", prompt="weather"
    )
    os.rename(before, project)
    environment = os.path.join(project, ".venv")
    workshop.age(environment, made=280, used=100)
    return Planted("moved", project, environment)


MOVED = Story("moved", "its folder was renamed, and its scripts still name the old one", _plant)
