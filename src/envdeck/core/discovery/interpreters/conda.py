"""Installations of conda and mamba, each with the interpreter that conda itself runs on."""

from collections.abc import Iterator
from typing import ClassVar

from envdeck.core.discovery.interpreters.source import Source
from envdeck.core.discovery.tools.conda import roots
from envdeck.core.host import Host
from envdeck.core.model import Unreadable


class Conda(Source):
    """The root prefixes; those of micromamba may hold no Python at all."""

    name: ClassVar[str] = "conda"
    rank: ClassVar[int] = 30

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield each installation."""
        return roots(host)


CONDA = Conda()
