"""One environment read as it lies there, past the index: staged ones must not be remembered."""

import os

from envdeck.core.discovery.markers import recognise
from envdeck.core.discovery.survey import keeper
from envdeck.core.host import Host
from envdeck.core.inspection.environment import Inspector
from envdeck.core.model import Environment, ProjectLink


def read_environment(path: str, host: Host) -> Environment | None:
    """Return the environment at `path` (a real path), or None where there is none."""
    candidate = recognise(os.path.realpath(path))
    if candidate is None:
        return None
    return Inspector(host, ()).inspect(candidate, keeper(candidate, host), ProjectLink())
