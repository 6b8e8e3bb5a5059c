"""Wheels that a test builds itself, and uv without anything of this machine."""

import base64
import hashlib
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.operations.engine.uv import UvAdapter
from envdeck.core.system.host import Host


@pytest.fixture
def wheel() -> Callable[..., Path]:
    return build_wheel


def build_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: tuple[str, ...] = (),
    files: dict[str, str] | None = None,
    entry_points: str = "",
    tag: str = "py3-none-any",
) -> Path:
    """Build a real wheel; `files` lie beside its module."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    head = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    content = {f"{name}.py": "def main():\n    print('it runs')\n", **(files or {})}
    content[f"{info}/METADATA"] = "\n".join(head + [f"Requires-Dist: {r}" for r in requires]) + "\n"
    content[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    )
    if entry_points:
        content[f"{info}/entry_points.txt"] = entry_points
    rows = []
    for path, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        rows.append(f"{path},sha256={digest.decode()},{len(text.encode())}")
    content[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    target = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in content.items():
            row = zipfile.ZipInfo(path)
            row.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
            archive.writestr(row, text)
    return target


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
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "VIRTUALENV_OVERRIDE_APP_DATA": str(tmp_path / "virtualenv-data"),
    }
    return Host(sys.platform, str(home), environ, root=str(tmp_path / "system"))


@pytest.fixture
def uv(engine_host: Host, tmp_path: Path) -> UvAdapter:
    uv = UvAdapter(engine_host, folder=str(tmp_path))
    if uv.problem:
        pytest.skip(uv.problem)
    return uv
