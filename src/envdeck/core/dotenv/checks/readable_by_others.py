"""Whether others of this machine can read a file with values in it."""

import shlex
from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked
from envdeck.core.dotenv.model import DotenvFinding, Remedy, RemedyKind
from envdeck.core.model import Severity


def readable_by_others(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning with its mode; where the system has none, there is nothing to say."""
    for file in looked.private:
        if file.mode is None or file.bytes is None or not file.mode & 0o077:
            continue
        remedy = f"take that from them: `{looked.command('--private', file.path)}`"
        mends = Remedy(RemedyKind.PRIVATE, file.path, looked.project)
        if looked.is_outside(file):
            remedy = f"take that from them: `{shlex.join(['chmod', '600', file.link or ''])}`"
        yield DotenvFinding(
            "readable-by-others",
            Severity.WARNING,
            file.path,
            f"its mode is {file.mode:04o}: others than its owner have access to it",
            remedy,
            mends=None if looked.is_outside(file) else mends,
        )
