"""direnv: environments that `layout python` makes in `.direnv` of the project."""

import os
from collections.abc import Iterator

from envdeck.core.discovery.managers.base import (
    KnownFolder,
    Manager,
    PerHost,
    has_file,
    is_virtual,
    with_real,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.discovery.project_links import named_project
from envdeck.core.model import ProjectLink
from envdeck.core.system.host import Host

_FOLDER = ".direnv"


class Direnv(Manager):
    """direnv calls whatever makes environments, so that only the place tells."""

    name = "direnv"
    rank = 71

    def places(self, host: Host) -> Iterator[KnownFolder]:
        """Yield `~/.direnv`, the folder of layouts that its manual proposes for keeping them
        out of projects, and `direnv_layout_dir` where that is in the environment."""
        _central.anew(host)
        yield KnownFolder(host.at_home(_FOLDER))
        yield KnownFolder(_layouts(host), 2)
        if folder := host.folder("direnv_layout_dir"):
            yield KnownFolder(folder)

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Claim what is in a folder named `.direnv` (`python-3.13`, `virtualenv`), and what is
        in a layout folder outside of projects."""
        if not is_virtual(candidate):
            return False
        parent = os.path.dirname(candidate.path)
        return (
            os.path.basename(parent) == _FOLDER
            or parent in _central(host)
            or os.path.dirname(parent) in _central(host)
        )

    def project(self, candidate: EnvironmentCandidate, host: Host) -> ProjectLink | None:
        """Return the folder that holds `.direnv`, if it has an `.envrc`; without one, no
        project is meant (`~/.direnv`) or it is to be told by other signs."""
        root, folder = os.path.split(os.path.dirname(candidate.path))
        if folder != _FOLDER or not has_file(root, ".envrc"):
            return None
        return named_project(root, f"parent of {_FOLDER}")


def _layouts(host: Host) -> str:
    cache = host.folder("XDG_CACHE_HOME") or host.at_home(".cache")
    return os.path.join(cache, "direnv", "layouts")


def _folders(host: Host) -> Iterator[str]:
    yield _layouts(host)
    if folder := host.folder("direnv_layout_dir"):
        yield folder


_central = PerHost(lambda host: with_real(_folders(host)))

DIRENV = Direnv()
