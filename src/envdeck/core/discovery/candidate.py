"""What discovery hands to inspection: a folder that carries an environment's markers."""

from dataclasses import dataclass, field
from enum import StrEnum

from envdeck.core.model import Identity


class Kind(StrEnum):
    """Which marker was met, strongest first."""

    VENV = "venv"
    """`pyvenv.cfg` (PEP 405), whoever wrote it."""
    CONDA = "conda"
    """`conda-meta/history`."""
    PIXI = "pixi"
    """`conda-meta/pixi`."""
    LEGACY = "legacy"
    """virtualenv before 20: `bin/activate` and `bin/python`, and no cfg."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A folder with markers, before anything in it is judged."""

    path: str
    """Its real path."""
    identity: Identity
    kind: Kind
    cfg: "dict[str, str]" = field(default_factory=dict)
    """The keys of `pyvenv.cfg`, lower case; empty for the other kinds."""
    cfg_problem: str = ""
    """Why the cfg could not be read, or empty."""
    cfg_atime: float | None = None
    """Its access time in seconds since the epoch, taken *before* it was read."""
    links: tuple[str, ...] = ()
    """Links met so far that lead here."""
