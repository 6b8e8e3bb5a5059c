"""One environment by its path, read past the index and without a scan."""

import os
from dataclasses import replace

from envdeck.core.discovery.markers import recognise
from envdeck.core.discovery.projects import ProjectRoots, link
from envdeck.core.discovery.survey import keeper
from envdeck.core.health import examine
from envdeck.core.host import Host
from envdeck.core.index import Index
from envdeck.core.inspection.environment import Inspector
from envdeck.core.model import Environment
from envdeck.core.mounts import read_mounts


def lookup(path: str, host: Host, index: Index) -> Environment | None:
    """Read the environment at `path`, or that a link there leads to; None when none is.

    The index only lends the project folders that were met before, for tools that hash them.
    """
    candidate = recognise(os.path.realpath(path))
    if candidate is None:
        return None
    if (asked := os.path.abspath(path)) != candidate.path and os.path.islink(asked):
        candidate = replace(candidate, links=(asked,))
    tool = keeper(candidate, host)
    projects = ProjectRoots(host)
    for root in index.project_roots():
        projects.add(root)
    project = link(candidate, tool, host, projects)
    environment = Inspector(host, read_mounts(host)).inspect(candidate, tool, project)
    return replace(environment, findings=examine(environment))
