"""tox: environments in `.tox` of the project, or in a work folder chosen for all."""

import os
from collections.abc import Iterator

from envdeck.core.discovery.managers.base import KnownFolder, Manager, has_file, is_virtual
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.discovery.project_links import named_project
from envdeck.core.model import ProjectLink
from envdeck.core.system.host import Host

_FOLDER = ".tox"


class Tox(Manager):
    """tox makes them anew whenever their configuration changes (`tox -r`)."""

    name = "tox"
    rank = 60

    def places(self, host: Host) -> Iterator[KnownFolder]:
        """Yield the work folder that the environment sets; those in projects are walked to."""
        for variable in ("TOX_WORK_DIR", "TOX_WORKDIR"):
            if folder := host.folder(variable):
                yield KnownFolder(folder)

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Claim what is in a folder named `.tox`, and what holds tox's own record."""
        if not is_virtual(candidate):
            return False
        return _in_tox(candidate.path) or has_file(candidate.path, ".tox-info.json")

    def project(self, candidate: EnvironmentCandidate, host: Host) -> ProjectLink | None:
        """Return the folder that holds `.tox`; a work folder elsewhere names no project."""
        if not _in_tox(candidate.path):
            return None
        root = os.path.dirname(os.path.dirname(candidate.path))
        return named_project(root, f"parent of {_FOLDER}")


def _in_tox(path: str) -> bool:
    return os.path.basename(os.path.dirname(path)) == _FOLDER


TOX = Tox()
