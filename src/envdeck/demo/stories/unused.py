"""An environment that nobody has started for two years."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("old", "csv-janitor")
    wanted = "gridframe==2.2.0\ninkterm==13.8.0\nnumera==1.26.4\ntidyargs==8.1.7\n"
    workshop.write(project, {"requirements.txt": wanted, "janitor.py": '"""Sweeps tables."""\n'})
    environment = workshop.environment(
        os.path.join(project, "venv"), *wanted.split(), creator="venv", made=900, used=745
    )
    return Planted("unused", project, environment)


UNUSED = Story("unused", "it was last used two years ago, and takes its room ever since", _plant)
