"""The dotenv files of a project, their keys, and findings on them.

Values are read, judged and forgotten; no type here holds one. :mod:`.reveal` reads a
single value for the person who asks, and all of them, to mask the output of a command.
"""

from envdeck.core.dotenv.model import (
    DotenvFile,
    DotenvFinding,
    DotenvReport,
    FileKind,
    GitState,
    Key,
    KeyComparison,
    Remedy,
    RemedyKind,
)

__all__ = [
    "DotenvFile",
    "DotenvFinding",
    "DotenvReport",
    "FileKind",
    "GitState",
    "Key",
    "KeyComparison",
    "Remedy",
    "RemedyKind",
]
