"""direnv: environments that `layout python` makes in `.direnv` of the project."""

import os
from collections.abc import Iterator
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    KnownFolder,
    Manager,
    has_file,
    is_virtual,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.discovery.project_links import named_project
from envdeck.core.model import ProjectLink

_FOLDER = ".direnv"


class Direnv(Manager):
    """direnv calls whatever makes environments, so that only the place tells."""

    name = "direnv"
    rank = 71

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """The folders of layouts outside of projects, that of the cache first."""
        cache = self.host.folder("XDG_CACHE_HOME") or self.host.at_home(".cache")
        folder = self.host.folder("direnv_layout_dir")
        return (os.path.join(cache, "direnv", "layouts"), *((folder,) if folder else ()))

    def places(self) -> Iterator[KnownFolder]:
        """Yield `~/.direnv`, the folder of layouts that its manual proposes for keeping them
        out of projects, and `direnv_layout_dir` where that is in the environment."""
        yield KnownFolder(self.host.at_home(_FOLDER))
        layouts, *chosen = self.stores
        yield KnownFolder(layouts, 2)
        yield from map(KnownFolder, chosen)

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim what is in a folder named `.direnv` (`python-3.13`, `virtualenv`), and what is
        in a layout folder outside of projects."""
        if not is_virtual(candidate):
            return False
        parent = os.path.dirname(candidate.path)
        return (
            os.path.basename(parent) == _FOLDER
            or parent in self.real_stores
            or os.path.dirname(parent) in self.real_stores
        )

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Return the folder that holds `.direnv`, if it has an `.envrc`; without one, no
        project is meant (`~/.direnv`) or it is to be told by other signs."""
        root, folder = os.path.split(os.path.dirname(candidate.path))
        if folder != _FOLDER or not has_file(root, ".envrc"):
            return None
        return named_project(root, f"parent of {_FOLDER}")
