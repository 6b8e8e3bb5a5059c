"""Interpreters that uv downloaded (python-build-standalone, PyPy, GraalPy)."""

import os
import re
from collections.abc import Iterator
from typing import ClassVar

from envdeck.core.discovery.interpreters.landmarks import children
from envdeck.core.discovery.interpreters.source import Source
from envdeck.core.discovery.tools.uv_tool import uv_data_folders
from envdeck.core.host import Host
from envdeck.core.model import Unreadable

_PATCH = re.compile(r"([a-z]+-\d+\.\d+)\.\d+[a-z0-9]*(?=[+-])")


class Uv(Source):
    """`python/cpython-3.12.4-linux-x86_64-gnu`; the links beside it name only the minor version
    and move on with it."""

    name: ClassVar[str] = "uv"
    rank: ClassVar[int] = 20

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each installation in `$UV_PYTHON_INSTALL_DIR` and in the default place."""
        usual = [os.path.join(data, "python") for data in uv_data_folders(host)]
        folder = host.folder("UV_PYTHON_INSTALL_DIR")
        for place in ([folder] if folder else []) + usual:
            yield from children(place)

    def steady_link(self, prefix: str) -> str | None:
        """Return `cpython-3.12-linux-x86_64-gnu` beside `cpython-3.12.4-linux-x86_64-gnu`."""
        folder, name = os.path.split(prefix)
        match = _PATCH.match(name)
        return os.path.join(folder, match[1] + name[match.end() :]) if match else None


UV = Uv()
