"""Nox: environments of sessions in `.nox` of the project."""

import os

from envdeck.core.discovery.managers.base import Manager, is_virtual
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.discovery.project_links import named_project
from envdeck.core.model import ProjectLink

_FOLDER = ".nox"


class Nox(Manager):
    """Nox makes them anew at each run, unless told to reuse them."""

    name = "nox"
    rank = 61

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim what is in a folder named `.nox`; Nox leaves no other trace."""
        return is_virtual(candidate) and _in_nox(candidate.path)

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Return the folder that holds `.nox`."""
        root = os.path.dirname(os.path.dirname(candidate.path))
        return named_project(root, f"parent of {_FOLDER}") if _in_nox(candidate.path) else None


def _in_nox(path: str) -> bool:
    return os.path.basename(os.path.dirname(path)) == _FOLDER
