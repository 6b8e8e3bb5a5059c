"""Signs that carry meaning beside word and colour, with plain letters where there is no Unicode."""

from collections.abc import Mapping
from typing import NamedTuple


class Signs(NamedTuple):
    """One character each, the same width in every terminal."""

    broken: str = "✗"
    warning: str = "●"
    moved: str = "→"
    mixed: str = "≠"
    suspect: str = "?"
    away: str = "○"
    """Something that is not there now, and may come back."""
    marked: str = "✓"
    ascending: str = "↑"
    descending: str = "↓"
    ellipsis: str = "…"
    unknown: str = "–"
    solid: str = "█"
    hollow: str = "░"
    editable: str = "✎"

    def of_status(self, status: str) -> str:
        """Return the sign of a status, a blank for `ok`."""
        signs = {
            "broken": self.broken,
            "moved": self.moved,
            "mixed": self.mixed,
            "suspect": self.suspect,
            "orphan": self.warning,
            "end of life": self.warning,
            "unmounted": self.away,
        }
        return signs.get(status, " ")


UNICODE = Signs()
ASCII = Signs(
    broken="x",
    warning="!",
    moved=">",
    mixed="#",
    away="o",
    marked="*",
    ascending="^",
    descending="v",
    ellipsis="~",
    unknown="-",
    solid="#",
    hollow=".",
    editable="e",
)


def signs_for(encoding: str | None, environ: Mapping[str, str]) -> Signs:
    """Return the signs a terminal can show: Unicode where the output's encoding is UTF-8 and
    the terminal is neither `dumb` nor the Linux console, whose font has few of them."""
    utf8 = (encoding or "").lower().replace("-", "").replace("_", "") in {"utf8", "utf8sig"}
    if not utf8 or environ.get("TERM", "") in {"dumb", "linux"}:
        return ASCII
    return UNICODE
