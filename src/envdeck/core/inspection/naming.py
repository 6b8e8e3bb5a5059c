"""Short names that still tell which environment is meant."""

import os

from envdeck.core.model import ProjectLink, ProjectState

_USUAL = frozenset({".venv", "venv", ".env", "env", ".virtualenv", "virtualenv", ".direnv"})
"""Names that so many environments have that they tell nothing by themselves."""


def name_of(path: str, project: ProjectLink) -> str:
    """Return `api/.venv` for an environment inside its project, or one of a name that many
    have; else its folder's name."""
    if project.state is ProjectState.FOUND and project.path:
        prefix = project.path.rstrip(os.sep) + os.sep
        if path.startswith(prefix):
            return os.path.join(os.path.basename(project.path), path[len(prefix) :])
    parent, name = os.path.split(path)
    return os.path.join(os.path.basename(parent), name) if name in _USUAL else name or path
