"""Whether a dotenv file lies inside an environment."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding, FileKind
from envdeck.core.model import Severity


def stray_in_environment(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning: it goes when the environment is deleted or made again."""
    for file in looked.files:
        if file.kind is FileKind.STRAY:
            yield DotenvFinding(
                "stray-in-environment",
                Severity.WARNING,
                file.path,
                "it lies inside an environment, and is deleted with it",
                "move it to the project's folder",
            )
