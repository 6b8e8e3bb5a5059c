"""Whether a key stands alone, without an equal sign."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def key_without_value(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning: python-dotenv sets no variable for it, other readers refuse the file."""
    for document in looked.written:
        for one in document.assignments:
            if one.value is None:
                yield line_finding(
                    "key-without-value",
                    Severity.WARNING,
                    document,
                    one.line,
                    f"{one.name} has no equal sign, and sets nothing",
                    f"write `{one.name}=` for an empty value",
                )
