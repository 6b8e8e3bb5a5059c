"""Environments in which tox tests a project, one of them with the Python to come."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project, coming = workshop.at("code", "tidewater"), workshop.others.coming
    pythons = (workshop.python, coming)
    names = [f"py{python.minor.replace('.', '')}" for python in pythons]
    workshop.write(
        project,
        {
            "tox.ini": f"[tox]\nenv_list = {', '.join(names)}\n\n"
            "[testenv]\ndeps =\n    numera\n    pytest\ncommands = pytest\n",
            "pyproject.toml": '[project]\nname = "tidewater"\nversion = "0.7.2"\n'
            'dependencies = ["numera>=1.26"]\n',
            "tidewater/__init__.py": '"""High and low."""\n',
        },
    )
    made = []
    for name, python, used in zip(names, pythons, (3.0, 26.0), strict=True):
        environment = workshop.environment(
            os.path.join(project, ".tox", name),
            "numera==1.26.4",
            "pytest==8.4.2",
            creator="virtualenv",
            python=python,
            prompt=name,
            made=120,
            used=used,
        )
        workshop.write(environment, {".tox-info.json": "{}\n"})
        made.append(environment)
    return Planted("tox", project, made[0], tuple(made[1:]))


TOX = Story("tox", "tox makes one for each Python, and makes them anew when it likes", _plant)
