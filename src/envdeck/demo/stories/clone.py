"""A project that was just cloned: everything is there but an environment."""

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_COMMAND = '''
"""Prints labels for parcels."""

import os

import inkterm
import tidyargs


def label(number: int, desk: str) -> str:
    """Return the label of a parcel."""
    return f"{desk}-{number:05}"


def main() -> None:
    """Print a label, at the desk that `.env` names."""
    desk = os.environ.get("DESK_NAME", "desk")
    print(label(42, desk), "by tidyargs", tidyargs.__version__, "and inkterm", inkterm.__version__)
'''
_TESTS = """
from parcel_desk import label


def test_a_label_has_five_digits():
    assert label(42, "north") == "north-00042"


def test_a_long_number_stays_whole():
    assert label(123456, "north").endswith("-123456")
"""
_HOOKS = """
repos:
  - repo: local
    hooks:
      - id: straightedge
        name: straightedge
        entry: straightedge
        language: system
        types: [python]
"""
_MAKEFILE = """
.PHONY: test lint

test:
\tpython -m pytest tests

lint:
\tstraightedge
"""
_EXAMPLE = """
# Copy to .env and fill in.
DESK_NAME=north
DATABASE_URL=quarry://localhost/parcels
CARRIER_TOKEN=changeme
"""


def _plant(workshop: Workshop) -> Planted:
    project, minor = workshop.at("work", "parcel-desk"), workshop.python.minor
    pyproject = f"""
        [project]
        name = "parcel-desk"
        version = "0.4.0"
        description = "Prints labels for parcels"
        readme = "README.md"
        requires-python = ">={minor}"
        dependencies = ["tidyargs>=8.1", "inkterm>=13", "courier-http>=0.27"]

        [project.optional-dependencies]
        database = ["quarrydb>=4.4,<5", "quarrydb-migrate>=1.1"]

        [project.scripts]
        parcel-desk = "parcel_desk:main"

        [dependency-groups]
        dev = ["pytest>=8", "straightedge>=0.8", "pre-commit>=4"]
        docs = ["tallow-templates>=3"]
        """
    workshop.write(project, {"pyproject.toml": pyproject})
    with open(f"{project}/pyproject.toml", "a", encoding="utf-8") as file:
        file.write(workshop.build_system())
    workshop.write(
        project,
        {
            ".python-version": f"{minor}\n",
            "README.md": "# Parcel desk\n\nPrints labels for parcels.\n",
            "src/parcel_desk/__init__.py": _COMMAND,
            "tests/test_labels.py": _TESTS,
            ".env.example": _EXAMPLE,
            ".pre-commit-config.yaml": _HOOKS,
            "Makefile": _MAKEFILE,
        },
    )
    workshop.lock(project)
    workshop.repository(project, ignored=("__pycache__/", ".venv/"))
    return Planted("clone", project)


CLONE = Story("clone", "just cloned: the walkthrough leads from here to its first command", _plant)
