"""uv: projects, scripts, tools and the cache (four managers of one program)."""

import os
import re
from collections.abc import Iterator
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    DEFAULT_NAME,
    CacheLayout,
    KnownFolder,
    LockFile,
    Manager,
    operand,
    read_toml,
    text_at,
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
_WHEELS = r"(?:wheels|sdists|built-wheels)-v\d+"
_OTHERS = r"(?:simple|git|builds|interpreter|flat-index|binaries|python)-v\d+"
_ARCHIVES = r"archive-v\d+"
_OWN = r"\.git|\.gitignore|\.lock|\.tmp\w{6}"
"""What uv puts into any of them."""


def is_in_cache(candidate: EnvironmentCandidate) -> bool:
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
    return is_in_cache(candidate) and re.fullmatch(_CENTRAL, name, re.DOTALL) is not None


def buckets(host: Host) -> Iterator[str]:
    """Yield the folders of the uv caches that hold environments, whatever their version."""
    for cache in uv_caches(host):
        try:
            with reach.scandir(cache) as entries:
                names = [entry.name for entry in entries if entry.name.startswith(BUCKET)]
        except (OSError, ValueError):
            names = [f"{BUCKET}2"]  # whoever visits it learns why it cannot be read
        for name in sorted(names):
            yield os.path.join(cache, name)


def uv_caches(host: Host) -> Iterator[str]:
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
    by_creator = True
    lock = LockFile("uv.lock", ("uv", "lock"), option="--upgrade-package", sync=("uv", "sync"))
    records_requests = False
    cache = CacheLayout(
        uv_caches,
        "packages are downloaded and built again when they are next installed",
        folder="uv",
        # Archives last: a link to one that is gone is worse than one that nothing leads to.
        parts={_WHEELS: "", _OTHERS: "", _ARCHIVES: ""},
        inner={
            _WHEELS: rf"{_OWN}|pypi|index|url|path|git|editable",
            _OTHERS: rf"{_OWN}|pypi|index|[0-9a-f]{{16}}(?:\.msgpack)?|db|checkouts|locks",
            _ARCHIVES: rf"{_OWN}|[A-Za-z0-9_-]{{16}}|[A-Za-z0-9_-]{{21}}",
        },
        tagged=True,
        others=rf"CACHEDIR\.TAG|\.gitignore|\.lock|\.tmp.*|{BUCKET}\d+",
        command=("uv", "cache", "clean"),
        sweeps=True,
        variables={"UV_CACHE_DIR": "{}", "UV_NO_CONFIG": "1", "UV_NO_CACHE": ""},
    )

    def places(self) -> Iterator[KnownFolder]:
        """Yield the cache, where central environments are, and `UV_PROJECT_ENVIRONMENT`,
        which names one environment (relative to each project unless it is absolute)."""
        for bucket in buckets(self.host):
            yield KnownFolder(bucket, 2)
        if folder := self.host.folder("UV_PROJECT_ENVIRONMENT"):
            yield KnownFolder(folder, 0)

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim what bears its key; tools that call uv to make environments were asked before."""
        return candidate.kind is Kind.VENV and "uv" in candidate.cfg

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Return the project that links its `.venv` to this central environment.

        uv writes the project's name into the cfg and a hash into the folder's name, and the
        path nowhere; without a link that is all that can be said.
        """
        if not is_central(candidate):
            return None
        for link in candidate.links:
            folder, name = os.path.split(link)
            if name == DEFAULT_NAME:
                return ProjectLink(ProjectState.FOUND, folder, "linked as .venv")
        return None


class UvScript(Manager):
    """uv makes them in its cache when a script runs, and `uv cache prune` takes them away."""

    name = "uv-script"
    rank = 75

    def places(self) -> Iterator[KnownFolder]:
        """Yield `environments-v*` of the uv cache (`UV_CACHE_DIR`)."""
        for bucket in buckets(self.host):
            yield KnownFolder(bucket, 2)

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Claim what uv keeps in its cache, less the central environments of projects, whose
        names hold the interpreter between the project and the hash."""
        return candidate.kind is Kind.VENV and is_in_cache(candidate) and not is_central(candidate)

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink | None:
        """Say which script it is for: uv keeps the file's name (`prompt`) and not its path."""
        prompt = unquoted(candidate.cfg.get("prompt", ""))
        return ProjectLink(ProjectState.NONE, None, f"script {prompt}") if prompt else None


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

    name = "uv-tool"
    rank = 40
    exclusive = True

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """`$UV_TOOL_DIR`, and the default places: what is there stays when it is set."""
        folder = self.host.folder("UV_TOOL_DIR")
        chosen = (os.path.normpath(folder),) if folder else ()
        return (*chosen, *(os.path.join(data, "tools") for data in uv_data_folders(self.host)))

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Tell it by the receipt; without one (a broken install), by the place."""
        if candidate.kind is not Kind.VENV:
            return False
        if candidate.has_file("uv-receipt.toml"):
            return True
        return os.path.dirname(candidate.path) in self.real_stores

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink:
        """There is none, and nothing to look for."""
        return ProjectLink(source="environment of an installed tool")

    def removal(
        self, candidate: EnvironmentCandidate, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return uv's command: it takes the links to the tool's programs away too."""
        return self._command(candidate, "uninstall")

    def renewal(self, candidate: EnvironmentCandidate) -> tuple[str, ...] | None:
        """Return uv's command."""
        return self._command(candidate, "upgrade")

    def _command(self, candidate: EnvironmentCandidate, verb: str) -> tuple[str, ...] | None:
        """Return a command for one tool, saying where it is if uv would look elsewhere.

        A folder with a receipt that is in none of uv's own places has none: uv is not sent to
        clean up in somebody's project.
        """
        store, name = os.path.split(candidate.path)
        if store not in self.real_stores:
            return None
        command = ("uv", "tool", verb, *operand(name))
        if reach.realpath(self.stores[0]) == store or self.host.windows:
            return command
        return ("env", f"UV_TOOL_DIR={store}", *command)
