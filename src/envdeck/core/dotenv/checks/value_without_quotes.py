"""Whether a value with blanks in it stands without quotes."""

import re
from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity

_BLANK = re.compile(r"\s")


def value_without_quotes(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning: a shell that reads the file runs its second word as a command."""
    for document in looked.written:
        for one in document.assignments:
            if one.value and one.raw.lstrip()[:1] not in {"'", '"'} and _BLANK.search(one.value):
                yield line_finding(
                    "value-without-quotes",
                    Severity.WARNING,
                    document,
                    one.line,
                    f"the value of {one.name} has blanks in it and no quotes",
                    "put the value in quotes",
                )
