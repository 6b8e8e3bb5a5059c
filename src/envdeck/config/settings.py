"""What can be configured; the docstrings below are the reference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

COLUMNS = (
    "status",
    "path",
    "python",
    "manager",
    "packages",
    "size",
    "reclaimable",
    "bar",
    "used",
)
"""What a column of the screen's list can be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that hold. A field's name in the file has `-` where it has `_` here."""

    roots: tuple[str, ...] = ()
    """Folders to look into when no PATH is given, `~` standing for the home folder. Empty:
    the home folder. The known places of every tool are looked into in any case."""
    exclude: tuple[str, ...] = ()
    """Patterns (`*`, `?`, `[…]`) of folder names or absolute paths not to look into."""
    cross_devices: bool = False
    """Whether to follow a root on to other file systems that are mounted below it."""
    theme: str | None = None
    """The name of the screen's theme, as its palette lists them; the palette saves it here."""
    columns: tuple[str, ...] = ()
    """The columns of the screen's list, in order. Empty: the usual ones, as many as fit."""
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The table `[keys]`: the name of an action, and the key for it (several with commas),
    in place of the usual one."""
    read_only: bool = False
    """Whether every change is turned off, as with `--read-only`."""
    keep_days: int | None = 30
    """How many days the trash keeps what was deleted or exchanged; `"for ever"` (None here) has
    no end."""
    downloads: bool = False
    """Whether uv may download an interpreter that is asked for and is not on this machine."""
