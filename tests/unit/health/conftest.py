"""A made-up environment whose package folder is really on the disk."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.health.context import HealthContext
from envdeck.core.health.examine import examine_whole
from envdeck.core.model import (
    Creation,
    Environment,
    Examination,
    Identity,
    ProjectLink,
    Python,
    Status,
)
from envdeck.core.system.host import Host


class Made:
    """An environment to which distributions are added as their metadata alone."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.path = self.home / "work" / "api" / ".venv"
        self.site = self.path / "lib" / "python3.12" / "site-packages"
        self.site.mkdir(parents=True)
        self.python = Python("3.12.4", "cpython")
        self.project = ProjectLink()
        self.sees_system = False

    def add(self, name: str, version: str = "1.0", *headers: str) -> Path:
        """Install a distribution; a header is `Requires-Dist: idna`, say."""
        folder = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        lines = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *headers)
        (folder / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
        (folder / "INSTALLER").write_text("pip\n", "utf-8")
        return folder

    def install(
        self, name: str, files: dict[str, bytes], *, version: str = "1.0", tag: str = "py3-none-any"
    ) -> Path:
        """Install a distribution with its files, its RECORD and its WHEEL, as an installer does.

        Paths are as RECORD has them; the headers are those of :meth:`add`.
        """
        folder = self.add(name, version)
        (folder / "WHEEL").write_text(f"Wheel-Version: 1.0\nTag: {tag}\n", "utf-8")
        for path, data in files.items():
            place = self.site / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        self.record(folder, files)
        return folder

    @staticmethod
    def digest(data: bytes) -> str:
        """Return a hash as RECORD has it."""
        found = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
        return f"sha256={found.rstrip(b'=').decode()}"

    def record(self, folder: Path, files: dict[str, bytes]) -> None:
        """Write the RECORD of a distribution."""
        lines = [f"{path},{self.digest(data)},{len(data)}" for path, data in files.items()]
        own = [f"{folder.name}/{name}" for name in ("METADATA", "RECORD", "WHEEL")]
        (folder / "RECORD").write_text("\n".join([*lines, *(f"{one},," for one in own)]), "utf-8")

    def run_by(self, program: bytes) -> None:
        """Put a base interpreter there: its first bytes tell the machine."""
        base = self.home / "python3.12"
        base.write_bytes(program)
        self.python = replace(self.python, base_executable=str(base))

    @property
    def environment(self) -> Environment:
        """The environment as a scan would have read it."""
        return Environment(
            str(self.path),
            Identity(1, 2),
            "api/.venv",
            "venv",
            Status.OK,
            python=self.python,
            site_packages=(str(self.site),),
            creation=Creation(system_site_packages=self.sees_system),
            project=self.project,
        )

    def examine(self, *names: str, **asked: bool) -> Examination:
        """Run the checks named."""
        host = Host("linux", str(self.home), {})
        return examine_whole(HealthContext(self.environment, host), names=names, **asked)


@pytest.fixture
def made(tmp_path) -> Made:
    return Made(tmp_path)


@pytest.fixture
def make_made(tmp_path_factory) -> Callable[[], Made]:
    """Return what makes further ones, as a test of many cases needs them."""
    return lambda: Made(tmp_path_factory.mktemp("made"))


@pytest.fixture
def examine(made) -> Callable[..., Examination]:
    return made.examine
