"""What git knows of dotenv files."""

from collections.abc import Sequence

from envdeck.core.dotenv.model import GitState
from envdeck.core.git import Git
from envdeck.core.host import Host


def git_states(paths: Sequence[str], host: Host) -> dict[str, GitState]:
    """Return what git knows of each file; an empty state for one that is in no repository."""
    known = Git(host).known(paths)
    return {
        path: GitState(one.tracked, one.ignored, one.committed, one.problem)
        for path, one in known.items()
    }
