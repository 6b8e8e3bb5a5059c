"""The dotenv files of a project, their keys, and findings on them.

Values are read, judged and forgotten; no type here holds one. :func:`reveal` reads a single value
for the person who asks, and :func:`values_of` all of them, to mask the output of a command.
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
from envdeck.core.dotenv.report import read_dotenv
from envdeck.core.dotenv.reveal import reveal, values_of

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
    "read_dotenv",
    "reveal",
    "values_of",
]
