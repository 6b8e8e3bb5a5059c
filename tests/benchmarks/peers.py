"""Peers from the package index, each in an environment of its own."""

import os
import subprocess
import sys
import venv

from benchmarks.disk import cache_folder

KILLPY = "killpy==1.3.1"
"""Pinned, so that the bar does not move by itself."""


def killpy() -> str:
    """Return the `killpy` command, installed now if it is not there yet."""
    place = os.path.join(cache_folder(), KILLPY.replace("==", "-"))
    command = os.path.join(place, "bin", "killpy")
    if not os.path.exists(command):
        venv.create(place, with_pip=True, clear=True)
        python = os.path.join(place, "bin", "python")
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, KILLPY], check=True, stdout=sys.stderr)
    return command
