"""Whether a line begins with something that no name of a variable begins with."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.model import Severity


def leading_character(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a warning for a digit, a dot, a quote; for blanks too, as dotenv-linter does."""
    for document in looked.written:
        for one in document.assignments:
            first = one.text[:1]
            if first.isalpha() or first == "_":
                continue
            what = "blanks" if first.isspace() else "a character that no name begins with"
            yield line_finding(
                "leading-character",
                Severity.WARNING,
                document,
                one.line,
                f"the line of {one.name} begins with {what}",
                "begin it with a letter or an underscore",
            )
