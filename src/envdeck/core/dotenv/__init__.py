"""The dotenv files of a project: which there are, their keys, and what is wrong with them.

Values are read, judged and forgotten: none is in any noun. :func:`reveal` reads one again for the
person who asks, and :func:`values_of` all of them, to be taken out of what a command wrote.
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
