"""Whether a file is a link that leads out of the project."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding, FileKind
from envdeck.core.model import Severity


def outside_project(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a note: its keys are shown, and it is not edited from here."""
    for file in looked.files:
        if file.kind is FileKind.STRAY or not looked.is_outside(file):
            continue
        yield DotenvFinding(
            "outside-project",
            Severity.NOTE,
            file.path,
            f"it is a link to {file.link}, outside the project, and is only read",
            "edit the file that it leads to where it is",
        )
