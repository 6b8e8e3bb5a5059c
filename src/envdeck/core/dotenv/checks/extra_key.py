"""Whether the example of a file has every key that the file has."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, listed
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def extra_key(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield one note for a file, with all the keys that its example does not tell others of."""
    for pair in looked.compared:
        if not pair.extra:
            continue
        are = "is" if len(pair.extra) == 1 else "are"
        example = looked.name(pair.example)
        yield DotenvFinding(
            "extra-key",
            Severity.NOTE,
            pair.file,
            f"{listed(pair.extra)} {are} here and not in {example}",
            f"add to {example} what others need too, without its value",
        )
