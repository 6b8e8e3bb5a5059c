"""What git knows, asked without running anything that a repository names."""

from envdeck.core.git.history import Commit, FileHistory
from envdeck.core.git.queries import Git, GitStatus, Tracked
from envdeck.core.git.repository import find_repository, hooks_folder

__all__ = [
    "Commit",
    "FileHistory",
    "Git",
    "GitStatus",
    "Tracked",
    "find_repository",
    "hooks_folder",
]
