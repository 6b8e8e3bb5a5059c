"""Whether a file has every key that its example has."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, listed
from envdeck.core.dotenv.model import DotenvFinding, Remedy, RemedyKind
from envdeck.core.model import Severity


def missing_key(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield one warning for a file, with all the keys that it lacks."""
    outside = {file.path for file in looked.files if looked.is_outside(file)}
    for pair in looked.compared:
        if not pair.missing:
            continue
        are = "is" if len(pair.missing) == 1 else "are"
        example = looked.name(pair.example)
        remedy = f"add what is missing: `{looked.command('--add-missing', pair.file)}`"
        mends: Remedy | None = Remedy(
            RemedyKind.ADD, pair.file, looked.project, pair.missing, example=pair.example
        )
        if pair.file in outside:
            remedy, mends = "add what is missing where the link leads to", None
        yield DotenvFinding(
            "missing-key",
            Severity.WARNING,
            pair.file,
            f"{listed(pair.missing)} {are} in {example} and missing here",
            remedy,
            mends=mends,
        )
