"""Upgrading in a project's lock file, by the project's own tool."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from envdeck.core import reach
from envdeck.core.host import Host


@dataclass(frozen=True, slots=True)
class LockOffer:
    """The lock file of a project, and how its own tool upgrades in it."""

    file: str
    """Its name in the project: `uv.lock`."""
    tool: str
    """`uv`, `poetry`, `pdm`, `pipenv`; empty where no tool is known to upgrade it."""
    commands: tuple[tuple[str, ...], ...]
    """What upgrades the names in it and then installs what it says, in order, each run in the
    project's folder. Empty without a tool."""
    program: str | None
    """Where the tool was found on the PATH; None where it is not there. uv needs none: we bring
    our own."""
    sentence: str
    """What a person should know before choosing, without a full stop."""

    @property
    def available(self) -> bool:
        """Whether the offer can be taken here and now."""
        return bool(self.commands) and (self.program is not None or self.tool == "uv")


_FILES = (
    ("uv.lock", "uv"),
    ("poetry.lock", "poetry"),
    ("pdm.lock", "pdm"),
    ("Pipfile.lock", "pipenv"),
    ("pylock.toml", ""),
)


def lock_offer(
    host: Host, project: str, names: Sequence[str], *, manager: str = ""
) -> LockOffer | None:
    """Return what upgrading those names means for the lock file of the project at `project`;
    None where it has no lock file.

    Of several the one of the environment's `manager` counts, else the first in the order above.
    Only names of files are looked at; nothing is run.
    """
    there = [(file, tool) for file, tool in _FILES if reach.isfile(os.path.join(project, file))]
    if not there:
        return None
    file, tool = next((one for one in there if one[1] == manager), there[0])
    program = reach.which(tool, host.environ.get("PATH", "")) if tool else None
    commands = _commands(tool, names)
    differ = f"{file} and the environment will differ"
    if not tool:
        sentence = f"{differ}: no tool is known to upgrade single names in it"
    elif program is None and tool != "uv":
        sentence = f"{differ}: {tool}, which upgrades it, is not on the PATH"
    else:
        told = ", then ".join(" ".join(command) for command in commands)
        sentence = f"{differ}, unless it is upgraded in the lock: {told}"
    return LockOffer(file, tool, commands, program, sentence)


def _commands(tool: str, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    match tool:
        case "uv":
            each = [part for name in names for part in ("--upgrade-package", name)]
            return ("uv", "lock", *each), ("uv", "sync")
        case "poetry" | "pdm":
            return ((tool, "update", *names),)
        case "pipenv":
            return ("pipenv", "upgrade", *names), ("pipenv", "sync")
    return ()
