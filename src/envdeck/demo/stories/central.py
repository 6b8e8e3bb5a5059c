"""An environment that uv keeps in its cache, with a link to it in the project."""

import hashlib
import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_PYPROJECT = """
[project]
name = "atlas"
version = "1.1.0"
requires-python = ">=3.11"
dependencies = ["courier-http>=0.28", "inkterm>=14"]
"""


def _plant(workshop: Workshop) -> Planted:
    project, python = workshop.at("work", "atlas"), workshop.others.later
    workshop.write(project, {"pyproject.toml": _PYPROJECT, "atlas.py": '"""Where things are."""\n'})
    hashed = hashlib.sha256(os.fsencode(project)).hexdigest()[:16]
    environment = workshop.environment(
        os.path.join(
            workshop.layout.cache, "environments-v2", f"atlas-cp{python.version}-{hashed}"
        ),
        "courier-http==0.28.1",
        "inkterm==14.2.0",
        python=python,
        prompt="atlas",
        made=12,
        used=0.6,
    )
    os.symlink(environment, os.path.join(project, ".venv"))
    return Planted("central", project, environment)


CENTRAL = Story(
    "central", "uv keeps it in its cache, and the project only has a link to it", _plant
)
