"""Whether something stands where a dotenv file should be, and cannot be read."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def not_read(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning that says why: nothing else is known of it."""
    for file in looked.files:
        if file.problem:
            yield DotenvFinding(
                "not-read",
                Severity.WARNING,
                file.path,
                f"it was not read: {file.problem}",
                "make it a regular text file that you may read, or give it another name",
            )
