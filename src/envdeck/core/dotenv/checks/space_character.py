"""Whether there are blanks around the equal sign."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def space_character(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning: python-dotenv passes them over, and a shell runs the key as a command."""
    for document in looked.written:
        for one in document.assignments:
            before, equal, after = one.text.partition("=")
            begins = after.lstrip()
            is_spaced = before[-1:].isspace() or (
                after[:1].isspace() and bool(begins) and not begins.startswith("#")
            )
            if equal and is_spaced:
                yield line_finding(
                    "space-character",
                    Severity.WARNING,
                    document,
                    one.line,
                    f"there are blanks around the equal sign of {one.name}",
                    "remove them: a shell that reads the file refuses the line",
                )
