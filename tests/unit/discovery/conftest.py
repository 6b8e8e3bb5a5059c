"""Candidates and hosts made up for one test, and real environments made once for all."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envdeck.core.discovery.prefix import EnvironmentCandidate, Kind, Layout, read_layout
from envdeck.core.model import Identity
from envdeck.core.system.host import Host


@pytest.fixture
def on(host: Host) -> Callable[..., Host]:
    """Return a function that gives the same machine with another platform and variables."""

    def another(platform: str = "linux", **environ: str) -> Host:
        return replace(host, platform=platform, environ=environ)

    return another


@pytest.fixture
def make_candidate() -> Callable[..., EnvironmentCandidate]:
    """Return a function that makes a candidate of a folder, which need not exist."""

    def make(path: str | Path, kind: Kind = Kind.VENV, links: tuple[str, ...] = (), **cfg: str):
        keys = {key.replace("_", "-"): value for key, value in cfg.items()}
        layout = read_layout(os.fspath(path)) if os.path.isdir(path) else Layout()
        return EnvironmentCandidate(
            os.fspath(path), Identity(1, 2), kind, layout, keys, links=links
        )

    return make


@pytest.fixture
def write() -> Callable[..., Path]:
    """Return a function that writes a file, with the folders above it."""

    def write_file(path: str | Path, content: str | bytes = "") -> Path:
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture(scope="session")
def real_environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return real, empty environments by the name of what made them; not to be changed."""
    folder = tmp_path_factory.mktemp("real-environments").resolve()
    commands = {
        "venv": ["venv", "--without-pip"],
        "virtualenv": ["virtualenv", "-q", "--no-seed", "--no-periodic-update"],
        "uv": ["uv", "venv", "-q", "--offline", "--no-config", "--python", sys.executable],
    }
    environ = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder / "home"),
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "VIRTUALENV_OVERRIDE_APP_DATA": str(folder / "virtualenv-data"),
    }
    for name, command in commands.items():
        subprocess.run(
            [sys.executable, "-m", *command, str(folder / name / ".venv")],
            check=True,
            env=environ,
            capture_output=True,
            timeout=60,
        )
    return {name: str(folder / name / ".venv") for name in commands}
