"""Whatever else the PATH leads to."""

import os
from collections.abc import Iterator
from itertools import islice
from typing import ClassVar

from envdeck.core import reach
from envdeck.core.discovery.interpreters.source import Source
from envdeck.core.discovery.interpreters.system import system_folders
from envdeck.core.host import Host

_FOLDERS = 500


class Path(Source):
    """The folders of `$PATH`, except those of the system, which were looked at, and, under WSL,
    those of Windows, which answer slowly and hold nothing that runs environments here."""

    name: ClassVar[str] = "path"
    rank: ClassVar[int] = 100

    def folders(self, host: Host) -> Iterator[str]:
        """Yield each folder once, links resolved."""
        seen = {reach.realpath(folder) for folder in system_folders(host)}
        parts = (host.variable("PATH") or "").split(";" if host.windows else ":")
        for part in islice(parts, _FOLDERS):
            if not os.path.isabs(part) or "\0" in part or _is_windows_drive(part, host):
                continue
            folder = reach.realpath(part)
            if folder not in seen:
                seen.add(folder)
                yield folder


def _is_windows_drive(path: str, host: Host) -> bool:
    if not (host.variable("WSL_DISTRO_NAME") or host.variable("WSL_INTEROP")):
        return False
    drive = path.removeprefix("/mnt/")
    return drive != path and (len(drive) == 1 or drive[1] == "/")


PATH = Path()
