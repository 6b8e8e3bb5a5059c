"""tox and Nox, which test in environments in `.tox` and `.nox` of the project; tox also in a work
folder chosen for all."""

import os
from functools import cached_property

from envdeck.core.discovery.managers.base import Manager, is_virtual
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.discovery.project_links import named_project
from envdeck.core.model import ProjectLink

_TOX = ".tox"
_NOX = ".nox"


class Tox(Manager):
    """tox recreates them whenever their configuration changes (`tox -r`)."""

    name = "tox"
    rank = 60

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """The work folder that the environment sets; those in projects are walked to."""
        folders = map(self.host.folder, ("TOX_WORK_DIR", "TOX_WORKDIR"))
        return tuple(folder for folder in folders if folder)

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim what is in a folder named `.tox`, and what holds tox's own record."""
        if not is_virtual(candidate):
            return False
        return _is_in(_TOX, candidate.path) or candidate.has_file(".tox-info.json")

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Return the folder that holds `.tox`; a work folder elsewhere names no project."""
        if not _is_in(_TOX, candidate.path):
            return None
        root = os.path.dirname(os.path.dirname(candidate.path))
        return named_project(root, f"parent of {_TOX}")


class Nox(Manager):
    """Nox recreates them at each run, unless told to reuse them."""

    name = "nox"
    rank = 61

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim what is in a folder named `.nox`; Nox leaves no other trace."""
        return is_virtual(candidate) and _is_in(_NOX, candidate.path)

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Return the folder that holds `.nox`."""
        if not _is_in(_NOX, candidate.path):
            return None
        root = os.path.dirname(os.path.dirname(candidate.path))
        return named_project(root, f"parent of {_NOX}")


def _is_in(folder: str, path: str) -> bool:
    return os.path.basename(os.path.dirname(path)) == folder
