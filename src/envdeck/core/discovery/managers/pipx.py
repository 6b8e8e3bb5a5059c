"""pipx: commands in environments of their own, and one that serves them all."""

import os
from collections.abc import Iterable, Iterator
from typing import ClassVar

from envdeck.core.discovery.managers.base import (
    KnownFolder,
    Manager,
    PerHost,
    has_file,
    operand,
    with_real,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.model import ProjectLink
from envdeck.core.system import reach
from envdeck.core.system.host import Host


class Pipx(Manager):
    """`venvs/<command>` with `pipx_metadata.json`; `shared` holds the pip of all of them, by a
    `.pth` file in each."""

    name: ClassVar[str] = "pipx"
    rank: ClassVar[int] = 41
    exclusive: ClassVar[bool] = True

    def places(self, host: Host) -> Iterable[KnownFolder]:
        """Yield the `venvs` and `shared` of every home pipx has had, and the environments that
        `pipx run` keeps for some days."""
        _real_stores.anew(host)
        _real_shared.anew(host)
        for folder in _stores(host):
            yield KnownFolder(folder)
        for folder in _shared(host):
            yield KnownFolder(folder, depth=0)

    def claims(self, candidate: EnvironmentCandidate, host: Host) -> bool:
        """Tell it by its metadata, else by its place."""
        if candidate.kind is not Kind.VENV:
            return False
        path = candidate.path
        if has_file(path, "pipx_metadata.json") or os.path.dirname(path) in _real_stores(host):
            return True
        return _is_shared(path, host)

    def project(self, candidate: EnvironmentCandidate, host: Host) -> ProjectLink:
        """There is none, and nothing to look for."""
        if _is_shared(candidate.path, host):
            return ProjectLink(source="shared by all environments of pipx")
        return ProjectLink(source="environment of an installed command")

    def refuses(self, candidate: EnvironmentCandidate, host: Host) -> str | None:
        """Refuse `shared`: every environment of pipx imports its pip from it."""
        if _is_shared(candidate.path, host):
            return "owned-by-tool: every environment of pipx takes its pip from here"
        return None

    def removal(
        self, candidate: EnvironmentCandidate, host: Host, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return pipx's command: it takes the links to the programs away too. What `pipx run`
        keeps is in no index."""
        return _command(candidate, host, "uninstall")

    def renewal(self, candidate: EnvironmentCandidate, host: Host) -> tuple[str, ...] | None:
        """Return pipx's command."""
        return _command(candidate, host, "upgrade")


def _command(candidate: EnvironmentCandidate, host: Host, verb: str) -> tuple[str, ...] | None:
    """Return a command for one environment, saying where it is if pipx would look elsewhere."""
    store, name = os.path.split(candidate.path)
    home, kind = os.path.split(store)
    if kind != "venvs" or store not in _real_stores(host):
        return None
    everybodys = host.folder("PIPX_GLOBAL_HOME") or host.system("opt", "pipx")
    if not host.windows and reach.realpath(everybodys) == home:
        return ("pipx", verb, "--global", *operand(name))
    command = ("pipx", verb, *operand(name))
    if host.windows or home == _home_now(host):
        return command
    return ("env", f"PIPX_HOME={home}", *command)


def _home_now(host: Host) -> str:
    """Return the home that pipx works with: the variable's, the old place while it exists, the
    platform's."""
    old = host.at_home(".local", "pipx")
    fallback = old if reach.isdir(old) else os.path.join(host.user_data(), "pipx")
    return reach.realpath(host.folder("PIPX_HOME") or fallback)


def _homes(host: Host) -> Iterator[str]:
    for variable in ("PIPX_HOME", "PIPX_GLOBAL_HOME"):
        if folder := host.folder(variable):
            yield os.path.normpath(folder)
    if host.windows:
        yield os.path.join(host.user_data(), "pipx", "pipx")
        yield host.at_home("pipx")
    else:
        yield os.path.join(host.user_data(), "pipx")
        yield host.system("opt", "pipx")
    yield host.at_home(".local", "pipx")
    if host.macos:
        yield host.at_home(".local", "share", "pipx")


def _cache(host: Host) -> str:
    if host.windows:
        return os.path.join(host.user_cache(), "pipx", "pipx", "Cache")
    return os.path.join(host.user_cache(), "pipx")


def _stores(host: Host) -> Iterator[str]:
    for home in _homes(host):
        yield os.path.join(home, "venvs")
        yield os.path.join(home, ".cache")
    yield _cache(host)


def _shared(host: Host) -> Iterator[str]:
    if folder := host.folder("PIPX_SHARED_LIBS"):
        yield os.path.normpath(folder)
    for home in _homes(host):
        yield os.path.join(home, "shared")


def _is_shared(path: str, host: Host) -> bool:
    """Tell whether this is a `shared` of pipx: one by its place or by `$PIPX_SHARED_LIBS`, or
    one that stands beside a `venvs` with pipx's own environments, wherever its home is."""
    if path in _real_shared(host):
        return True
    return os.path.basename(path) == "shared" and _has_pipx_venvs(os.path.dirname(path))


def _has_pipx_venvs(home: str) -> bool:
    venvs = os.path.join(home, "venvs")
    try:
        with reach.scandir(venvs) as entries:
            return any(has_file(entry.path, "pipx_metadata.json") for entry in entries)
    except OSError:
        return False


_real_stores = PerHost(lambda host: with_real(_stores(host)))
_real_shared = PerHost(lambda host: with_real(_shared(host)))

PIPX = Pipx()
