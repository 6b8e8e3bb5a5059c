"""pixi: conda environments that belong to a manifest, and commands installed globally."""

import os
from collections.abc import Iterable, Iterator
from typing import ClassVar

from envdeck.core.discovery.managers.base import (
    KnownFolder,
    Manager,
    PerHost,
    operand,
    read_toml,
    value_at,
    with_real,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.discovery.project_links import named_project
from envdeck.core.model import ProjectLink
from envdeck.core.system.files import Unread, read_bounded
from envdeck.core.system.host import Host

_LIMIT = 64 * 1024
_DETACHED_DEPTH = 3
"""`<name>-<hash>/envs/<environment>`."""


class Pixi(Manager):
    """`.pixi/envs/<name>` in the project, or in a central folder when environments are detached;
    `conda-meta/pixi` names the manifest."""

    name: ClassVar[str] = "pixi"
    rank: ClassVar[int] = 20
    exclusive: ClassVar[bool] = True

    def places(self, host: Host) -> Iterable[KnownFolder]:
        """Yield the environments of global commands, and where detached ones are kept."""
        _real_stores.anew(host)
        for folder in _stores(host):
            yield KnownFolder(folder)
        for folder in dict.fromkeys(_detached(host)):
            yield KnownFolder(folder, _DETACHED_DEPTH)

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Tell it by its marker, and what is in `.pixi/envs` by its place."""
        if candidate.kind is not Kind.CONDA:
            return candidate.kind is Kind.PIXI
        envs = os.path.dirname(candidate.path)
        if os.path.basename(envs) != "envs":
            return False
        return os.path.basename(os.path.dirname(envs)) == ".pixi" or _is_global(candidate, host)

    def project(self, candidate: EnvironmentCandidate, host: Host) -> ProjectLink | None:
        """Return the folder of the manifest that the marker names."""
        if _is_global(candidate, host):
            return ProjectLink(source="environment of an installed command")
        manifest = _manifest(candidate.path)
        if manifest is not None:
            return named_project(os.path.dirname(manifest), "manifest named in conda-meta/pixi")
        pixi = os.path.dirname(os.path.dirname(candidate.path))
        if os.path.basename(pixi) == ".pixi":
            return named_project(os.path.dirname(pixi), "parent folder")
        return None

    def removal(
        self, candidate: EnvironmentCandidate, host: Host, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return pixi's command for what it installed globally, of which it keeps a manifest;
        an environment of a project is made again from the project's lock file."""
        if not _is_global(candidate, host):
            return None
        return ("pixi", "global", "uninstall", *operand(os.path.basename(candidate.path)))

    def renewal(self, candidate: EnvironmentCandidate, host: Host) -> tuple[str, ...] | None:
        """Return pixi's command."""
        if _is_global(candidate, host):
            return ("pixi", "global", "update", *operand(os.path.basename(candidate.path)))
        manifest = _manifest(candidate.path)
        return ("pixi", "update", "--manifest-path", manifest) if manifest else None


def _homes(host: Host) -> tuple[str, ...]:
    usual = host.at_home(".pixi")
    folder = host.folder("PIXI_HOME")
    return (os.path.normpath(folder), usual) if folder else (usual,)


def _stores(host: Host) -> Iterator[str]:
    for home in _homes(host):
        yield os.path.join(home, "envs")


def _is_global(candidate: EnvironmentCandidate, host: Host) -> bool:
    return os.path.dirname(candidate.path) in _real_stores(host)


def _manifest(path: str) -> str | None:
    import json

    data = read_bounded(os.path.join(path, "conda-meta", "pixi"), _LIMIT)
    if isinstance(data, Unread):
        return None
    try:
        marker = json.loads(data)
    except (ValueError, RecursionError):
        return None
    manifest = marker.get("manifest_path") if isinstance(marker, dict) else None
    if not isinstance(manifest, str) or "\0" in manifest or not os.path.isabs(manifest):
        return None
    try:
        os.fsencode(manifest)
    except UnicodeEncodeError:  # JSON can hold lone surrogates, which no path can
        return None
    return os.path.normpath(manifest)


def _detached(host: Host) -> Iterator[str]:
    for path in _configurations(host):
        setting = value_at(read_toml(path, b"detached"), "detached-environments")
        folder = host.expand(setting) if isinstance(setting, str) else ""
        if setting is True:
            yield from (os.path.join(cache, "envs") for cache in _caches(host))
        elif os.path.isabs(folder) and "\0" not in folder:
            yield os.path.normpath(folder)


def _configurations(host: Host) -> Iterator[str]:
    for home in _homes(host):
        yield os.path.join(home, "config.toml")
    yield os.path.join(host.user_config(), "pixi", "config.toml")
    if host.windows:
        program_data = host.folder("PROGRAMDATA") or host.system("ProgramData")
        yield os.path.join(program_data, "pixi", "config.toml")
        return
    xdg = host.folder("XDG_CONFIG_HOME") or host.at_home(".config")
    yield os.path.join(xdg, "pixi", "config.toml")
    yield host.system("etc", "pixi", "config.toml")


def _caches(host: Host) -> Iterator[str]:
    for variable in ("PIXI_CACHE_DIR", "RATTLER_CACHE_DIR"):
        if folder := host.folder(variable):
            yield os.path.normpath(folder)
            return
    if folder := host.folder("XDG_CACHE_HOME"):
        yield os.path.join(folder, "pixi")
    yield os.path.join(host.user_cache(), "rattler", "cache")


_real_stores = PerHost(lambda host: with_real(_stores(host)))

PIXI = Pixi()
