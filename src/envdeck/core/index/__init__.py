"""The memory of the last look, in SQLite under the user's cache folder."""

from envdeck.core.index.folders import FolderMemory
from envdeck.core.index.records import ProjectMark, StoredEnvironment
from envdeck.core.index.store import Index, index_path

__all__ = ["FolderMemory", "Index", "ProjectMark", "StoredEnvironment", "index_path"]
