"""One environment, read: everything that is quick to know, in one value."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from envdeck.core.discovery.candidate import Candidate
from envdeck.core.discovery.tool import Tool
from envdeck.core.host import Host
from envdeck.core.inspection.creation import read_creation
from envdeck.core.inspection.eol import end_of_life
from envdeck.core.inspection.interpreter import read_python
from envdeck.core.inspection.naming import name_of
from envdeck.core.inspection.protection import protection
from envdeck.core.inspection.site_packages import count_distributions
from envdeck.core.inspection.status import judge
from envdeck.core.inspection.usage import last_used
from envdeck.core.model import Environment, ProjectLink
from envdeck.core.mounts import Mount


@dataclass(frozen=True, slots=True)
class Inspector:
    """Reads what was found on one host, with the mount table as it was when the look began."""

    host: Host
    mounts: Sequence[Mount] = ()

    def inspect(self, candidate: Candidate, tool: Tool, project: ProjectLink) -> Environment:
        """Read an environment whole, but for its size and its distributions."""
        python = read_python(candidate)
        status, reason = judge(candidate, python)
        folders = tuple(folder.path for folder in candidate.layout.package_folders)
        environment = Environment(
            path=candidate.path,
            identity=candidate.identity,
            name=name_of(candidate.path, project),
            manager=tool.name,
            status=status,
            reason=reason,
            python=python,
            creation=read_creation(candidate),
            packages=count_distributions(folders) if folders else None,
            site_packages=folders,
            protected=protection(candidate, tool, self.host),
        )
        return self.renew(environment, candidate, project)

    def renew(
        self,
        environment: Environment,
        candidate: Candidate,
        project: ProjectLink,
        left: Sequence[float] = (),
    ) -> Environment:
        """Return what is known of an unchanged environment with what time alone changes.

        That is when it was last used, whether its Python is still supported, and its project.
        `left` are the access times as our own last look left them: no signs of use.
        """
        now = self.host.now()
        python = environment.python
        ended = end_of_life(python.version, now, python.implementation or "cpython")
        return replace(
            environment,
            python=replace(python, end_of_life=ended),
            name=name_of(environment.path, project),
            project=project,
            last_used=last_used(
                candidate.path,
                cfg_atime=candidate.cfg_atime,
                site_packages=environment.site_packages,
                mounts=self.mounts,
                previous=environment.last_used if environment.seen_at else None,
                left=left,
            ),
            links=candidate.links,
            seen_at=now,
        )
