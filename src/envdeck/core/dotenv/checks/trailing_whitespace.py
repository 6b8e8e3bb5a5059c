"""Whether a line ends with blanks."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def trailing_whitespace(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a note: some readers take them for a part of the value."""
    for document in looked.written:
        for one in document.assignments:
            if one.text[-1:].isspace():
                yield line_finding(
                    "trailing-whitespace",
                    Severity.NOTE,
                    document,
                    one.line + one.lines - 1,
                    f"the line of {one.name} ends with blanks",
                    "remove them: some readers take them for a part of the value",
                )
