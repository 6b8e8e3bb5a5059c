"""A command with an environment active: started in the place of this process, and at once where the
environment stands in its project. Nothing is loaded for that which the command would wait for."""

import os
import sys
from collections.abc import Mapping, Sequence

from envdeck.core.system.activate import activate_variables

NOT_EXECUTABLE, NOT_FOUND = 126, 127
"""What a shell answers for a command that cannot be started."""
_OF_PROJECTS = ("pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "Pipfile", ".git")


def launch_directly(argv: Sequence[str]) -> int | None:
    """Run `run ENV -- COMMAND …` where a look at the disk tells all: ENV is a project with a
    `.venv`, or that folder. None where more has to be known, or said."""
    if len(argv) < 4 or argv[0] != "run" or argv[2] != "--" or os.name == "nt":
        return None
    found = find_directly(argv[1])
    return None if found is None else launch(argv[3:], *found, os.environ)


def find_directly(reference: str) -> tuple[str, str] | None:
    """Return an environment and the folder of its project; None for one that does not start."""
    if not reference or reference.startswith(("-", "~")) or not os.path.isdir(reference):
        return None
    path = os.path.realpath(reference)
    folder, name = os.path.split(path)
    if not os.path.isfile(os.path.join(path, "pyvenv.cfg")):
        path, folder = os.path.join(path, ".venv"), path
    elif name != ".venv":
        return None
    own = any(os.path.lexists(os.path.join(folder, each)) for each in _OF_PROJECTS)
    starts = os.access(os.path.join(path, "bin", "python"), os.X_OK)
    if own and starts and os.path.isfile(os.path.join(path, "pyvenv.cfg")):
        return path, folder
    return None


def launch(
    command: Sequence[str], environment: str, folder: str, environ: Mapping[str, str]
) -> int:
    """Become a command, so that signals and its exit code are its own; it returns only where there
    is no such command. Not for Windows, where a process cannot be replaced."""
    active = activate_variables(environ, environment)
    try:
        os.chdir(folder)
        os.execvpe(command[0], list(command), active)  # noqa: S606  what a person typed
    except FileNotFoundError:
        sys.stderr.write(f"error: command not found: {ascii(command[0])[1:-1]}\n")
        return NOT_FOUND
    except OSError as error:
        reason = (error.strerror or "").lower()
        sys.stderr.write(f"error: cannot run {ascii(command[0])[1:-1]}: {reason}\n")
        return NOT_EXECUTABLE
