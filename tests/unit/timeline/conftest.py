"""A store in a made-up home, with a clock that is set by hand."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from envdeck.core.model import Distribution, Environment, Identity, Python, Status
from envdeck.core.system.host import Host
from envdeck.core.timeline.store import SnapshotStore

ENVIRONMENT = Environment(
    "/home/ada/work/api/.venv",
    Identity(1, 2),
    "api/.venv",
    "uv",
    Status.OK,
    python=Python("3.12.4", "cpython", base="/opt/python3.12"),
)


@dataclass
class Looks:
    """Looks at one environment, some time apart."""

    home: Path
    now: float = 1_795_000_000.0
    environment = ENVIRONMENT
    path = ENVIRONMENT.path

    @property
    def store(self) -> SnapshotStore:
        """A store as another start of the program would open it."""
        return SnapshotStore(Host("linux", str(self.home), {}, now=lambda: self.now))

    def see(self, hours: float = 1, /, *, source: str = "scan", **versions: str):
        """Look after some hours, and see these packages."""
        self.now += hours * 3600
        found = [Distribution(name, name, version, "") for name, version in versions.items()]
        return self.store.keep(self.environment, found, source=source)

    def snapshots(self):
        """What is kept, newest first."""
        return self.store.snapshots(self.path)

    def files(self, kind: str) -> list[Path]:
        """The files of the store: `sets` or `looks`."""
        return sorted((self.home / ".local/share/envdeck/snapshots" / kind).iterdir())


@pytest.fixture
def looks(tmp_path) -> Looks:
    return Looks(tmp_path)
