"""Hatch: environments by project in its data folder, or in the project where it says so."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    HASH,
    CacheLayout,
    KnownFolder,
    Manager,
    absolute_paths,
    add_real_paths,
    encode,
    is_virtual,
    made_by_virtualenv,
    read_toml,
    short_hash,
    text_at,
    value_at,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate

_IN_PROJECT = ".hatch"
"""What Hatch's manual proposes for `[dirs.env] virtual`, relative to each project."""


class Hatch(Manager):
    """Hatch calls virtualenv, or uv when it is told to."""

    name = "hatch"
    rank = 53
    hashes = True
    # Whom a person published as, and that a shell was entered before, are beside them and stay.
    cache = CacheLayout(
        lambda host: Hatch(host).caches,
        "licences are downloaded for the next new project",
        folder="hatch",
        parts={"licenses": r".+\.txt"},
        inner={"licenses": r"(?:[A-Za-z0-9.+-]+-)?[A-Z0-9][A-Za-z0-9.+-]*\.txt"},
    )

    @cached_property
    def caches(self) -> tuple[str, ...]:
        """`HATCH_CACHE_DIR`, `[dirs] cache` of `config.toml`, the default."""
        parts = ("Cache",) if self.host.windows else ()
        default = os.path.join(self.host.user_cache(), "hatch", *parts)
        configured = text_at(self.settings, "dirs", "cache")
        named = self.host.variable("HATCH_CACHE_DIR")
        return absolute_paths(self.host, named, configured, default)

    @cached_property
    def settings(self) -> Mapping[str, object]:
        """What `config.toml` says."""
        folder = self.host.user_data() if self.host.windows else self.host.user_config()
        default = os.path.join(folder, "hatch", "config.toml")
        return read_toml(self.host.folder("HATCH_CONFIG") or default)

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """`env` of each data folder: the variable's, the setting's, the default."""
        folders = (
            self.host.folder("HATCH_DATA_DIR"),
            self._absolute(text_at(self.settings, "dirs", "data")),
            os.path.join(self.host.user_data(), "hatch"),
        )
        return tuple(os.path.join(data, "env") for data in folders if data)

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """`[dirs.env] virtual`, where it is one folder for all projects."""
        virtual = self._absolute(text_at(self.settings, "dirs", "env", "virtual"))
        return (virtual,) if virtual else ()

    @cached_property
    def real_shared(self) -> frozenset[str]:
        """The same, and with links resolved."""
        return add_real_paths(self.shared)

    @cached_property
    def project_folder_name(self) -> str:
        """The name of the folder that `[dirs.env] virtual` says each project has."""
        virtual = text_at(self.settings, "dirs", "env", "virtual")
        if virtual is None or self.shared:
            return _IN_PROJECT
        return os.path.basename(os.path.normpath(virtual)) or _IN_PROJECT

    def _absolute(self, path: str | None) -> str | None:
        path = self.host.expand(path) if path else None
        return path if path and os.path.isabs(path) else None

    def places(self) -> Iterator[KnownFolder]:
        """Yield the folders that hold `<project>/<id>/<environment>`: `[dirs.env] virtual` of
        `config.toml`, and `env` in the data folders (the variable, the setting, the default),
        where what Hatch needs for itself is beside `virtual`."""
        for path in self.shared:
            yield KnownFolder(path, 3)
        for path in self.stores:
            yield KnownFolder(path, 4)

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim an environment by any of these signs.

        - It is below `env` of a data folder, at any depth.
        - It is below `[dirs.env] virtual`, which others may use too, in a folder named by a
          hash.
        - It is in a folder named `.hatch`, or as `[dirs.env] virtual` says when relative.
        - It was made by virtualenv beside a `pyproject.toml` or `hatch.toml` in which an
          environment's `path` is this folder.
        """
        if not is_virtual(candidate):
            return False
        path = candidate.path
        parent, name = os.path.split(path)
        if _is_below(path, self.real_stores):
            return True
        if re.fullmatch(HASH, os.path.basename(parent)) and _is_below(path, self.real_shared):
            return True
        if os.path.basename(parent) in {_IN_PROJECT, self.project_folder_name}:
            return True
        return made_by_virtualenv(candidate) and _is_declared(parent, name)

    def project_names(self, root: str) -> Iterator[str]:
        """Yield the hash of the project's path, case folded on Windows and macOS."""
        if self.host.windows or self.host.macos:
            root = root.casefold()
        yield short_hash(encode(root))

    def project_name_of(self, candidate: EnvironmentCandidate) -> str | None:
        """Return the name of the folder the environment is in, if it is a hash."""
        identifier = os.path.basename(os.path.dirname(candidate.path))
        return identifier if re.fullmatch(HASH, identifier) else None


def _is_declared(project: str, name: str) -> bool:
    for file, keys in (("pyproject.toml", ("tool", "hatch", "envs")), ("hatch.toml", ("envs",))):
        marker = b"tool.hatch.envs" if len(keys) > 1 else b"envs"
        declared = value_at(read_toml(os.path.join(project, file), marker), *keys)
        if isinstance(declared, Mapping):
            paths = [text_at(declared, key, "path") for key in declared]
            if any(path and os.path.normpath(path) == name for path in paths):
                return True
    return False


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)
