"""Whether a file with values in it was ever committed: then they are out, for good."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def ever_committed(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield an error: removing a file from git removes it from no commit there is."""
    for file in looked.private:
        if not file.git.committed:
            continue
        history = looked.git(
            "log", "--all", "--full-history", "--oneline", "--", looked.name(file.path)
        )
        yield DotenvFinding(
            "ever-committed",
            Severity.ERROR,
            file.path,
            "it was committed: its values of then are in the repository's history",
            "rotate them: have each replaced by a new one where it was given out; the commits: "
            f"`{history}`",
        )
