"""What every command is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envdeck.cli.output.console import Console
from envdeck.config import Configuration, load
from envdeck.core.host import Host

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog


def open_catalog(host: Host) -> "Catalog":
    """Return the catalog of a machine; imported only here, since a help needs none of it."""
    from envdeck.core.catalog import Catalog

    return Catalog(host)


@dataclass(slots=True)
class Context:
    """The machine, the streams, and the way to the core."""

    host: Host
    console: Console
    interactive: bool = False
    """Whether a person sits at both ends, so that the screen can be opened."""
    open_catalog: Callable[[Host], "Catalog"] = open_catalog
    _configuration: Configuration | None = field(default=None, repr=False)

    def configuration(self) -> Configuration:
        """Return the configuration, read when it is first asked for.

        Raises :class:`envdeck.config.ConfigurationError`.
        """
        if self._configuration is None:
            self._configuration = load(self.host)
        return self._configuration

    def catalog(self) -> "Catalog":
        """Return the catalog of this machine."""
        return self.open_catalog(self.host)
