"""Whether a key is written in lower case."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def lowercase_key(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a note: names of variables are in upper case by custom (POSIX, chapter 8)."""
    for document in looked.written:
        for one in document.assignments:
            name = one.name or ""
            if name != name.upper():
                yield line_finding(
                    "lowercase-key",
                    Severity.NOTE,
                    document,
                    one.line,
                    f"{name} has letters in lower case",
                    f"call it {name.upper()}, here and where it is read",
                )
