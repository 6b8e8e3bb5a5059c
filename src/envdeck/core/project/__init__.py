"""What a project says of itself in its files: read, never run. One format a file.

Everything is a value: what cannot be read is a :class:`Problem` with its file and line, and
whatever else the file says is kept. What reads and compares is imported from its own module, so
that whoever has words for a drift loads no parser: :mod:`envdeck.core.project.project`,
:mod:`envdeck.core.project.locks.find` and :mod:`envdeck.core.project.drift.compare`.
"""

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
    Overrides,
    PackageIndex,
    PassedFile,
    Problem,
    Project,
    ProjectPart,
    PythonDrift,
    WantedPython,
)

__all__ = [
    "Comparison",
    "DeclaredRequirement",
    "Drift",
    "DriftFix",
    "DriftKind",
    "Edge",
    "Lock",
    "LockedPackage",
    "Manifest",
    "Overrides",
    "PackageIndex",
    "PassedFile",
    "Problem",
    "Project",
    "ProjectPart",
    "PythonDrift",
    "WantedPython",
]
