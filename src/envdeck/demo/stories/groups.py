"""A project of uv's with several groups, which is no package: to be set up from nothing."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop


def _plant(workshop: Workshop) -> Planted:
    project, minor = workshop.at("work", "tide-tables"), workshop.python.minor
    pyproject = f"""
        [project]
        name = "tide-tables"
        version = "1.0.0"
        requires-python = ">={minor}"
        dependencies = ["tidyargs>=8.1"]

        [dependency-groups]
        test = ["pytest>=8"]
        lint = ["straightedge>=0.8"]
        dev = [{{ include-group = "test" }}, {{ include-group = "lint" }}]
        docs = ["tallow-templates>=3"]

        [tool.uv]
        package = false
        default-groups = ["test"]
        """
    workshop.write(
        project,
        {
            "pyproject.toml": pyproject,
            "tides.py": '"""When the water comes."""\n\nHOURS = 12.42\n',
            "tests/test_tides.py": (
                "from tides import HOURS\n\n\n"
                "def test_it_comes_twice_a_day():\n    assert round(24.84 / HOURS) == 2\n"
            ),
            "Makefile": "test:\n\tpython -m pytest tests\n",
        },
    )
    workshop.lock(project)
    workshop.repository(project, ignored=(".venv/", ".env"))
    return Planted("groups", project)


GROUPS = Story("groups", "groups of dependencies, of which one is a default", _plant, usual=False)
