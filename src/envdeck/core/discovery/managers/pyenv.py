"""pyenv-virtualenv: environments inside the pyenv version they use, with a link beside it."""

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

from envdeck.core.discovery.managers.base import KnownFolder, Manager, is_virtual
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_text

_VERSION_FILE_LIMIT = 4096
_VERSIONS = 1000
_USUAL_NAMES = frozenset({".pyenv", "pyenv-win"})


class Pyenv(Manager):
    """`versions/<version>/envs/<name>` with a link `versions/<name>`; before pyenv-virtualenv
    kept them there, `versions/<name>` was the environment itself. The versions are interpreters,
    and carry no marker of an environment."""

    name = "pyenv"
    rank = 10

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """The folder in which pyenv (and pyenv-win) keeps its versions."""
        host = self.host
        usual = (".pyenv", "pyenv-win") if host.windows else (".pyenv",)
        root = host.folder("PYENV_ROOT") or host.at_home(*usual)
        return (os.path.join(os.path.normpath(root), "versions"),)

    def places(self) -> Iterable[KnownFolder]:
        """Yield `versions`, for the links in it, and the `envs` of each version."""
        (versions,) = self.stores
        yield KnownFolder(versions)
        for name in _folders_in(versions):
            yield KnownFolder(os.path.join(versions, name, "envs"))

    def claims(self, candidate: EnvironmentCandidate) -> bool:
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
        return versions in self.real_stores

    def project_names(self, root: str) -> Iterable[str]:
        """Yield what `.python-version` names: versions of Python, or environments of pyenv."""
        text = read_text(os.path.join(root, ".python-version"), _VERSION_FILE_LIMIT)
        if isinstance(text, Unread):
            return
        for line in text.splitlines():
            for word in line.partition("#")[0].split():
                yield word.rpartition("/")[2]  # the long form is `3.12.4/envs/blog`

    def project_name_of(self, candidate: EnvironmentCandidate) -> str | None:
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
