"""One environment by its path, read without a scan."""

import os
from dataclasses import replace

from envdeck.core import reach
from envdeck.core.discovery.candidate import Candidate
from envdeck.core.discovery.markers import recognise
from envdeck.core.discovery.projects import ProjectRoots, link
from envdeck.core.discovery.survey import keeper
from envdeck.core.health import examine
from envdeck.core.host import Host
from envdeck.core.index import Index, StoredEnvironment
from envdeck.core.inspection.environment import Inspector
from envdeck.core.inspection.fingerprint import fingerprint
from envdeck.core.inspection.usage import access_times, signs_of_use
from envdeck.core.model import Environment
from envdeck.core.mounts import read_mounts
from envdeck.core.paths import lies_under


def lookup(path: str, host: Host, index: Index) -> Environment | None:
    """Read the environment at `path`, or that a link there leads to; None when none is.

    The index lends the project folders that were met before, for tools that hash them, and what
    an earlier look left behind: where we may not open files without renewing their access time
    (only their owner may), our own reading is told from use by that.
    """
    candidate = recognise(reach.realpath(path))
    if candidate is None:
        return None
    if (asked := os.path.abspath(path)) != candidate.path and reach.islink(asked):
        candidate = replace(candidate, links=(asked,))
    tool = keeper(candidate, host)
    projects = ProjectRoots(host)
    for root in index.project_roots():
        projects.add(root)
    project = link(candidate, tool, host, projects)
    folders = [folder.path for folder in candidate.layout.package_folders]
    before = signs_of_use(candidate.cfg_atime, folders)
    known = _known(candidate, index)
    inspector = Inspector(host, read_mounts(host))
    if known is None:
        environment = inspector.inspect(candidate, tool, project)
    else:
        environment = inspector.inspect(
            candidate, tool, project, known.environment.last_used, known.atimes
        )
    environment = replace(environment, findings=examine(environment))
    after = access_times(candidate.path, folders)
    if after != before:
        mark = fingerprint(candidate)
        same = known is not None and known.fingerprint == mark
        size = known.environment.size if known is not None and same else None
        home = reach.realpath(host.home)
        usual = known.usual if known is not None else lies_under(candidate.path, home)
        stored = StoredEnvironment(replace(environment, size=size), mark, after, usual)
        index.save_environments([stored])
    return environment


def _known(candidate: Candidate, index: Index) -> StoredEnvironment | None:
    for stored in index.environments((candidate.path,)):
        found = stored.environment
        if found.path == candidate.path and found.identity == candidate.identity:
            return stored
    return None
