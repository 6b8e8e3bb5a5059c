"""One small interface for every way in which interpreters come onto a machine.

A source is one module in :mod:`envdeck.core.discovery.interpreters.find` with an instance of a
subclass of :class:`InterpreterSource` named `SOURCE`; the registry finds it there. A source only
says where to look: what counts as an interpreter there is told by :mod:`…interpreters.landmarks`,
and what version it is by the inspection.
"""

from collections.abc import Iterator
from typing import ClassVar

from envdeck.core.model import Unreadable
from envdeck.core.system.host import Host


class InterpreterSource:
    """Where one installer keeps its interpreters. The defaults know nothing."""

    name: ClassVar[str]
    """The `source` of an interpreter: `pyenv`, `uv`, `system` …"""
    rank: ClassVar[int]
    """Who names an interpreter that two of them lead to: lower before higher."""

    def prefixes(self, host: Host) -> Iterator[str | Unreadable]:
        """Yield folders that may be the prefix of an interpreter (its `sys.prefix`), whether
        they exist or not, and folders of theirs that could not be listed."""
        return iter(())

    def folders(self, host: Host) -> Iterator[str]:
        """Yield folders that hold interpreters, or links to them, among other commands."""
        return iter(())

    def steady_link(self, prefix: str) -> str | None:
        """Return the link beside a prefix that the installer moves on to the next patch release
        of its minor version, whether it is there or not; None where it keeps none."""
        return None
