"""An environment whose packages have fallen behind, some because others hold them back."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_WANTED = (
    "lanternweb==2.1.0",
    "tallow-templates==3.0.1",
    "wickrouter==1.2.0",
    "courier-http==0.27.0",
    "certbundle==2024.8.30",
    "gridframe==2.2.0",
    "numera==1.26.4",
    "plotmill==3.9.0",
    "quarrydb==4.2.0",
    "quarrydb-migrate==1.1.0",
    "pebblecache==2.0.3",
    "schemapress==2.9.0",
    "inkterm==13.8.0",
    "tidyargs==8.1.7",
)
_DEVELOPMENT = ("pytest==8.2.0", "straightedge==0.6.0")


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("work", "dashboard")
    names = [pin.partition("==")[0] for pin in _WANTED]
    workshop.write(
        project,
        {
            "requirements.txt": "".join(f"{name}\n" for name in names),
            "requirements-dev.txt": "pytest\nstraightedge\n",
            "dashboard.py": '"""All at a glance."""\n',
        },
    )
    workshop.repository(project, ignored=(".venv/", ".env"))
    environment = workshop.environment(
        os.path.join(project, ".venv"),
        *_WANTED,
        *_DEVELOPMENT,
        creator="virtualenv",
        prompt="dashboard",
        made=310,
        used=0.7,
    )
    return Planted("lagging", project, environment)


LAGGING = Story("lagging", "there are newer releases of nearly everything in it", _plant)
