"""Hatch: environments by project in its data folder, or in the project where it says so."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping

from envdeck.core.discovery.managers.base import (
    HASH,
    KnownFolder,
    Manager,
    PerHost,
    encode,
    is_virtual,
    made_by_virtualenv,
    read_toml,
    short_hash,
    text_at,
    value_at,
    with_real,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate
from envdeck.core.system.host import Host

_IN_PROJECT = ".hatch"
"""What Hatch's manual proposes for `[dirs.env] virtual`, relative to each project."""


class Hatch(Manager):
    """Hatch calls virtualenv, or uv when it is told to."""

    name = "hatch"
    rank = 53

    def places(self, host: Host) -> Iterator[KnownFolder]:
        """Yield the folders that hold `<project>/<id>/<environment>`: `[dirs.env] virtual` of
        `config.toml`, and `env` in the data folders (the variable, the setting, the default),
        where what Hatch needs for itself lies beside `virtual`."""
        for remembered in (_own, _shared, _relative_store):
            remembered.anew(host)
        for path in _virtual(host):
            yield KnownFolder(path, 3)
        for path in _data_stores(host):
            yield KnownFolder(path, 4)

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
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
        if _is_below(path, _own(host)):
            return True
        if re.fullmatch(HASH, os.path.basename(parent)) and _is_below(path, _shared(host)):
            return True
        if os.path.basename(parent) in {_IN_PROJECT, _relative_store(host)}:
            return True
        return made_by_virtualenv(candidate) and _is_declared(parent, name)

    def project_names(self, root: str, host: Host) -> Iterator[str]:
        """Yield the hash of the project's path, case folded on Windows and macOS."""
        if host.windows or host.macos:
            root = root.casefold()
        yield short_hash(encode(root))

    def project_name_of(self, candidate: EnvironmentCandidate, host: Host) -> str | None:
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


def _data_stores(host: Host) -> Iterator[str]:
    """Yield the `env` folder of each data folder: the variable's, the setting's, the default."""
    for data in (
        host.folder("HATCH_DATA_DIR"),
        _absolute(host, text_at(_settings(host), "dirs", "data")),
        os.path.join(host.user_data(), "hatch"),
    ):
        if data:
            yield os.path.join(data, "env")


def _virtual(host: Host) -> tuple[str, ...]:
    virtual = _absolute(host, text_at(_settings(host), "dirs", "env", "virtual"))
    return (virtual,) if virtual else ()


def _settings(host: Host) -> Mapping[str, object]:
    folder = host.user_data() if host.windows else host.user_config()
    default = os.path.join(folder, "hatch", "config.toml")
    return read_toml(host.folder("HATCH_CONFIG") or default)


def _absolute(host: Host, path: str | None) -> str | None:
    path = host.expand(path) if path else None
    return path if path and os.path.isabs(path) else None


def _relative(host: Host) -> str:
    virtual = text_at(_settings(host), "dirs", "env", "virtual")
    if virtual is None or _absolute(host, virtual):
        return _IN_PROJECT
    return os.path.basename(os.path.normpath(virtual)) or _IN_PROJECT


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


_own = PerHost(lambda host: with_real(_data_stores(host)))
_shared = PerHost(lambda host: with_real(_virtual(host)))
_relative_store = PerHost(_relative)

HATCH = Hatch()
