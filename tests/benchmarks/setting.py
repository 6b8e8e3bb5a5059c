"""What a benchmark is given: the homes, how often to repeat, and what is in the homes."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from benchmarks import disk
from envdeck.core.discovery.prefix import recognise
from envdeck.core.inspection.environment import read_creation
from envdeck.core.inspection.interpreter import read_python
from envdeck.core.model import Environment, Status
from envdeck.core.system.host import Host


@dataclass
class Setting:
    """One run of the benchmarks; a home is made when it is first asked for."""

    quick: bool = False
    """Small homes and few rounds: to see that everything works, not how fast."""

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 7

    @cached_property
    def home(self) -> disk.Disk:
        return disk.ready(disk.QUICK if self.quick else disk.HOME)

    @cached_property
    def crowd(self) -> disk.Disk:
        return disk.ready(disk.QUICK_CROWD if self.quick else disk.CROWD)

    @cached_property
    def throng(self) -> disk.Disk:
        return disk.ready(disk.QUICK_THRONG if self.quick else disk.THRONG)


def host_of(home: disk.Disk, variables: Mapping[str, str] | None = None) -> Host:
    """Return a host whose home is synthetic, and whose system-wide places do not exist."""
    return Host(sys.platform, home.home, variables or {}, root=os.path.join(home.home, "no-root"))


def environments_of(home: disk.Disk) -> tuple[Environment, ...]:
    """Return the environments of a home as far as the reading of packages needs them."""
    found = []
    for path in home.environments:
        candidate = recognise(path)
        if candidate is None:
            raise SystemExit(f"error: there is no environment at {path}")
        found.append(
            Environment(
                path=path,
                identity=candidate.identity,
                name=os.path.basename(path),
                manager="venv",
                status=Status.OK,
                python=read_python(candidate),
                creation=read_creation(candidate),
                site_packages=tuple(folder.path for folder in candidate.layout.package_folders),
            )
        )
    return tuple(found)
