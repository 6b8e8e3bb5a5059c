"""An environment that direnv makes where somebody enters a folder."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project, python = workshop.at("teaching", "notebooks"), workshop.others.earlier
    workshop.write(
        project,
        {
            ".envrc": "layout python3\n",
            "requirements.txt": "gridframe\nplotmill\n",
            "lesson.py": '"""How to read a chart."""\n',
        },
    )
    environment = workshop.environment(
        os.path.join(project, ".direnv", f"python-{python.minor}"),
        "gridframe==2.2.3",
        "plotmill==3.9.2",
        "numera==1.26.4",
        creator="venv",
        python=python,
        made=410,
        used=18,
    )
    return Planted("direnv", project, environment)


DIRENV = Story("direnv", "direnv makes it for whoever enters the folder", _plant)
