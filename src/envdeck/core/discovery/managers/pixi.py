"""pixi: conda environments that belong to a manifest, and commands installed globally."""

import json
import os
from collections.abc import Iterable, Iterator
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    KnownFolder,
    Manager,
    operand,
    read_toml,
    value_at,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.discovery.project_links import named_project
from envdeck.core.model import ProjectLink
from envdeck.core.system.files import Unread, read_bounded

_LIMIT = 64 * 1024
_DETACHED_DEPTH = 3
"""`<name>-<hash>/envs/<environment>`."""


class Pixi(Manager):
    """`.pixi/envs/<name>` in the project, or in a central folder when environments are detached;
    `conda-meta/pixi` names the manifest."""

    name = "pixi"
    rank = 20
    exclusive = True
    records_requests = False

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """`PIXI_HOME`, and the folder at home."""
        usual = self.host.at_home(".pixi")
        folder = self.host.folder("PIXI_HOME")
        return (os.path.normpath(folder), usual) if folder else (usual,)

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """The environments of global commands."""
        return tuple(os.path.join(home, "envs") for home in self.homes)

    def places(self) -> Iterable[KnownFolder]:
        """Yield the environments of global commands, and where detached ones are kept."""
        yield from super().places()
        for folder in dict.fromkeys(self._detached()):
            yield KnownFolder(folder, _DETACHED_DEPTH)

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Tell it by its marker, and what is in `.pixi/envs` by its place."""
        if candidate.kind is not Kind.CONDA:
            return candidate.kind is Kind.PIXI
        envs = os.path.dirname(candidate.path)
        if os.path.basename(envs) != "envs":
            return False
        return os.path.basename(os.path.dirname(envs)) == ".pixi" or self._is_global(candidate)

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Return the folder of the manifest that the marker names."""
        if self._is_global(candidate):
            return ProjectLink(source="environment of an installed tool")
        manifest = _manifest(candidate.path)
        if manifest is not None:
            return named_project(os.path.dirname(manifest), "manifest named in conda-meta/pixi")
        pixi = os.path.dirname(os.path.dirname(candidate.path))
        if os.path.basename(pixi) == ".pixi":
            return named_project(os.path.dirname(pixi), "parent folder")
        return None

    def removal(
        self, candidate: EnvironmentCandidate, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return pixi's command for what it installed globally, of which it keeps a manifest;
        an environment of a project is recreated from the project's lock file."""
        if not self._is_global(candidate):
            return None
        return ("pixi", "global", "uninstall", *operand(os.path.basename(candidate.path)))

    def renewal(self, candidate: EnvironmentCandidate) -> tuple[str, ...] | None:
        """Return pixi's command."""
        if self._is_global(candidate):
            return ("pixi", "global", "update", *operand(os.path.basename(candidate.path)))
        manifest = _manifest(candidate.path)
        return ("pixi", "update", "--manifest-path", manifest) if manifest else None

    def _is_global(self, candidate: EnvironmentCandidate) -> bool:
        return os.path.dirname(candidate.path) in self.real_stores

    def _detached(self) -> Iterator[str]:
        for path in self._configurations():
            setting = value_at(read_toml(path, b"detached"), "detached-environments")
            folder = self.host.expand(setting) if isinstance(setting, str) else ""
            if setting is True:
                yield from (os.path.join(cache, "envs") for cache in self._caches())
            elif os.path.isabs(folder) and "\0" not in folder:
                yield os.path.normpath(folder)

    def _configurations(self) -> Iterator[str]:
        for home in self.homes:
            yield os.path.join(home, "config.toml")
        yield os.path.join(self.host.user_config(), "pixi", "config.toml")
        if self.host.windows:
            program_data = self.host.folder("PROGRAMDATA") or self.host.system("ProgramData")
            yield os.path.join(program_data, "pixi", "config.toml")
            return
        xdg = self.host.folder("XDG_CONFIG_HOME") or self.host.at_home(".config")
        yield os.path.join(xdg, "pixi", "config.toml")
        yield self.host.system("etc", "pixi", "config.toml")

    def _caches(self) -> Iterator[str]:
        for variable in ("PIXI_CACHE_DIR", "RATTLER_CACHE_DIR"):
            if folder := self.host.folder(variable):
                yield os.path.normpath(folder)
                return
        if folder := self.host.folder("XDG_CACHE_HOME"):
            yield os.path.join(folder, "pixi")
        yield os.path.join(self.host.user_cache(), "rattler", "cache")


def _manifest(path: str) -> str | None:
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
