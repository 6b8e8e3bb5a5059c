"""Whether the keys of a group are in alphabetical order, as dotenv-linter wants them."""

import re
from bisect import bisect
from collections.abc import Iterator

from envdeck.core.dotenv.looked import Looked, line_finding
from envdeck.core.dotenv.model import DotenvFinding
from envdeck.core.dotenv.reading import Document
from envdeck.core.model import Severity

_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")


def unordered_key(looked: Looked) -> Iterator[DotenvFinding]:
    """Yield a note for a key that should stand before another one of its group.

    Blank lines and comments part groups, and so does a value that needs a key of the group. A
    group that has no order at all (half of its keys are out of it) was not meant to have one.
    """
    for document in looked.written:
        for group in _groups(document):
            found = list(_unordered(group))
            if len(found) * 2 >= len(group):
                continue
            for name, line, other in found:
                yield line_finding(
                    "unordered-key",
                    Severity.NOTE,
                    document,
                    line,
                    f"{name} should stand before {other}",
                    "sort the keys of a group, or part groups by a blank line",
                )


def _unordered(group: dict[str, int]) -> Iterator[tuple[str, int, str]]:
    """Yield what stands behind a name that it comes before, with its line and that name."""
    before: list[str] = []
    for name, line in group.items():
        place = bisect(before, name)
        if place < len(before):
            yield name, line, before[place]
        before.insert(place, name)


def _groups(document: Document) -> Iterator[dict[str, int]]:
    """Yield names and lines; a name that is set again is `duplicated-key`'s."""
    group: dict[str, int] = {}
    expected = 0
    for one in document.assignments:
        needs = _REFERENCE.findall(one.raw)
        if one.line != expected or any(name in group for name in needs):
            yield group
            group = {}
        group.setdefault(one.name or "", one.line)
        expected = one.line + one.lines
    yield group
