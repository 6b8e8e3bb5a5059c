"""The command by which the tool that owns an environment removes it, as one that can be run."""

import os

from envdeck.core import reach
from envdeck.core.host import Host
from envdeck.core.model import Environment, Refusal
from envdeck.core.operations.engine.command import Command


def command_of_owner(
    words: tuple[str, ...], environment: Environment, host: Host
) -> Command | Refusal:
    """Return the command with its program found on the host's own path, or why it cannot be."""
    name = words[0] if words else environment.manager
    program = reach.which(name, host.environ.get("PATH", os.defpath))
    if program is None:
        return Refusal(
            "owned-by-tool",
            f"{name} keeps an index of it, and is not on the PATH",
            hint=f"install {name}, or run `{' '.join(words)}` where it is",
            path=environment.path,
        )
    kept = {
        key: value
        for key, value in host.environ.items()
        if key not in {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH"}
    }
    return Command((program, *words[1:]), host.home, kept)
