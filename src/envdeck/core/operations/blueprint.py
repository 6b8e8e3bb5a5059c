"""How an environment is to be made: decided when it is planned, and shown as it will be run."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from envdeck.core.host import Host
from envdeck.core.model import Creation
from envdeck.core.operations.engine.command import Command
from envdeck.core.operations.engine.creators import Creator
from envdeck.core.operations.engine.uv import Uv
from envdeck.core.operations.sources import How, Source

REQUIREMENTS = "requirements.txt"
CONSTRAINTS = "constraints.txt"
"""Files of an item, for its owner's eyes alone; they go before the item is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """How an environment is to be made: everything that was decided when it was planned."""

    path: str
    """Where it will be."""
    interpreter: str
    """The base interpreter's executable."""
    creator: Creator
    creation: Creation
    source: Source
    seeds: frozenset[str] = frozenset()
    copies: bool = False
    downloads: bool = False
    offline: bool = False

    def creating(self, staged: str) -> Command:
        """Return the command that makes it, empty but for its seeds, at `staged`."""
        return self.creator.command(
            staged,
            self.interpreter,
            self.creation,
            name=os.path.basename(self.path),
            seeds=self.seeds,
            copies=self.copies,
        )

    def installing(
        self, staged: str, host: Host, *, python: str | None = None, offline: bool = False
    ) -> Command:
        """Return the command that installs what the source says into what is at `staged`.

        It reads :meth:`files`, which lie beside it. `python` is its executable.
        """
        source, item = self.source, os.path.dirname(staged)
        python = python or python_at(staged, host)
        if source.how is How.UV_SYNC and source.project is not None:
            return self.uv(host, item, project=source.project, offline=offline).project_sync(
                staged,
                python,
                groups=source.groups,
                extras=source.extras,
                default_groups=False,
                install_project=source.install_project,
            )
        return self.uv(host, item, offline=offline).install(
            python,
            os.path.join(item, REQUIREMENTS),
            dependencies=source.how is How.RESOLVE,
            constraints=os.path.join(item, CONSTRAINTS) if source.constraints else None,
            hashes=source.hashes,
        )

    def files(self) -> Mapping[str, tuple[str, ...]]:
        """Return the lines of the files that :meth:`installing` reads, by their names."""
        if self.source.how is How.UV_SYNC and self.source.project is not None:
            return {}
        found = {REQUIREMENTS: (*self.source.requirements, *only_wheels(self.source.binary))}
        if self.source.constraints:
            found[CONSTRAINTS] = self.source.constraints
        return found

    def uv(self, host: Host, item: str, *, project: str | None = None, offline: bool = False) -> Uv:
        """Return uv, acting for this environment; for a project, with that one's settings."""
        return Uv(
            host,
            folder=project or self.source.project or item,
            project=project is not None,
            downloads=self.downloads,
            offline=offline or self.offline,
            environment=self.path,
        )


def only_wheels(names: Iterable[str]) -> tuple[str, ...]:
    """Return the lines of a requirements file that have nothing of these built."""
    return tuple(f"--only-binary={name}" for name in names)


def python_at(folder: str, host: Host) -> str:
    """Return where an environment at `folder` has its interpreter."""
    parts = ("Scripts", "python.exe") if host.windows else ("bin", "python")
    return os.path.join(folder, *parts)
