"""What every command is given."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from envdeck.cli.console import Console
from envdeck.config import Configuration, load
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Policy
from envdeck.core.system.host import Host

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog
    from envdeck.core.model import Environment
    from envdeck.core.operations.api import Operations
    from envdeck.core.timeline.model import Timeline


def open_catalog(host: Host) -> "Catalog":
    """Return the catalog of a machine; imported only here, since a help needs none of it."""
    # start-up: a help needs none of it
    from envdeck.core.catalog import Catalog

    return Catalog(host, past=_read_past)


def _read_past(environment: "Environment", host: Host) -> "Timeline":
    # start-up: only who opens a timeline needs what it reads
    from envdeck.core.timeline.read import read_timeline

    return read_timeline(environment, host)


def open_operations(catalog: "Catalog", policy: Policy) -> "Operations":
    """Return what changes the environments of a catalog; imported only by what may do so."""
    # start-up: a help needs none of it
    from envdeck.core.operations.api import Operations

    return Operations(catalog, policy)


@dataclass(slots=True)
class CommandContext:
    """The machine, the streams, and the way to the core."""

    host: Host
    console: Console
    interactive: bool = False
    """Whether a person sits at both ends, so that the screen can be opened."""
    open_catalog: Callable[[Host], "Catalog"] = open_catalog
    open_operations: Callable[["Catalog", Policy], "Operations"] = open_operations
    answers: TextIO | None = None
    """Where a person answers questions; None where nobody sits there."""
    read_only: bool = False
    """Whether this call was told to change nothing."""
    _configuration: Configuration | None = field(default=None, repr=False)

    def configuration(self) -> Configuration:
        """Return the configuration, read when it is first asked for.

        Raises :class:`envdeck.config.ConfigurationError`.
        """
        if self._configuration is None:
            self._configuration = load(self.host)
        return self._configuration

    def forget_configuration(self) -> None:
        """Read the configuration again when it is next needed: its file was moved."""
        self._configuration = None

    def catalog(self) -> "Catalog":
        """Return the catalog of this machine."""
        return self.open_catalog(self.host)

    def policy(self) -> Policy:
        """Return the rules for what changes environments, from the configuration and this call.

        Raises :class:`envdeck.config.ConfigurationError`.
        """
        settings = self.configuration().settings
        return Policy(
            read_only=self.read_only or settings.read_only,
            keep_days=settings.keep_days,
            downloads=settings.downloads,
        )

    def operations(self, catalog: "Catalog | None" = None) -> "Operations":
        """Return what changes the environments of this machine."""
        return self.open_operations(catalog or self.catalog(), self.policy())
