"""Whether a value is in quotes that it does not need."""

import re
from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity

_NEEDED = re.compile(r"[\s\\$#&=`;|<>()*?!~{}\[\],'\"]")


def quote_character(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a note: Docker's `--env-file` and Compose of old take quotes for a part of it."""
    for document in looked.written:
        for one in document.assignments:
            raw = one.raw.strip()
            needed = _NEEDED.search(one.value or "") or "\\" in raw
            if one.value and raw[:1] in {"'", '"'} and not needed:
                yield line_finding(
                    "quote-character",
                    Severity.NOTE,
                    document,
                    one.line,
                    f"the value of {one.name} is in quotes that it does not need",
                    "remove the quotes: some readers take them for a part of the value",
                )
