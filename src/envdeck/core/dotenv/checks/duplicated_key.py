"""Whether a file sets a key twice: the last one holds, and the first one misleads."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def duplicated_key(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning for each time but the first."""
    for document in looked.written:
        first: dict[str | None, int] = {}
        for one in document.assignments:
            line = first.setdefault(one.name, one.line)
            if line != one.line:
                yield line_finding(
                    "duplicated-key",
                    Severity.WARNING,
                    document,
                    one.line,
                    f"{one.name} is set in line {line} already; the last one holds",
                    "remove the one that is not meant",
                )
