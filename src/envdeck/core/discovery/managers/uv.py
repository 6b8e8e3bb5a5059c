"""uv: projects, scripts, tools and the cache (four managers of one program)."""

import os
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from envdeck.core.discovery.managers.base import (
    DEFAULT_NAME,
    KnownFolder,
    Manager,
    PerHost,
    has_file,
    operand,
    read_toml,
    text_at,
    with_real,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind, unquoted
from envdeck.core.model import ProjectLink, ProjectState
from envdeck.core.system import reach
from envdeck.core.system.host import Host

BUCKET = "environments-v"
_BUCKETS = (BUCKET, "archive-v")
"""`uv run --with` keeps what it layers over a project in the archive."""
_CENTRAL = r".+-[a-z]+\d+\.\d+[^-]*-[0-9a-f]{16}"
"""`shop-cp3.13.0-f89855d536887767`: the project, its interpreter, and a hash. A script has
`job-4e0b510be963ec57`, or the hash alone when it came by a pipe."""


def in_cache(candidate: EnvironmentCandidate) -> bool:
    """Tell whether uv keeps this environment in its cache, by the names of the folders."""
    if "uv" not in candidate.cfg:
        return False
    parent = os.path.dirname(candidate.path)
    names = os.path.basename(parent), os.path.basename(os.path.dirname(parent))
    return names[0].startswith(_BUCKETS) or names[1].startswith(BUCKET)


def is_central(candidate: EnvironmentCandidate) -> bool:
    """Tell whether it is a project's environment, kept in the cache in place of the project
    (the preview feature `centralized-project-envs` of uv 0.11 and later)."""
    name = os.path.basename(candidate.path)
    return in_cache(candidate) and re.fullmatch(_CENTRAL, name, re.DOTALL) is not None


def buckets(host: Host) -> Iterator[str]:
    """Yield the folders of the uv caches that hold environments, whatever their version."""
    for cache in _caches(host):
        try:
            with reach.scandir(cache) as entries:
                names = [entry.name for entry in entries if entry.name.startswith(BUCKET)]
        except (OSError, ValueError):
            names = [f"{BUCKET}2"]  # whoever visits it learns why it cannot be read
        for name in sorted(names):
            yield os.path.join(cache, name)


def _caches(host: Host) -> Iterator[str]:
    """Yield where uv's cache is or was: the variable, `cache-dir` in `uv.toml`, the default."""
    if folder := host.folder("UV_CACHE_DIR"):
        yield folder
    files = (
        os.path.join(_config(host), "uv", "uv.toml"),
        host.system("etc", "uv", "uv.toml"),
    )
    for file in files:
        configured = text_at(read_toml(file), "cache-dir")
        if configured and os.path.isabs(path := host.expand(configured)):
            yield path
    if host.windows:
        yield os.path.join(host.user_cache(), "uv", "cache")
    else:  # XDG's custom on macOS too
        yield os.path.join(host.folder("XDG_CACHE_HOME") or host.at_home(".cache"), "uv")


def _config(host: Host) -> str:
    if host.windows:
        return host.user_config()
    return host.folder("XDG_CONFIG_HOME") or host.at_home(".config")


class Uv(Manager):
    """uv leaves its version in the cfg, under the key `uv`."""

    name = "uv"
    rank = 80

    def places(self, host: Host) -> Iterator[KnownFolder]:
        """Yield the cache, where central environments are, and `UV_PROJECT_ENVIRONMENT`,
        which names one environment (relative to each project unless it is absolute)."""
        for bucket in buckets(host):
            yield KnownFolder(bucket, 2)
        if folder := host.folder("UV_PROJECT_ENVIRONMENT"):
            yield KnownFolder(folder, 0)

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Claim what bears its key; tools that call uv to make environments were asked before."""
        return candidate.kind is Kind.VENV and "uv" in candidate.cfg

    def project(self, candidate: EnvironmentCandidate, host: Host) -> ProjectLink | None:
        """Return the project that links its `.venv` to this central environment.

        uv writes the project's name into the cfg and a hash into the folder's name, and the
        path nowhere; without a link that is all that can be said.
        """
        if not is_central(candidate):
            return None
        for link in candidate.links:
            folder, name = os.path.split(link)
            if name == DEFAULT_NAME:
                return ProjectLink(ProjectState.FOUND, folder, "its .venv leads here")
        return None


UV = Uv()


class UvScript(Manager):
    """uv makes them in its cache when a script runs, and `uv cache prune` takes them away."""

    name = "uv-script"
    rank = 75

    def places(self, host: Host) -> Iterator[KnownFolder]:
        """Yield `environments-v*` of the uv cache (`UV_CACHE_DIR`)."""
        for bucket in buckets(host):
            yield KnownFolder(bucket, 2)

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Claim what uv keeps in its cache, less the central environments of projects, whose
        names hold the interpreter between the project and the hash."""
        return candidate.kind is Kind.VENV and in_cache(candidate) and not is_central(candidate)

    def project(self, candidate: EnvironmentCandidate, host: Host) -> ProjectLink | None:
        """Say which script it is for: uv keeps the file's name (`prompt`) and not its path."""
        prompt = unquoted(candidate.cfg.get("prompt", ""))
        return ProjectLink(ProjectState.NONE, None, f"script {prompt}") if prompt else None


UV_SCRIPT = UvScript()


def uv_data_folders(host: Host) -> tuple[str, ...]:
    """Return where uv keeps lasting data: by XDG on Linux and macOS, in the roaming folder on
    Windows; the second is where versions before 0.3 kept it, and is still used where it exists."""
    if host.windows:
        roaming = os.path.join(host.user_config(), "uv")
        return os.path.join(roaming, "data"), roaming
    usual = os.path.join(host.xdg_data(), "uv")
    return (usual, os.path.join(host.user_data(), "uv")) if host.macos else (usual,)


class UvTool(Manager):
    """One environment for each tool, with its `uv-receipt.toml`."""

    name: ClassVar[str] = "uv-tool"
    rank: ClassVar[int] = 40
    exclusive: ClassVar[bool] = True

    def places(self, host: Host) -> Iterable[KnownFolder]:
        """Yield `$UV_TOOL_DIR`, and the default places: what is there stays when it is set."""
        _real_stores.anew(host)
        for folder in _stores(host):
            yield KnownFolder(folder)

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Tell it by the receipt; without one (a broken install), by the place."""
        if candidate.kind is not Kind.VENV:
            return False
        if has_file(candidate.path, "uv-receipt.toml"):
            return True
        return os.path.dirname(candidate.path) in _real_stores(host)

    def project(self, candidate: EnvironmentCandidate, host: Host) -> ProjectLink:
        """There is none, and nothing to look for."""
        return ProjectLink(source="environment of an installed command")

    def removal(
        self, candidate: EnvironmentCandidate, host: Host, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return uv's command: it takes the links to the tool's programs away too."""
        return _command(candidate, host, "uninstall")

    def renewal(self, candidate: EnvironmentCandidate, host: Host) -> tuple[str, ...] | None:
        """Return uv's command."""
        return _command(candidate, host, "upgrade")


def _command(candidate: EnvironmentCandidate, host: Host, verb: str) -> tuple[str, ...] | None:
    """Return a command for one tool, saying where it is if uv would look elsewhere.

    A folder with a receipt that is in none of uv's own places has none: uv is not sent to clean
    up in somebody's project.
    """
    store, name = os.path.split(candidate.path)
    if store not in _real_stores(host):
        return None
    command = ("uv", "tool", verb, *operand(name))
    if reach.realpath(next(_stores(host))) == store or host.windows:
        return command
    return ("env", f"UV_TOOL_DIR={store}", *command)


def _stores(host: Host) -> Iterator[str]:
    if folder := host.folder("UV_TOOL_DIR"):
        yield os.path.normpath(folder)
    for data in uv_data_folders(host):
        yield os.path.join(data, "tools")


_real_stores = PerHost(lambda host: with_real(_stores(host)))

UV_TOOL = UvTool()
