"""Two environments that share their files, some of them with uv's cache too."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_PRUNED = ("plotmill==3.9.2", "numera==1.26.4")
"""What uv's cache had once, and has no more."""
_CACHED = ("gridframe==2.2.3", "quarrydb==4.2.0")


def _plant(workshop: Workshop) -> Planted:
    python = workshop.python
    made: list[str] = []
    for name, age, used in (("forecast", 300.0, 75.0), ("forecast-2", 44.0, 2.0)):
        project = workshop.at("work", name)
        workshop.write(
            project,
            {
                "requirements.txt": "".join(f"{line}\n" for line in (*_PRUNED, *_CACHED)),
                f"{name.replace('-', '_')}.py": '"""What will be."""\n',
            },
        )
        place = os.path.join(project, ".venv")
        workshop.environment(place, prompt=name)
        if made:
            workshop.link(made[0], place)
        else:
            workshop.unpack(place, _PRUNED, python, "uv")
            workshop.install(place, *_CACHED)
        workshop.age(place, made=age, used=used)
        made.append(place)
    return Planted("shared", workshop.at("work", "forecast"), made[0], tuple(made[1:]))


SHARED = Story(
    "shared",
    "hard links: both look large, and deleting one of them would free little, both together more",
    _plant,
)
