"""Settings with their reference; configuration errors."""

import re
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


class ConfigurationError(Exception):
    """The configuration file cannot be used: where, why, and what to do."""

    def __init__(self, path: str, what: str, *, hint: str = "", line: int | None = None) -> None:
        super().__init__(what)
        self.path = path
        """The file."""
        self.what = what
        """What is wrong, in words; it may carry hostile text from the file."""
        self.hint = hint
        """What to do, or empty."""
        self.line = line
        """Counted from 1; None where no line is to blame, or it could not be found."""


def line_of(text: str, key: str, table: str | None = None) -> int | None:
    """Return the line on which a key is set, as well as a look at the lines can tell.

    With `table` given, only lines below its heading count; without, only those above the first
    heading. A key spelt in an unusual way (dotted, escaped) is not found.
    """
    wanted = re.compile(rf"""\s*(["']?){re.escape(key)}\1\s*=""")
    heading = re.compile(r"""\s*\[\s*(["']?)([^"'\]]*)\1\s*\]""")
    current: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if found := heading.match(line):
            current = found[2].strip()
            if table is None and current == key:
                return number
        elif current == table and wanted.match(line):
            return number
    return None
