"""One environment, read where it is named: by its path or a link that leads to it."""

import os

from envdeck.core.discovery.find import manager_of
from envdeck.core.discovery.managers import managers
from envdeck.core.discovery.prefix import EnvironmentCandidate, recognise
from envdeck.core.discovery.project_links import ProjectRoots, link, owner
from envdeck.core.health.status import examine, renewed
from envdeck.core.index import Index, StoredEnvironment
from envdeck.core.inspection.environment import Inspector
from envdeck.core.inspection.stamps import access_times, fingerprint, signs_of_use
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Environment
from envdeck.core.system import reach
from envdeck.core.system.host import Host, lies_under
from envdeck.core.system.mounts import read_mounts


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
    every = managers(host)
    manager = manager_of(candidate, every)
    projects = ProjectRoots(host, every)
    for root in index.project_roots():
        projects.add(root)
    manager = owner(candidate, manager, projects)
    project = link(candidate, manager, host, projects)
    folders = [folder.path for folder in candidate.layout.package_folders]
    before = signs_of_use(candidate.cfg_atime, folders)
    known = _stored(candidate, index)
    mark = fingerprint(candidate)  # first: what changes while it is read is read again next time
    inspector = Inspector(host, read_mounts(host))
    if known is None:
        environment = inspector.inspect(candidate, manager, project)
    else:
        environment = inspector.inspect(
            candidate, manager, project, known.environment.last_used, known.atimes
        )
    same = known is not None and known.fingerprint == mark
    if known is not None and same:
        environment = renewed(environment, known.environment)
    else:
        environment = replace(environment, findings=examine(environment))
    after = access_times(candidate.path, folders)
    if after != before:
        size = known.environment.size if known is not None and same else None
        home = reach.realpath(host.home)
        usual = known.usual if known is not None else lies_under(candidate.path, home)
        stored = StoredEnvironment(replace(environment, size=size), mark, after, usual)
        if known is not None and same:
            stored = replace(stored, project_mark=known.project_mark)
        index.save_environments([stored])
    return environment


def _stored(candidate: EnvironmentCandidate, index: Index) -> StoredEnvironment | None:
    for stored in index.environments((candidate.path,)):
        found = stored.environment
        if found.path == candidate.path and found.identity == candidate.identity:
            return stored
    return None
