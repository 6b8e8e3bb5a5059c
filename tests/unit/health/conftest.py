"""A made-up environment whose package folder is really on the disk."""

from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.health.context import HealthContext
from envdeck.core.health.examine import examine_whole
from envdeck.core.model import Environment, Examination, Identity, Python, Status
from envdeck.core.system.host import Host


class Made:
    """An environment to which distributions are added as their metadata alone."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.path = self.home / "work" / "api" / ".venv"
        self.site = self.path / "lib" / "python3.12" / "site-packages"
        self.site.mkdir(parents=True)

    def add(self, name: str, version: str = "1.0", *headers: str) -> Path:
        """Install a distribution; a header is `Requires-Dist: idna`, say."""
        folder = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        lines = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *headers)
        (folder / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
        (folder / "INSTALLER").write_text("pip\n", "utf-8")
        return folder

    @property
    def environment(self) -> Environment:
        """The environment as a scan would have read it."""
        return Environment(
            str(self.path),
            Identity(1, 2),
            "api/.venv",
            "venv",
            Status.OK,
            python=Python("3.12.4", "cpython"),
            site_packages=(str(self.site),),
        )

    def examine(self, *names: str, **asked: bool) -> Examination:
        """Run the checks named."""
        host = Host("linux", str(self.home), {})
        return examine_whole(HealthContext(self.environment, host), names=names, **asked)


@pytest.fixture
def made(tmp_path) -> Made:
    return Made(tmp_path)


@pytest.fixture
def examine(made) -> Callable[..., Examination]:
    return made.examine
