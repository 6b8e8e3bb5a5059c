"""Variables with an environment active. Nothing else is loaded: a command waits for it."""

import os
from collections.abc import Mapping

_ELSEWHERE = ("PYTHONHOME", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "__PYVENV_LAUNCHER__")
"""Variables that would lead Python away from the environment that is active."""


def activate_variables(environ: Mapping[str, str], environment: str) -> dict[str, str]:
    """Return variables with an environment active as its scripts would have it: its programs
    first on `PATH`, and its folder in `VIRTUAL_ENV`."""
    active = {name: value for name, value in environ.items() if name not in _ELSEWHERE}
    below = [os.path.join(environment, name) for name in ("bin", "Scripts")]
    programs = [each for each in below if os.path.isdir(each)]
    path = active.get("PATH", "")
    active["PATH"] = os.pathsep.join([*programs, *([path] if path else [])])
    active["VIRTUAL_ENV"] = environment
    active["VIRTUAL_ENV_PROMPT"] = os.path.basename(os.path.dirname(environment))
    return active
