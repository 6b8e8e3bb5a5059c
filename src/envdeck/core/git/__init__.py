"""What git knows, asked without running anything that a repository names."""

from envdeck.core.git.asking import Git, Known, Tracked
from envdeck.core.git.folders import find_repository
from envdeck.core.git.hooks import hooks_folder

__all__ = ["Git", "Known", "Tracked", "find_repository", "hooks_folder"]
