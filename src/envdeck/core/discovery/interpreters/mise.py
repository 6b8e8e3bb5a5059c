"""Interpreters that mise installed."""

import os
import re
from collections.abc import Iterator
from typing import ClassVar

from envdeck.core.discovery.interpreters.landmarks import children
from envdeck.core.discovery.interpreters.source import Source
from envdeck.core.host import Host
from envdeck.core.model import Unreadable

_PATCH = re.compile(r"(\d+\.\d+)\.\d+[a-z0-9]*")


class Mise(Source):
    """`installs/python/<version>`; `3.12` and `latest` beside it are links."""

    name: ClassVar[str] = "mise"
    rank: ClassVar[int] = 40

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each version."""
        data = host.user_data() if host.windows else host.xdg_data()
        root = host.folder("MISE_DATA_DIR") or os.path.join(data, "mise")
        installs = os.path.join(root, "installs", "python")
        yield from children(installs)

    def steady_link(self, prefix: str) -> str | None:
        """Return `3.12` beside `3.12.4`."""
        folder, name = os.path.split(prefix)
        match = _PATCH.fullmatch(name)
        return os.path.join(folder, match[1]) if match else None


MISE = Mise()
