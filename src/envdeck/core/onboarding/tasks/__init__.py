"""The commands of a project, told by its files alone: one kind of file a module."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.core.onboarding.tasks.found import Finder, FoundTask
from envdeck.core.onboarding.tasks.just import just_recipes
from envdeck.core.onboarding.tasks.make import make_targets
from envdeck.core.onboarding.tasks.manage import manage_commands
from envdeck.core.onboarding.tasks.nox import nox_sessions
from envdeck.core.onboarding.tasks.pytest import pytest_run
from envdeck.core.onboarding.tasks.scripts import project_scripts
from envdeck.core.onboarding.tasks.tox import tox_run

if TYPE_CHECKING:
    from envdeck.core.onboarding.situation import Situation

FINDERS: tuple[Finder, ...] = (
    pytest_run,
    manage_commands,
    nox_sessions,
    make_targets,
    just_recipes,
    tox_run,
    project_scripts,
)
_MOST = 40


def find_tasks(situation: "Situation") -> tuple[FoundTask, ...]:
    """Return the commands of a project: those that can be run first, the tests before others."""
    found: dict[str, FoundTask] = {}
    for one in _all(situation):
        found.setdefault(one.words, one)
    tasks = sorted(found.values(), key=lambda one: (bool(one.missing), not one.tests))
    return tuple(tasks[:_MOST])


def _all(situation: "Situation") -> Iterator[FoundTask]:
    for finder in FINDERS:
        yield from finder(situation)
