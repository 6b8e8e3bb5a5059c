"""What is wrong with a configuration, said so that a person can mend it."""

import re


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
