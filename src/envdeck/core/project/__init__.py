"""What a project says of itself in its files: read, never run. One format a file.

Everything is a value: what cannot be read is a :class:`Problem` with its file and line, and
whatever else the file says is kept. What compares it with an environment is loaded by those who
compare: :mod:`envdeck.core.project.project` and :mod:`envdeck.core.project.drift.compare`.
"""

from envdeck.core.project.locks.find import LOCK_FILES, find_locks, read_lock, read_locks
from envdeck.core.project.locks.selection import Selection, select
from envdeck.core.project.model import (
    Comparison,
    DeclaredRequirement,
    Drift,
    DriftFix,
    DriftKind,
    Edge,
    Lock,
    LockedPackage,
    Manifest,
    PackageIndex,
    PassedFile,
    Problem,
    Project,
    ProjectPart,
    PythonDrift,
    WantedPython,
)
from envdeck.core.project.project import read_declared, read_manifest, read_project
from envdeck.core.project.pythons import wanted_python

__all__ = [
    "LOCK_FILES",
    "Comparison",
    "DeclaredRequirement",
    "Drift",
    "DriftFix",
    "DriftKind",
    "Edge",
    "Lock",
    "LockedPackage",
    "Manifest",
    "PackageIndex",
    "PassedFile",
    "Problem",
    "Project",
    "ProjectPart",
    "PythonDrift",
    "Selection",
    "WantedPython",
    "find_locks",
    "read_declared",
    "read_lock",
    "read_locks",
    "read_manifest",
    "read_project",
    "select",
    "wanted_python",
]
