"""Environments in Poetry's cache folder, each named by its project, a hash and a Python."""

import os

from envdeck.demo.story import Story
from envdeck.demo.workshop import Planted, Workshop

_PYPROJECT = """
[tool.poetry]
name = "timesheets"
version = "1.3.0"
description = "Who was there, and when"
authors = ["Ada <ada@example.com>"]
package-mode = false

[tool.poetry.dependencies]
python = ">=3.8"
lanternweb = "^2.1"
quarrydb = "^4.2"
inkterm = ">=13.8"

[tool.poetry.group.dev.dependencies]
pytest = "^8.2"
"""
_WANTED = ("lanternweb==2.3.1", "quarrydb==4.4.1", "inkterm==14.2.0", "pytest==8.4.2")
_BEFORE = ("lanternweb==2.1.0", "quarrydb==4.2.0", "inkterm==13.8.0", "pytest==8.2.0")


def _plant(workshop: Workshop) -> Planted:
    project = workshop.at("work", "timesheets")
    workshop.write(
        project,
        {"pyproject.toml": _PYPROJECT, "timesheets/__init__.py": '"""Who was there."""\n'},
    )
    store = workshop.at(".cache", "pypoetry", "virtualenvs")
    hashed = workshop.project_name("poetry", project)
    made = []
    for python, wanted, age, used in (
        (workshop.python, _WANTED, 160.0, 3.0),
        (workshop.others.ended, _BEFORE, 900.0, 430.0),
    ):
        name = f"timesheets-{hashed}-py{python.minor}"
        made.append(
            workshop.environment(
                os.path.join(store, name),
                *wanted,
                creator="virtualenv",
                python=python,
                prompt=f"timesheets-py{python.minor}",
                made=age,
                used=used,
            )
        )
    return Planted("poetry-cache", project, made[0], tuple(made[1:]))


POETRY_CACHE = Story(
    "poetry-cache",
    "Poetry keeps it in its cache, and one of an old Python beside it that nobody needs",
    _plant,
)
