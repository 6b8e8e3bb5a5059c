"""An environment that takes more room than any other, with a package that no index has now."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("research", "birdsong")
    workshop.write(
        project,
        {
            "requirements.txt": "chorus-models==1.0.0\nplotmill==3.9.2\ngridframe==2.2.3\n",
            "listen.py": '"""Who sings?"""\n',
        },
    )
    environment = workshop.environment(
        os.path.join(project, ".venv"),
        "chorus-models==1.0.0",
        "plotmill==3.9.2",
        "gridframe==2.2.3",
        "numera==1.26.4",
        creator="venv",
        prompt="birdsong",
        made=430,
        used=210,
    )
    return Planted("large", project, environment)


LARGE = Story(
    "large", "it takes more room than any other, and nobody has used it for months", _plant
)
