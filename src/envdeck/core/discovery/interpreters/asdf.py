"""Interpreters that asdf installed."""

import os
from collections.abc import Iterator
from typing import ClassVar

from envdeck.core.discovery.interpreters.landmarks import children
from envdeck.core.discovery.interpreters.source import Source
from envdeck.core.host import Host
from envdeck.core.model import Unreadable


class Asdf(Source):
    """`installs/python/<version>`."""

    name: ClassVar[str] = "asdf"
    rank: ClassVar[int] = 50

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each version."""
        root = host.folder("ASDF_DATA_DIR") or host.at_home(".asdf")
        installs = os.path.join(root, "installs", "python")
        yield from children(installs)


ASDF = Asdf()
