"""From what an environment could be rebuilt, in a few words, by the names of files alone."""

import os
import re

from envdeck.core.model import Environment, ProjectState

_LOCKS = re.compile(r"uv\.lock|pylock(\.[^.]+)?\.toml|poetry\.lock|pdm\.lock|Pipfile\.lock")
_DECLARED = re.compile(
    r"pyproject\.toml|requirements[\w.-]*\.(txt|in)|setup\.(cfg|py)|Pipfile|environment\.ya?ml"
)


def rebuilt_from(environment: Environment, *, kept: bool = True) -> str:
    """Return what a person could rebuild it from once it is gone for good; `kept` tells whether
    the trash will hold a list of its packages."""
    found = []
    project = environment.project
    if project.path is not None and project.state is ProjectState.FOUND:
        try:
            names = sorted(os.listdir(project.path))
        except OSError:
            names = []
        locks = [name for name in names if _LOCKS.fullmatch(name)]
        declared = [name for name in names if _DECLARED.fullmatch(name)]
        found += [f"its lock ({', '.join(locks[:2])})"] if locks else []
        found += [f"its declaration ({', '.join(declared[:2])})"] if declared else []
    if environment.packages and kept:
        found.append("the list of its packages, kept in the trash")
    if found:
        return ", ".join(found)
    return "nothing that is kept" if environment.packages else "nothing: it has no packages"
