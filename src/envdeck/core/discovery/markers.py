"""Is it an environment? The markers, strongest first."""

import os
import stat
from collections.abc import Collection

from envdeck.core import reach
from envdeck.core.discovery.candidate import Candidate, Kind
from envdeck.core.discovery.cfg import read_cfg
from envdeck.core.discovery.layout import read_layout
from envdeck.core.model import Identity

NAMES = frozenset({"pyvenv.cfg", "conda-meta", "bin", "Scripts"})
"""Names whose presence makes a folder worth a closer look."""

_SYSTEM_PREFIXES = frozenset({"/", "/usr", "/usr/local"})


def recognise(path: str, names: Collection[str] | None = None) -> Candidate | None:
    """Return the candidate at `path` (a real path), or None when it carries no marker.

    `names` are those of :data:`NAMES` that the folder is known to hold; None asks the disk.
    Nothing is judged here: a stray cfg is a candidate too, and inspection calls it suspect.
    """
    if (names is None or "pyvenv.cfg" in names) and (found := _with_cfg(path)):
        return found
    if (names is None or "conda-meta" in names) and (kind := _conda_kind(path)):
        return _candidate(path, kind)
    if (names is None or "bin" in names or "Scripts" in names) and _is_legacy(path):
        return _candidate(path, Kind.LEGACY)
    return None


def _with_cfg(path: str) -> Candidate | None:
    cfg_path = os.path.join(path, "pyvenv.cfg")
    identity = identity_of(path)
    try:
        status = reach.stat(cfg_path)  # before reading, which may renew the access time
    except (OSError, ValueError):
        if identity is None or not reach.islink(cfg_path):
            return None
        problem = "is a link that leads nowhere"
        return Candidate(path, identity, Kind.VENV, read_layout(path), cfg_problem=problem)
    if identity is None:
        return None
    cfg, problem = read_cfg(cfg_path)
    atime = status.st_atime if stat.S_ISREG(status.st_mode) else None
    return Candidate(path, identity, Kind.VENV, read_layout(path), cfg, problem, atime)


def _conda_kind(path: str) -> Kind | None:
    meta = os.path.join(path, "conda-meta")
    if reach.isfile(os.path.join(meta, "pixi")):
        return Kind.PIXI
    return Kind.CONDA if reach.isfile(os.path.join(meta, "history")) else None


def _is_legacy(path: str) -> bool:
    if path in _SYSTEM_PREFIXES:
        return False
    for folder, python in (("bin", "python"), ("Scripts", "python.exe")):
        scripts = os.path.join(path, folder)
        if reach.isfile(os.path.join(scripts, "activate")):
            return reach.lexists(os.path.join(scripts, python))
    return False


def _candidate(path: str, kind: Kind) -> Candidate | None:
    identity = identity_of(path)
    return None if identity is None else Candidate(path, identity, kind, read_layout(path))


def identity_of(path: str) -> Identity | None:
    """Return what the folder at `path` is, links followed; None when there is none."""
    try:
        status = reach.stat(path)
    except (OSError, ValueError):
        return None
    return Identity(status.st_dev, status.st_ino)
