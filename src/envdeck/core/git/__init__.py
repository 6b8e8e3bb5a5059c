"""What git knows, asked without running anything that a repository names."""

from envdeck.core.git.queries import Git, Known, Tracked
from envdeck.core.git.repository import find_repository, hooks_folder

__all__ = ["Git", "Known", "Tracked", "find_repository", "hooks_folder"]
