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
from envdeck.core.model import Environment, LastUsed, ProjectLink
from envdeck.core.mounts import Mount


@dataclass(frozen=True, slots=True)
class Inspector:
    """Reads what was found on one host, with the mount table as it was when the look began."""

    host: Host
    mounts: Sequence[Mount] = ()

    def inspect(
        self,
        candidate: Candidate,
        tool: Tool,
        project: ProjectLink,
        previous: LastUsed | None = None,
        left: Sequence[float] = (),
    ) -> Environment:
        """Read an environment whole, but for its size and its distributions.

        `previous` is when it was last used, as an earlier look said, and `left` the access
        times as that look left them: no signs of use.
        """
        folders = tuple(folder.path for folder in candidate.layout.package_folders)
        used = self._used(candidate, folders, previous, left)  # before more of it is read
        python = read_python(candidate)
        status, reason = judge(candidate, python)
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
            last_used=used,
        )
        return self._dated(self.relate(environment, candidate, tool, project))

    def renew(
        self,
        environment: Environment,
        candidate: Candidate,
        tool: Tool,
        project: ProjectLink,
        left: Sequence[float] = (),
    ) -> Environment:
        """Return what is known of an unchanged environment with what changes by itself.

        That is when it was last used, whether its Python is still supported, and all that
        :meth:`relate` says. `left` are the access times as our own last look left them.
        """
        used = self._used(candidate, environment.site_packages, environment.last_used, left)
        related = self.relate(environment, candidate, tool, project)
        return self._dated(replace(related, last_used=used))

    def relate(
        self, environment: Environment, candidate: Candidate, tool: Tool, project: ProjectLink
    ) -> Environment:
        """Return an environment with what depends on other folders than its own: project, name
        and links, and whether it must not be deleted (EnvDeck runs from another one today)."""
        return replace(
            environment,
            name=name_of(environment.path, project),
            project=project,
            links=candidate.links,
            protected=protection(candidate, tool, self.host),
        )

    def _used(
        self,
        candidate: Candidate,
        folders: Sequence[str],
        previous: LastUsed | None,
        left: Sequence[float],
    ) -> LastUsed:
        return last_used(
            candidate.path,
            cfg_atime=candidate.cfg_atime,
            site_packages=folders,
            mounts=self.mounts,
            previous=previous,
            left=left,
        )

    def _dated(self, environment: Environment) -> Environment:
        now = self.host.now()
        python = environment.python
        ended = end_of_life(python.version, now, python.implementation or "cpython")
        return replace(
            environment,
            python=replace(python, end_of_life=ended),
            seen_at=now,
        )
