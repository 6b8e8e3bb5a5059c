"""An environment that Hatch keeps in its data folder."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_PYPROJECT = """
[project]
name = "almanac"
version = "0.3.0"
dependencies = ["gridframe>=2.2", "inkterm"]

[tool.hatch.envs.default]
dependencies = ["pytest"]
"""


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("code", "almanac")
    workshop.write(
        project, {"pyproject.toml": _PYPROJECT, "almanac/__init__.py": '"""The year."""\n'}
    )
    hashed = workshop.project_name("hatch", project)
    environment = workshop.environment(
        workshop.at(".local", "share", "hatch", "env", "virtual", "almanac", hashed, "almanac"),
        "gridframe==2.2.3",
        "inkterm==14.2.0",
        "numera==1.26.4",
        "pytest==8.4.2",
        creator="virtualenv",
        prompt="almanac",
        made=140,
        used=8,
    )
    return Planted("hatch", project, environment)


HATCH = Story("hatch", "Hatch keeps it in its data folder, below a hash", _plant)
