"""virtualenvwrapper: every environment in one folder, `WORKON_HOME`."""

import os
from collections.abc import Iterator

from envdeck.core.discovery.managers.base import (
    KnownFolder,
    Manager,
    PerHost,
    has_file,
    is_virtual,
    made_by_virtualenv,
    with_real,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.discovery.project_links import named_project, read_project_file
from envdeck.core.model import ProjectLink
from envdeck.core.system.host import Host


class Virtualenvwrapper(Manager):
    """Shell functions over virtualenv; `setvirtualenvproject` leaves a `.project` file."""

    name = "virtualenvwrapper"
    rank = 70

    def places(self, host: Host) -> Iterator[KnownFolder]:
        """Yield `WORKON_HOME` and the folders that the wrappers use without it."""
        _chosen.anew(host)
        _default.anew(host)
        for path in (*_workon_home(host), *_defaults(host)):
            yield KnownFolder(path)

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Claim what is in `WORKON_HOME`, whoever made it: `workon` lists it. In the default
        folders, where editors and people put environments too, claim what virtualenv made or
        what has a `.project` file."""
        if not is_virtual(candidate):
            return False
        parent = os.path.dirname(candidate.path)
        if parent in _chosen(host):
            return True
        return parent in _default(host) and (
            made_by_virtualenv(candidate) or has_file(candidate.path, ".project")
        )

    def project(self, candidate: EnvironmentCandidate, host: Host) -> ProjectLink | None:
        """Return what the `.project` file names."""
        root = read_project_file(candidate.path)
        return named_project(root, ".project file") if root else None


def _workon_home(host: Host) -> tuple[str, ...]:
    folder = host.folder("WORKON_HOME")
    return (folder,) if folder else ()


def _defaults(host: Host) -> tuple[str, ...]:
    """Return `~/.virtualenvs`; the wrappers for Windows have used two more."""
    names = ("Envs", ".virtualenvs", "virtualenvs") if host.windows else (".virtualenvs",)
    return tuple(host.at_home(name) for name in names)


_chosen = PerHost(lambda host: with_real(_workon_home(host)))
_default = PerHost(lambda host: with_real(_defaults(host)))

VIRTUALENVWRAPPER = Virtualenvwrapper()
