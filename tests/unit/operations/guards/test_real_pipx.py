"""pipx itself, installed from the index, lays out its environments; skipped where none answers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from envdeck.core.model import Operation
from envdeck.core.operations.guards.context import GuardContext
from envdeck.core.operations.guards.rules import owner_command

_REAL = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
"""How the person's pip reaches the index; each test has these taken away."""
_USERS = Path.home() / ".config" / "pip" / "pip.conf"
if _USERS.exists():
    _REAL.setdefault("PIP_CONFIG_FILE", str(_USERS))


@pytest.fixture
def pipx(home, tmp_path):
    """Return a function that runs the real pipx in the made-up home."""
    place = tmp_path / "pipx-itself"
    subprocess.run([sys.executable, "-m", "venv", place], check=True, timeout=60)
    install = [place / "bin" / "python", "-m", "pip", "install", "-q", "pipx"]
    environ = {
        **os.environ,
        **_REAL,
        "HOME": str(home),
        "PIPX_DEFAULT_PYTHON": sys.executable,
    }
    try:
        done = subprocess.run(
            install, env=environ, capture_output=True, text=True, timeout=90, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the package index cannot be reached: no answer within 90 seconds")
    if done.returncode:
        pytest.skip(f"pipx cannot be had from the index: {done.stderr.strip()[-80:]}")

    def run(*words):
        return subprocess.run(
            [place / "bin" / "pipx", *words],
            env=environ, check=True, capture_output=True, text=True, timeout=120,
        )  # fmt: skip

    return run


@pytest.mark.kill
def test_what_pipx_made_is_left_to_pipx(pipx, asked, read, home, host, wheel):
    pipx("install", "--quiet", str(wheel))
    path = home / ".local" / "share" / "pipx" / "venvs" / "cow"
    assert (path / "pipx_metadata.json").exists()
    refusal = asked(path)["owned-by-tool"]
    assert (refusal.hint, refusal.overrulable) == ("pipx uninstall cow", False)
    assert "owned-by-tool" in asked(path, Operation.RECREATE)
    command = owner_command(read(path), GuardContext(host))
    assert command == ("pipx", "uninstall", "cow")
    pipx(*command[1:])
    assert not path.exists()
