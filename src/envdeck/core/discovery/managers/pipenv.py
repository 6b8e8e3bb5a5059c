"""Pipenv: a central folder of environments, one for each Pipfile, or `.venv` beside it."""

import os
import re
from collections.abc import Iterator
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    DEFAULT_NAME,
    HASH,
    CacheLayout,
    LockFile,
    Manager,
    absolute_paths,
    add_real_paths,
    encode,
    has_file,
    is_virtual,
    made_by_virtualenv,
    short_hash,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.discovery.project_links import named_project, read_project_file
from envdeck.core.model import ProjectLink
from envdeck.core.system.host import Host

_NAME = rf".+-({HASH})"
_MARK = ".project"


def _caches(host: Host) -> tuple[str, ...]:
    parts = ("pipenv", "Cache") if host.windows else ()
    default = os.path.join(host.user_cache(), "pipenv", *parts)
    return absolute_paths(host, host.variable("PIPENV_CACHE_DIR"), default)


class Pipenv(Manager):
    """Pipenv calls virtualenv and leaves the project's path in `.project`, as
    virtualenvwrapper does; both keep to `WORKON_HOME`."""

    name = "pipenv"
    rank = 51
    hashes = True
    by_name = True
    lock = LockFile(
        "Pipfile.lock",
        ("pipenv", "upgrade"),
        "--lock-only",
        sync=("pipenv", "sync"),
        manifest="Pipfile",
    )
    # What it leaves to pip, by pip's own names, and lists of hashes and of requirements.
    cache = CacheLayout(
        _caches,
        "packages are downloaded and hashed again when they are next locked",
        folder="pipenv",
        parts={
            "http|http-v2": "[0-9a-f]",
            "wheels": "[0-9a-f]{2}",
            "pipenv-manifests|hash-cache|pkgs": "",
        },
        inner={
            "http|http-v2": "[0-9a-f] / [0-9a-f]",
            "wheels": "[0-9a-f]{2} / [0-9a-f]{2}",
            "pipenv-manifests|hash-cache|pkgs": "[0-9a-f] / [0-9a-f]",
        },
        others=r"selfcheck|depcache[\w.-]+\.json",
    )

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """`WORKON_HOME`, and the folder that holds without it."""
        folder = self.host.folder("WORKON_HOME")
        return (folder, self._default) if folder else (self._default,)

    @cached_property
    def own_stores(self) -> frozenset[str]:
        """The folder that is Pipenv's alone; on Windows it has none."""
        return frozenset() if self.host.windows else add_real_paths((self._default,))

    @property
    def _default(self) -> str:
        if self.host.windows:
            return self.host.at_home(".virtualenvs")
        return os.path.join(self.host.xdg_data(), "virtualenvs")

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim an environment by any of these signs.

        - Its `.project` file names a folder that hashes to its name, wherever it is, or one with a
          Pipfile, and virtualenv made it (a custom name).
        - It is in `virtualenvs` of the data folder, which is Pipenv's alone, and has such a
          file (with a custom name) or a name of Pipenv's form.
        - It is named `.venv` with a Pipfile beside it, and has such a file, or was made by
          virtualenv where PDM has not chosen an interpreter.
        """
        if not is_virtual(candidate):
            return False
        parent, name = os.path.split(candidate.path)
        if name == DEFAULT_NAME:
            return has_file(parent, "Pipfile") and (
                candidate.has_file(_MARK)
                or (made_by_virtualenv(candidate) and not has_file(parent, ".pdm-python"))
            )
        formed = re.fullmatch(_NAME, name, re.DOTALL) is not None
        if parent in self.own_stores:
            return formed or candidate.has_file(_MARK)
        root = None if candidate.lacks(_MARK) else read_project_file(candidate.path)
        if root is None:
            return False
        if made_by_virtualenv(candidate) and has_file(root, "Pipfile"):
            return True
        return any(f"-{hashed}" in name for hashed in self.project_names(root))

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Return what the `.project` file names."""
        root = read_project_file(candidate.path)
        return named_project(root, ".project file") if root else None

    def project_names(self, root: str) -> Iterator[str]:
        """Yield the hash of the Pipfile's path.

        On Windows Pipenv writes the drive in upper case, and takes to an environment whose
        name differs from the folder's in case only; then its hash is of that spelling, of
        which the lower one is tried.
        """
        if not self.host.windows:
            yield short_hash(encode(os.path.join(root, "Pipfile")))
            return
        root = root.replace("/", "\\")
        if root[1:2] == ":":
            root = root[0].upper() + root[1:]
        above, separator, name = root.rpartition("\\")
        for spelling in dict.fromkeys((name, name.lower())):
            yield short_hash(encode(f"{above}{separator}{spelling}\\Pipfile"))

    def project_name_of(self, candidate: EnvironmentCandidate) -> str | None:
        """Return the hash in the environment's name."""
        match = re.fullmatch(_NAME, os.path.basename(candidate.path), re.DOTALL)
        return match[1] if match else None
