"""An environment of a Python that nobody supports any more."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_INSTALLED = ("inkterm==13.8.0", "tallow-templates==3.0.1", "wickrouter==1.2.0")


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("old", "blog")
    workshop.write(
        project,
        {
            "requirements.txt": "inkterm<14\ntallow-templates\nwickrouter\n",
            "blog.py": '"""Thoughts."""\n',
        },
    )
    environment = workshop.environment(
        os.path.join(project, "venv"),
        *_INSTALLED,
        creator="venv",
        python=workshop.others.ended,
        made=1400,
        used=395,
    )
    return Planted("end-of-life", project, environment)


END_OF_LIFE = Story(
    "end-of-life", "its Python gets no fixes any more, not even for security", _plant
)
