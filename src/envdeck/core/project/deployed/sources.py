"""Every source of them, and what all of them name together."""

from collections.abc import Callable, Iterator
from itertools import islice

from envdeck.core.project.deployed.app_engine import app_engine
from envdeck.core.project.deployed.azure_pipelines import azure_pipelines
from envdeck.core.project.deployed.circleci import circleci
from envdeck.core.project.deployed.dockerfile import dockerfiles
from envdeck.core.project.deployed.github_actions import github_actions
from envdeck.core.project.deployed.gitlab_ci import gitlab_ci
from envdeck.core.project.deployed.model import NamedPython
from envdeck.core.project.deployed.netlify import netlify
from envdeck.core.project.deployed.nox import nox
from envdeck.core.project.deployed.render import render
from envdeck.core.project.deployed.sam_template import sam_template
from envdeck.core.project.deployed.serverless import serverless
from envdeck.core.project.deployed.source import Found
from envdeck.core.project.deployed.tox import tox
from envdeck.core.project.deployed.travis import travis
from envdeck.core.project.model import Problem

SOURCES: tuple[Callable[[str], Iterator[Found]], ...] = (
    dockerfiles,
    serverless,
    sam_template,
    app_engine,
    render,
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
"""So many are taken of one source: whatever lies behind them tells nothing new."""


def named_pythons(folder: str) -> tuple[tuple[NamedPython, ...], tuple[Problem, ...]]:
    """Return the Pythons that a project's files name, those it is deployed on first, and which of
    its files could not be read. Each version counts once a line."""
    named: dict[NamedPython, None] = {}
    problems: dict[Problem, None] = {}
    for source in SOURCES:
        for one in islice(source(folder), _MANY):
            if isinstance(one, Problem):
                problems[one] = None
            else:
                named[one] = None
    return tuple(named), tuple(problems)
