"""Why an environment must not be deleted, said before anyone asks; the guards ask again."""

import os
import sys

from envdeck.core.discovery.candidate import Candidate
from envdeck.core.discovery.tool import Tool
from envdeck.core.host import Host
from envdeck.core.paths import lies_under

_PROJECT_FILES = (".git", "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "requirements.txt")


def protection(candidate: Candidate, tool: Tool, host: Host) -> str | None:
    """Return the guard that refuses, in one sentence, or None."""
    path = candidate.path
    if cause := candidate.shortcoming:
        return f"not-an-environment: {cause}"
    if any(lies_under(home, path) for home in (host.home, os.path.realpath(host.home))):
        return "protected-path: it is the home folder or above it"
    for name in _PROJECT_FILES:
        if os.path.lexists(os.path.join(path, name)):
            return f"protected-path: it is the root of a project ({name} is in it)"
    if path == os.path.realpath(sys.prefix):
        return "self: EnvDeck runs from it"
    return tool.refuses(candidate, host)
