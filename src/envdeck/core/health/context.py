"""What the checks of one environment share: each part is read once, when a check asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.inspection.packages.requirements import MarkerEnvironment, marker_environment
from envdeck.core.model import Distribution, Environment, ProjectState
from envdeck.core.system.host import Host


@dataclass
class HealthContext:
    """One environment, as the checks see it."""

    environment: Environment
    host: Host = field(default_factory=Host.current)

    @cached_property
    def distributions(self) -> tuple[Distribution, ...]:
        """What is installed in it, by name."""
        return read_distributions(self.environment)

    @cached_property
    def by_name(self) -> dict[str, list[Distribution]]:
        """Distributions by their normalised name (PEP 503)."""
        named: dict[str, list[Distribution]] = {}
        for one in self.distributions:
            named.setdefault(one.name, []).append(one)
        return named

    @cached_property
    def markers(self) -> MarkerEnvironment:
        """The marker values of its interpreter (PEP 508)."""
        return marker_environment(self.environment.python, None)

    @property
    def folders(self) -> Sequence[str]:
        """Its own package folders."""
        return self.environment.site_packages

    @property
    def project(self) -> str | None:
        """The folder of its project, where that is there."""
        link = self.environment.project
        return link.path if link.state is ProjectState.FOUND else None
