"""The Pythons that a project is built, tested and deployed with, from all sources together."""

from itertools import islice

from envdeck.core.project.deployed.base import Source
from envdeck.core.project.deployed.ci import (
    azure_pipelines,
    circleci,
    github_actions,
    gitlab_ci,
    nox,
    tox,
    travis,
)
from envdeck.core.project.deployed.platforms import PLATFORMS, dockerfiles, netlify
from envdeck.core.project.model import NamedPython, Problem

SOURCES: tuple[Source, ...] = (
    dockerfiles,
    *PLATFORMS,
    netlify,
    github_actions,
    gitlab_ci,
    circleci,
    azure_pipelines,
    travis,
    tox,
    nox,
)
_MANY = 1000
"""So many are taken of one source; more tell nothing new."""


def named_pythons(folder: str) -> tuple[tuple[NamedPython, ...], tuple[Problem, ...]]:
    """Return the Pythons that a project's files name, the deployed ones first, and the files that
    could not be read. Each version counts once a line."""
    named: dict[NamedPython, None] = {}
    problems: dict[Problem, None] = {}
    for source in SOURCES:
        for one in islice(source(folder), _MANY):
            if isinstance(one, Problem):
                problems[one] = None
            else:
                named[one] = None
    return tuple(named), tuple(problems)
