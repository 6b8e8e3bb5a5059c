"""Whether python-dotenv passes over a line that it cannot read."""

from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.dotenv.reading import names_a_key
from envdeck.core.model import Severity


def unreadable_line(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield an error: whatever it was meant to set is not set. Its text is not quoted, since it
    may be a part of a value."""
    for document in looked.written:
        for one in document.statements:
            if one.name is None:
                message = "python-dotenv cannot read this line, and passes over it"
                remedy = "write it as `KEY=value`, and close the quotes that it opens"
            elif not names_a_key(one):
                message = "this line sets no key: it looks like a part of a value without quotes"
                remedy = "put the whole value in double quotes, from its first line to its last"
            else:
                continue
            yield line_finding(
                "unreadable-line", Severity.ERROR, document, one.line, message, remedy
            )
