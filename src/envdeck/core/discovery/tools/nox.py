"""Nox: environments of sessions in `.nox` of the project."""

import os

from envdeck.core.discovery.candidate import Candidate
from envdeck.core.discovery.project_words import named_project
from envdeck.core.discovery.tool import Tool
from envdeck.core.discovery.tools._folders import is_virtual
from envdeck.core.host import Host
from envdeck.core.model import ProjectLink

_FOLDER = ".nox"


class Nox(Tool):
    """Nox makes them anew at each run, unless told to reuse them."""

    name = "nox"
    rank = 61

    def claims(self, candidate: Candidate, host: Host) -> bool:
        """Claim what is in a folder named `.nox`; Nox leaves no other trace."""
        return is_virtual(candidate) and _in_nox(candidate.path)

    def project(self, candidate: Candidate, host: Host) -> ProjectLink | None:
        """Return the folder that holds `.nox`."""
        root = os.path.dirname(os.path.dirname(candidate.path))
        return named_project(root, f"parent of {_FOLDER}") if _in_nox(candidate.path) else None


def _in_nox(path: str) -> bool:
    return os.path.basename(os.path.dirname(path)) == _FOLDER


NOX = Nox()
