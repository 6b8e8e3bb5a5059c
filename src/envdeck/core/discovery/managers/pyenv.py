"""pyenv-virtualenv: environments inside the pyenv version they rest on, with a link beside it."""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import ClassVar

from envdeck.core.discovery.managers.base import (
    KnownFolder,
    Manager,
    PerHost,
    is_virtual,
    with_real,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_text
from envdeck.core.system.host import Host

_VERSION_FILE_LIMIT = 4096
_VERSIONS = 1000
_USUAL_NAMES = frozenset({".pyenv", "pyenv-win"})


def versions_folder(host: Host) -> str:
    """Return the folder in which pyenv (and pyenv-win) keeps its versions."""
    root = host.folder("PYENV_ROOT")
    if root is None:
        root = host.at_home(".pyenv", "pyenv-win") if host.windows else host.at_home(".pyenv")
    return os.path.join(os.path.normpath(root), "versions")


class Pyenv(Manager):
    """`versions/<version>/envs/<name>` with a link `versions/<name>`; before pyenv-virtualenv
    kept them there, `versions/<name>` was the environment itself. The versions are interpreters,
    and carry no marker of an environment."""

    name: ClassVar[str] = "pyenv"
    rank: ClassVar[int] = 10

    def places(self, host: Host) -> Iterable[KnownFolder]:
        """Yield `versions`, for the links in it, and the `envs` of each version."""
        _real_versions.anew(host)
        versions = versions_folder(host)
        yield KnownFolder(versions)
        for name in _folders_in(versions):
            yield KnownFolder(os.path.join(versions, name, "envs"))

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Tell it by the place alone: virtualenv or venv wrote it, and nothing inside says more.
        An environment of a conda that pyenv installed is conda's."""
        if not is_virtual(candidate):
            return False
        parent = os.path.dirname(candidate.path)
        versions = parent
        if os.path.basename(parent) == "envs":
            versions = os.path.dirname(os.path.dirname(parent))
        if os.path.basename(versions) != "versions":
            return False
        owner = os.path.dirname(versions)
        if os.path.basename(owner) in _USUAL_NAMES:
            return True
        return versions in _real_versions(host)

    def project_names(self, root: str, host: Host) -> Iterable[str]:
        """Yield what `.python-version` names: versions of Python, or environments of pyenv."""
        text = read_text(os.path.join(root, ".python-version"), _VERSION_FILE_LIMIT)
        if isinstance(text, Unread):
            return
        for line in text.splitlines():
            for word in line.partition("#")[0].split():
                yield word.rpartition("/")[2]  # the long form is `3.12.4/envs/blog`

    def project_name_of(self, candidate: EnvironmentCandidate, host: Host) -> str | None:
        """Return its name, by which `.python-version` calls it."""
        return os.path.basename(candidate.path)


def _folders_in(folder: str) -> Iterator[str]:
    try:
        with reach.scandir(folder) as entries:
            names = [
                entry.name
                for entry in islice(entries, _VERSIONS)
                if entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return  # the walk goes there too, and says what it could not read
    yield from sorted(names)


_real_versions = PerHost(lambda host: with_real((versions_folder(host),)))

PYENV = Pyenv()
