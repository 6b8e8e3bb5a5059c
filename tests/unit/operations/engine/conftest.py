"""Wheels that a test builds itself, and uv without anything of this machine."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.system.host import Host
from support.environments import new_uv_cache
from support.wheels import write_wheel


@pytest.fixture
def wheel() -> Callable[..., Path]:
    return build_wheel


def build_wheel(folder: Path, name: str, version: str = "1.0", *, files=None, **more) -> Path:
    """Build a real wheel; `files` lie beside its module."""
    contents = {f"{name}.py": "def main():\n    print('it runs')\n", **(files or {})}
    return write_wheel(folder, name, version, contents, **more)


@pytest.fixture
def links(tmp_path: Path) -> Path:
    """Return a folder of wheels, the only index."""
    folder = tmp_path / "links"
    folder.mkdir()
    return folder


@pytest.fixture
def engine_host(home: Path, tmp_path: Path, links: Path) -> Host:
    """Return this machine with an empty home, and pip configured to know `links` alone."""
    (home / ".config" / "pip").mkdir(parents=True)
    text = f"[global]\nno-index = true\nfind-links = {links}\n"
    (home / ".config" / "pip" / "pip.conf").write_text(text)
    environ = {
        "PATH": os.environ["PATH"],
        "UV_CACHE_DIR": new_uv_cache(tmp_path / "uv-cache"),
        "VIRTUALENV_OVERRIDE_APP_DATA": str(tmp_path / "virtualenv-data"),
    }
    return Host(sys.platform, str(home), environ, root=str(tmp_path / "system"))


@pytest.fixture
def uv(engine_host: Host, tmp_path: Path) -> UvAdapter:
    uv = UvAdapter(engine_host, folder=str(tmp_path))
    if uv.problem:
        pytest.skip(uv.problem)
    return uv
