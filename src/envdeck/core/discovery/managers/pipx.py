"""pipx: commands in environments of their own, and one that serves them all."""

import os
from collections.abc import Iterable, Iterator
from functools import cached_property

from envdeck.core.discovery.managers.base import (
    KnownFolder,
    Manager,
    add_real_paths,
    has_file,
    operand,
)
from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind
from envdeck.core.model import ProjectLink, Refusal
from envdeck.core.system import reach


class Pipx(Manager):
    """`venvs/<command>` with `pipx_metadata.json`; `shared` holds the pip of all of them, by a
    `.pth` file in each."""

    name = "pipx"
    rank = 41
    exclusive = True

    @cached_property
    def homes(self) -> tuple[str, ...]:
        """Every home that pipx has had: those of variables, of the platform, of old versions."""
        return tuple(self._homes())

    def _homes(self) -> Iterator[str]:
        host = self.host
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

    @cached_property
    def stores(self) -> tuple[str, ...]:
        """`venvs` of each home, and where `pipx run` keeps what it made."""
        parts = ("pipx", "pipx", "Cache") if self.host.windows else ("pipx",)
        cache = os.path.join(self.host.user_cache(), *parts)
        names = ("venvs", ".cache")
        return (*(os.path.join(home, name) for home in self.homes for name in names), cache)

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """`$PIPX_SHARED_LIBS`, and `shared` of each home."""
        folder = self.host.folder("PIPX_SHARED_LIBS")
        chosen = (os.path.normpath(folder),) if folder else ()
        return (*chosen, *(os.path.join(home, "shared") for home in self.homes))

    @cached_property
    def real_shared(self) -> frozenset[str]:
        """The same, and with links resolved."""
        return add_real_paths(self.shared)

    def places(self) -> Iterable[KnownFolder]:
        """Yield the `venvs` and `shared` of every home pipx has had, and the environments that
        `pipx run` keeps for some days."""
        yield from super().places()
        for folder in self.shared:
            yield KnownFolder(folder, depth=0)

    def claims(self, candidate: EnvironmentCandidate) -> bool:
        """Tell it by its metadata, else by its place."""
        if candidate.kind is not Kind.VENV:
            return False
        path = candidate.path
        if candidate.has_file("pipx_metadata.json") or os.path.dirname(path) in self.real_stores:
            return True
        return self._is_shared(path)

    def project(self, candidate: EnvironmentCandidate) -> ProjectLink:
        """There is none, and nothing to look for."""
        if self._is_shared(candidate.path):
            return ProjectLink(source="shared by all pipx environments")
        return ProjectLink(source="environment of an installed tool")

    def refuses(self, candidate: EnvironmentCandidate) -> Refusal | None:
        """Refuse `shared`: every environment of pipx imports its pip from it."""
        if self._is_shared(candidate.path):
            message = "all pipx environments use pip from this one"
            return Refusal("owned-by-tool", message, path=candidate.path)
        return None

    def removal(
        self, candidate: EnvironmentCandidate, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return pipx's command: it takes the links to the programs away too. What `pipx run`
        keeps is in no index."""
        return self._command(candidate, "uninstall")

    def renewal(self, candidate: EnvironmentCandidate) -> tuple[str, ...] | None:
        """Return pipx's command."""
        return self._command(candidate, "upgrade")

    def _command(self, candidate: EnvironmentCandidate, verb: str) -> tuple[str, ...] | None:
        """Return a command for one environment, saying where it is if pipx would look elsewhere."""
        host = self.host
        store, name = os.path.split(candidate.path)
        home, kind = os.path.split(store)
        if kind != "venvs" or store not in self.real_stores:
            return None
        everybodys = host.folder("PIPX_GLOBAL_HOME") or host.system("opt", "pipx")
        if not host.windows and reach.realpath(everybodys) == home:
            return ("pipx", verb, "--global", *operand(name))
        command = ("pipx", verb, *operand(name))
        if host.windows or home == self._home_now():
            return command
        return ("env", f"PIPX_HOME={home}", *command)

    def _home_now(self) -> str:
        """Return the home that pipx works with: the variable's, the old place while it exists,
        the platform's."""
        old = self.host.at_home(".local", "pipx")
        usual = old if reach.isdir(old) else os.path.join(self.host.user_data(), "pipx")
        return reach.realpath(self.host.folder("PIPX_HOME") or usual)

    def _is_shared(self, path: str) -> bool:
        """Tell whether this is a `shared` of pipx: one by its place or by `$PIPX_SHARED_LIBS`,
        or one beside a `venvs` with pipx's own environments, wherever its home is."""
        if path in self.real_shared:
            return True
        return os.path.basename(path) == "shared" and _has_pipx_venvs(os.path.dirname(path))


def _has_pipx_venvs(home: str) -> bool:
    venvs = os.path.join(home, "venvs")
    try:
        with reach.scandir(venvs) as entries:
            return any(has_file(entry.path, "pipx_metadata.json") for entry in entries)
    except OSError:
        return False
