"""What is installed in an environment, as its metadata tells it."""

from envdeck.core.lazy_dataclasses import dataclass

SEED_PACKAGES = frozenset({"pip", "setuptools", "wheel"})
"""What creators put into an environment by themselves; `ensurepip` even marks pip REQUESTED."""


@dataclass(frozen=True, slots=True)
class Script:
    """An entry point in the `console_scripts` or `gui_scripts` group (PyPA entry points)."""

    name: str
    target: str
    """`package.module:function`."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One `.dist-info` or `.egg-info`, read without importing anything."""

    name: str
    """Normalised (PEP 503)."""
    display_name: str
    """As its author spells it."""
    version: str
    """As written; not always valid by PEP 440."""
    path: str
    """Its metadata folder or file."""
    summary: str = ""
    licence: str = ""
    """`License-Expression` (PEP 639), else a short `License`, else its trove classifiers."""
    requested: bool = False
    """Asked for by a person (REQUESTED, PEP 376) as far as the installer records it."""
    installer: str | None = None
    editable: bool = False
    origin: str | None = None
    """The `direct_url.json` URL (PEP 610) with any credentials masked, or None for an index."""
    vcs: str = ""
    """The version control system whose :attr:`commit` brings it back (`git`), else empty."""
    commit: str = ""
    """What exactly was checked out there, where that is told."""
    size_bytes: int | None = None
    """The sum of what its RECORD lists; None where there is no RECORD."""
    requires_python: str | None = None
    requires: tuple[str, ...] = ()
    """Names of what it needs *here*: markers evaluated for the environment's interpreter."""
    requirements: tuple[str, ...] = ()
    """The same as written (`Requires-Dist`), whether their markers hold or not."""
    required_by: tuple[str, ...] = ()
    """Names of the distributions here that need it."""
    missing: tuple[str, ...] = ()
    """Requirements whose marker holds here and that nothing installed satisfies."""
    scripts: tuple[Script, ...] = ()
    record: str = ""
    """A digest of its RECORD, where that was read; for comparing only."""
    problem: str = ""
    """Why its metadata could not be read whole, or empty. The row is never lost."""
