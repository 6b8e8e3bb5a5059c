"""Interpreters of the installers from python.org on macOS: versions of a framework."""

from collections.abc import Iterator
from typing import ClassVar

from envdeck.core.discovery.interpreters.landmarks import children
from envdeck.core.discovery.interpreters.source import Source
from envdeck.core.host import Host
from envdeck.core.model import Unreadable


class Framework(Source):
    """`/Library/Frameworks/Python.framework/Versions/3.12`, and `PythonT.framework` for the
    free-threaded build; `Current` is a link."""

    name: ClassVar[str] = "python.org"
    rank: ClassVar[int] = 70

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each version."""
        if not host.macos:
            return
        for name in ("Python.framework", "PythonT.framework"):
            versions = host.system("Library", "Frameworks", name, "Versions")
            yield from children(versions)


FRAMEWORK = Framework()
