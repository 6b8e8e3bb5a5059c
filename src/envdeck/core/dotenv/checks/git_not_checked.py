"""Whether git could be asked about files with values in them."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def git_not_checked(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a note, once for each reason: no finding of git's is no proof then."""
    said: set[str] = set()
    for file in looked.private:
        problem = file.git.problem
        if not problem or problem in said:
            continue
        said.add(problem)
        status = looked.git("status", "--short", "--ignored", "--", looked.name(file.path))
        yield DotenvFinding(
            "git-not-checked",
            Severity.NOTE,
            file.path,
            f"whether it is or was in git was not checked in full: {problem}",
            f"ask git yourself: `{status}`",
        )
