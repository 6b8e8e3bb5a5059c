"""Whether git would take a file with values in it at the next `git add`."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding, Remedy, RemedyKind
from envdeck.core.model import Severity


def not_ignored(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning for one that is neither ignored nor tracked; in a repository only."""
    for file in looked.private:
        if file.git.ignored is not False or file.git.tracked is not False:
            continue
        yield DotenvFinding(
            "not-ignored",
            Severity.WARNING,
            file.path,
            "git does not ignore it: the next `git add .` takes it in",
            f"add it to .gitignore: `{looked.command('--ignore', file.path)}`",
            mends=Remedy(RemedyKind.IGNORE, file.path, looked.project),
        )
