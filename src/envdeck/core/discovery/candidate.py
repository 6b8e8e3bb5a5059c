"""What discovery hands to inspection: a folder that carries an environment's markers."""

from dataclasses import dataclass, field
from enum import StrEnum

from envdeck.core.discovery.layout import Layout
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
    layout: Layout = field(default_factory=Layout)
    """Where its interpreter entry and its package folders are."""
    cfg: dict[str, str] = field(default_factory=dict)
    """The keys of `pyvenv.cfg`, lower case; empty for the other kinds."""
    cfg_problem: str = ""
    """Why the cfg could not be read, or empty."""
    cfg_atime: float | None = None
    """Its access time in seconds since the epoch, taken *before* it was read."""
    links: tuple[str, ...] = ()
    """Links met so far that lead here."""

    @property
    def shortcoming(self) -> str:
        """Why this is not one for sure, in words; empty when all the markers are there.

        A virtual environment has a cfg with a `home`, an interpreter entry (which may dangle)
        and a package folder (PEP 405); conda's own record is enough by itself.
        """
        if self.kind in {Kind.CONDA, Kind.PIXI}:
            return ""
        if self.cfg_problem:
            return f"its pyvenv.cfg {self.cfg_problem}"
        if self.kind is Kind.VENV and not self.cfg.get("home"):
            return "its pyvenv.cfg names no home"
        if self.layout.executable is None:
            return self.layout.unread or "it has no interpreter entry"
        if not self.layout.package_folders:
            return self.layout.unread or "it has no package folder"
        return ""
