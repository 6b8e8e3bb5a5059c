"""Whether a key has another character in it than letters, digits and underscores."""

import re
from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity

_LEADING = re.compile(r"\A[^A-Za-z_]+")
_OTHER = re.compile(r"[^A-Za-z0-9_]")


def incorrect_delimiter(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning: no shell takes such a name. What stands before the first letter is
    `leading-character`'s."""
    for document in looked.written:
        for one in document.assignments:
            name = one.name or ""
            if _OTHER.search(_LEADING.sub("", name)):
                yield line_finding(
                    "incorrect-delimiter",
                    Severity.WARNING,
                    document,
                    one.line,
                    f"{name} has a character in it that names of variables do not have",
                    "part its words by underscores",
                )
