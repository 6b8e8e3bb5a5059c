"""Interpreters of the system: what it brought along, and what its package manager added."""

from collections.abc import Iterator
from typing import ClassVar

from envdeck.core.discovery.interpreters.landmarks import children
from envdeck.core.discovery.interpreters.source import Source
from envdeck.core.host import Host
from envdeck.core.model import Unreadable

_DEVELOPER = (
    "Library/Developer/CommandLineTools",
    "Applications/Xcode.app/Contents/Developer",
)


def system_folders(host: Host) -> tuple[str, ...]:
    """Return where the system keeps its commands."""
    if host.windows:
        return ()
    parts = ("usr/bin", "usr/local/bin", "bin", "usr/libexec")
    return tuple(host.system(*part.split("/")) for part in parts)


class System(Source):
    """`/usr/bin` and `/usr/local/bin`. On macOS those hold only a launcher; what it starts are
    the frameworks of Apple's developer tools."""

    name: ClassVar[str] = "system"
    rank: ClassVar[int] = 90

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield `/usr` and `/usr/local` themselves, `/opt/python/<version>` as on build images,
        and the frameworks of Apple's developer tools."""
        if host.windows:
            return
        yield host.system("usr")
        yield host.system("usr", "local")
        shelves = [host.system("opt", "python")]
        if host.macos:
            shelves += [
                host.system(folder, "Library", "Frameworks", "Python3.framework", "Versions")
                for folder in _DEVELOPER
            ]
        for shelf in shelves:
            yield from children(shelf)

    def folders(self, host: Host) -> Iterator[str]:
        """Yield the folders of commands, which hold links to interpreters of others too."""
        yield from system_folders(host)


SYSTEM = System()
