"""Short names that still tell which environment is meant."""

import os

from envdeck.core.model import ProjectLink, ProjectState


def name_of(path: str, project: ProjectLink) -> str:
    """Return `api/.venv` for an environment inside its project, else its folder's name."""
    if project.state is ProjectState.FOUND and project.path:
        prefix = project.path.rstrip(os.sep) + os.sep
        if path.startswith(prefix):
            return os.path.join(os.path.basename(project.path), path[len(prefix) :])
    return os.path.basename(path) or path
