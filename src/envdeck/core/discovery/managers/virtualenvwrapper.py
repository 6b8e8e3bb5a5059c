"""virtualenvwrapper: every environment in one folder, `WORKON_HOME`."""

import os
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    Manager,
    has_file,
    is_virtual,
    made_by_virtualenv,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.discovery.project_links import named_project, read_project_file
from envdeck.core.model import ProjectLink
from envdeck.core.system import reach


class Virtualenvwrapper(Manager):
    """Shell functions over virtualenv; `setvirtualenvproject` leaves a `.project` file."""

    name = "virtualenvwrapper"
    rank = 70
    by_name = True  # plugins of shells leave that, and activate it

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """`WORKON_HOME` and `~/.virtualenvs`; the wrappers for Windows have used two more."""
        names = ("Envs", ".virtualenvs", "virtualenvs") if self.host.windows else (".virtualenvs",)
        return (*self.chosen, *map(self.host.at_home, names))

    @cached_property
    def chosen(self) -> tuple[str, ...]:
        """`WORKON_HOME`, as given and with links resolved."""
        folder = self.host.folder("WORKON_HOME")
        return (folder, reach.realpath(folder)) if folder else ()

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim what is in `WORKON_HOME`, whoever made it: `workon` lists it. In the default
        folders, where editors and people put environments too, claim what virtualenv made or
        what has a `.project` file; elsewhere, what has both: `WORKON_HOME` of another shell."""
        if not is_virtual(candidate):
            return False
        parent = os.path.dirname(candidate.path)
        if parent in self.chosen:
            return True
        signs = made_by_virtualenv(candidate), has_file(candidate.path, ".project")
        if parent in self.real_stores:
            return any(signs)
        return all(signs) and read_project_file(candidate.path) not in {None, parent}

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Return what the `.project` file names."""
        root = read_project_file(candidate.path)
        return named_project(root, ".project file") if root else None
