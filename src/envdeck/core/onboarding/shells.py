"""The shell in use, and the line that activates an environment in it."""

import os
import posixpath

from envdeck.core.model import Environment
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, decode, read_bounded
from envdeck.core.system.host import Host

_SCRIPTS = {
    "bash": ("source", "activate"),
    "zsh": ("source", "activate"),
    "ksh": (".", "activate"),
    "mksh": (".", "activate"),
    "ash": (".", "activate"),
    "dash": (".", "activate"),
    "sh": (".", "activate"),
    "fish": ("source", "activate.fish"),
    "csh": ("source", "activate.csh"),
    "tcsh": ("source", "activate.csh"),
    "nu": ("overlay use", "activate.nu"),
    "pwsh": ("&", "Activate.ps1"),
    "powershell": ("&", "Activate.ps1"),
    "xonsh": ("source", "activate.xsh"),
    "cmd": ("", "activate.bat"),
}
"""By the name of a shell: what is typed before the path of which script."""
_DEEPEST = 8
"""Processes above us that are asked for a shell: `uv run`, a wrapper, a multiplexer."""
_STAT_LIMIT = 1024
SHELLS = tuple(_SCRIPTS)


def shell_in_use(host: Host, parent: int) -> str:
    """Return the name of the shell that a person sits at: the nearest one above the process
    `parent`, where the system tells; else what `$SHELL` names; else the platform's own."""
    named = _of_variable(host)
    for name in _above(host, parent):
        if name in _SCRIPTS:
            # A script of /bin/sh that starts us says nothing of the shell that started it.
            return named if name in {"sh", "dash"} and named else name
    if named:
        return named
    return "powershell" if host.windows else "sh"


def activation(environment: Environment, folder: str, shell: str) -> tuple[str, ...]:
    """Return the words that activate an environment whose scripts lie in `folder`; none where
    there is no script for that shell."""
    if environment.manager in {"conda", "pixi"} or environment.creation.creator == "conda":
        return ("conda", "activate", environment.path)
    before, name = _SCRIPTS.get(shell, _SCRIPTS["sh"])
    for each in (name, name.lower()):
        script = os.path.join(folder, each)
        if folder and reach.isfile(script):
            return (*before.split(), script)
    return ()


def _of_variable(host: Host) -> str:
    name = posixpath.basename((host.variable("SHELL") or "").rstrip("/"))
    return name if name in _SCRIPTS else ""


def _above(host: Host, process: int) -> list[str]:
    """Return the names of a process and of those above it, the nearest first (Linux)."""
    names = []
    for _ in range(_DEEPEST):
        data = read_bounded(host.system("proc", str(process), "stat"), _STAT_LIMIT, whole=False)
        if isinstance(data, Unread) or process <= 1:
            break
        name, _, rest = decode(data).partition("(")[2].rpartition(")")
        fields = rest.split()
        names.append(name.lstrip("-"))
        if len(fields) < 2 or not fields[1].isdigit():
            break
        process = int(fields[1])
    return names
