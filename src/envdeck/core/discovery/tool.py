"""One small interface for every tool that makes or keeps environments.

A tool is one module in :mod:`envdeck.core.discovery.tools` with one subclass of :class:`Tool`
and an instance of it named `TOOL`; the registry finds it there. Nothing else
has to be touched to support another one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from envdeck.core.discovery.candidate import Candidate
from envdeck.core.host import Host
from envdeck.core.model import ProjectLink


@dataclass(frozen=True, slots=True)
class Place:
    """A folder where a tool keeps environments; visited by name even where the walk prunes."""

    path: str
    depth: int = 1
    """How many levels below `path` an environment lies at most: 0 is the folder itself."""


class Tool:
    """What a tool knows about its own environments. The defaults know nothing."""

    name: ClassVar[str]
    """The `manager` of the JSON contract."""
    rank: ClassVar[int]
    """Who is asked first whether an environment is theirs: lower before higher."""
    exclusive: ClassVar[bool] = False
    """Whether nobody else may change what is in its environments: it keeps an index of them, or
    a resolution of its own, which would no longer be true."""

    def places(self, host: Host) -> Iterable[Place]:
        """Yield the folders where this tool keeps environments on this host."""
        return ()

    def claims(self, candidate: Candidate, host: Host) -> bool:
        """Tell whether this tool looks after that environment."""
        raise NotImplementedError

    def is_installation(self, candidate: Candidate, host: Host) -> bool:
        """Tell whether this is an installation that environments rest on (a conda root): it
        is listed among the interpreters, and not as an environment."""
        return False

    def project(self, candidate: Candidate, host: Host) -> ProjectLink | None:
        """Return the project that the environment itself names (a `.project` file, a manifest
        path, the parent folder), or None when only a look from the projects' side can tell."""
        return None

    def project_names(self, root: str, host: Host) -> Iterable[str]:
        """Yield what an environment of the project at `root` is called, as far as that tells
        the project (`blog-Xq3kd0aZ`): the way back for tools that hash the project's path."""
        return ()

    def project_name_of(self, candidate: Candidate, host: Host) -> str | None:
        """Return the part of the environment's name that :meth:`project_names` gives."""
        return None

    def refuses(self, candidate: Candidate, host: Host) -> str | None:
        """Return in one sentence why this environment must not be deleted, or None."""
        return None

    def removal(
        self, candidate: Candidate, host: Host, project: str | None = None
    ) -> tuple[str, ...] | None:
        """Return the tool's own command that removes this environment, or None where a folder
        that is gone leaves nothing behind: only tools with an index of their own have one.
        `project` is the folder it is for, as far as that is known."""
        return None

    def renewal(self, candidate: Candidate, host: Host) -> tuple[str, ...] | None:
        """Return the tool's own command that brings this environment up to date, or None."""
        return None
