"""Interpreters that pyenv (pyenv-win on Windows) built or fetched."""

from collections.abc import Iterator
from typing import ClassVar

from envdeck.core.discovery.interpreters.landmarks import children
from envdeck.core.discovery.interpreters.source import Source
from envdeck.core.discovery.tools.pyenv import versions_folder
from envdeck.core.host import Host
from envdeck.core.model import Unreadable


class Pyenv(Source):
    """`versions/<version>`; a link there leads to another's interpreter or an environment."""

    name: ClassVar[str] = "pyenv"
    rank: ClassVar[int] = 10

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each version."""
        versions = versions_folder(host)
        yield from children(versions)


PYENV = Pyenv()
