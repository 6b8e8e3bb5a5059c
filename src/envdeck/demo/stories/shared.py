"""Two environments whose files are those of uv's cache."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_WANTED = ("gridframe==2.2.3", "numera==1.26.4", "plotmill==3.9.2", "quarrydb==4.2.0")


def _plant(workshop: Workshop) -> Planted:
    made = []
    for name, age, used in (("forecast", 300.0, 75.0), ("forecast-2", 44.0, 2.0)):
        project = workshop.at("work", name)
        workshop.write(
            project,
            {
                "requirements.txt": "".join(f"{line}\n" for line in _WANTED),
                f"{name.replace('-', '_')}.py": '"""What will be."""\n',
            },
        )
        place = os.path.join(project, ".venv")
        made.append(workshop.environment(place, *_WANTED, prompt=name, made=age, used=used))
    return Planted("shared", workshop.at("work", "forecast"), made[0], tuple(made[1:]))


STORY = Story(
    "shared", "hard links: both look large, and deleting one of them would free little", _plant
)
