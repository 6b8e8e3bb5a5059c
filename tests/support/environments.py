"""Real environments, made by the tools that make them."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

from uv import find_uv_bin


@lru_cache
def tool_data() -> Path:
    """Return where uv and virtualenv keep what they found out about interpreters, once for all
    environments that are made here."""
    folder = tempfile.mkdtemp(prefix="tool-data-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def create_environment(path: Path, *, creator: str = "venv", flags: tuple[str, ...] = ()) -> Path:
    """Make an environment with the real tool, of the running interpreter, without seeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if creator == "venv":
        command = [sys.executable, "-m", "venv", "--without-pip", *flags, str(path)]
    elif creator == "virtualenv":
        command = [sys.executable, "-m", "virtualenv", "-q", "--no-seed", "--no-periodic-update"]
        command += [*flags, str(path)]
    else:
        command = [find_uv_bin(), "venv", "-q", "--offline", "--no-config"]
        command += ["--python", sys.executable, *flags, str(path)]
    environ = {**os.environ, "UV_CACHE_DIR": str(tool_data() / "uv")}
    environ["VIRTUALENV_OVERRIDE_APP_DATA"] = str(tool_data() / "virtualenv")
    subprocess.run(command, check=True, env=environ, capture_output=True, timeout=60)
    return path
