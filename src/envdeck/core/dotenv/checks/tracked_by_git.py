"""Whether git tracks a file with values in it."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def tracked_by_git(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield an error: with the next push everybody has them."""
    for file in looked.private:
        if not file.git.tracked:
            continue
        removal = looked.git("rm", "--cached", "--", looked.name(file.path))
        ignore = "" if file.git.ignored else f", and then `{looked.command('--ignore', file.path)}`"
        yield DotenvFinding(
            "tracked-by-git",
            Severity.ERROR,
            file.path,
            "git tracks it: who has the repository has its values",
            f"take it out of git and keep it here: `{removal}`{ignore}",
        )
