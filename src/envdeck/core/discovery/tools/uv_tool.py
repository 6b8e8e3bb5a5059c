"""uv tools: commands that `uv tool install` keeps in an environment of their own."""

import os
from collections.abc import Iterable, Iterator
from typing import ClassVar

from envdeck.core import reach
from envdeck.core.discovery.candidate import Candidate, Kind
from envdeck.core.discovery.tool import Place, Tool
from envdeck.core.discovery.tools._folders import PerHost, has_file, operand, with_real
from envdeck.core.host import Host
from envdeck.core.model import ProjectLink


def uv_data_folders(host: Host) -> tuple[str, ...]:
    """Return where uv keeps lasting data: by XDG on Linux and macOS, in the roaming folder on
    Windows; the second is where versions before 0.3 kept it, and is still used where it exists."""
    if host.windows:
        roaming = os.path.join(host.user_config(), "uv")
        return os.path.join(roaming, "data"), roaming
    usual = os.path.join(host.xdg_data(), "uv")
    return (usual, os.path.join(host.user_data(), "uv")) if host.macos else (usual,)


class UvTool(Tool):
    """One environment for each tool, with its `uv-receipt.toml`."""

    name: ClassVar[str] = "uv-tool"
    rank: ClassVar[int] = 40
    exclusive: ClassVar[bool] = True

    def places(self, host: Host) -> Iterable[Place]:
        """Yield `$UV_TOOL_DIR`, and the default places: what is there stays when it is set."""
        _real_stores.anew(host)
        for folder in _stores(host):
            yield Place(folder)

    def claims(self, candidate: Candidate, host: Host) -> bool:
        """Tell it by the receipt; without one (a broken install), by the place."""
        if candidate.kind is not Kind.VENV:
            return False
        if has_file(candidate.path, "uv-receipt.toml"):
            return True
        return os.path.dirname(candidate.path) in _real_stores(host)

    def project(self, candidate: Candidate, host: Host) -> ProjectLink:
        """There is none, and nothing to look for."""
        return ProjectLink(source="environment of an installed command")

    def removal(
        self, candidate: Candidate, host: Host, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return uv's command: it takes the links to the tool's programs away too."""
        return _command(candidate, host, "uninstall")

    def renewal(self, candidate: Candidate, host: Host) -> tuple[str, ...] | None:
        """Return uv's command."""
        return _command(candidate, host, "upgrade")


def _command(candidate: Candidate, host: Host, verb: str) -> tuple[str, ...] | None:
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
