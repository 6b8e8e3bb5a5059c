"""`python -m venv` and virtualenv called by hand, and virtualenvwrapper, which gathers what they
made."""

import os
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    Manager,
    is_virtual,
    made_by_virtualenv,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.discovery.project_links import named_project, read_project_file
from envdeck.core.model import ProjectLink
from envdeck.core.system import reach

_BY_HAND = ("envs", "Envs", ".venvs", ".virtualenvs")
"""Folders at home where people gather environments; editors use the last two."""


class Venv(Manager):
    """The standard library's own maker (PEP 405); it keeps no list and has no folder."""

    name = "venv"
    rank = 100
    by_creator = True

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """The folders at home in which people gather environments by hand."""
        return tuple(map(self.host.at_home, _BY_HAND))

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim all that is left, whether its cfg is signed (`command = … -m venv`, from
        CPython 3.11 on) or not: anything that follows PEP 405 is looked after in its way."""
        return candidate.kind is Kind.VENV


class Virtualenv(Manager):
    """The maker that most tools call; what they made is theirs, so it is asked late."""

    name = "virtualenv"
    rank = 90
    by_creator = True

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim what bears its key in the cfg, and what it made before 20, without a cfg."""
        return made_by_virtualenv(candidate)


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
        signs = made_by_virtualenv(candidate), candidate.has_file(".project")
        if parent in self.real_stores:
            return any(signs)
        return all(signs) and read_project_file(candidate.path) not in {None, parent}

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Return what the `.project` file names."""
        root = read_project_file(candidate.path)
        return named_project(root, ".project file") if root else None
