"""What the main screen says around the list, as lines."""

from collections.abc import Mapping

from envdeck.text import plain, size
from envdeck.tui.store import Listing, Totals
from envdeck.tui.widgets.line import Line, Part, Tone
from envdeck.tui.widgets.look import Look
from envdeck.tui.widgets.summary import Facts

TYPING = {"open": "to the list", "back": "clear"}
"""What keys do where letters go into a field."""


def key_hints(
    *, typing: bool, ranging: bool, inside: Mapping[str, str] | None, looking: bool
) -> dict[str, str]:
    """Return the actions worth a hint now, six at most, with their word if it is a special one.

    `inside` are those of the detail, while the person is there.
    """
    if typing:
        return dict(TYPING)
    if ranging:
        return {"range": "mark the range", "back": "give it up", "help": ""}
    if inside is not None:
        return dict(inside) | {"help": ""}
    last = {"back": "stop the scan"} if looking else {"filter": ""}
    return {"mark": "", "delete": "", "recreate": "", "upgrade": ""} | last | {"help": ""}


def marked_line(listing: Listing, totals: Totals, look: Look) -> Line:
    """Return how many are marked, and what they free together."""
    if listing.ranging:
        within = listing.in_range()
        count = sum(map(within, range(len(listing))))
        return (Part(f"range of {count:,}", Tone.ACCENT),)
    count = len(listing.marks)
    if not count:
        return ()
    hidden = f" ({listing.hidden_marks:,} hidden)" if listing.hidden_marks else ""
    freed = look.signs.ellipsis if totals.freed is None else size(totals.freed)
    return (
        Part(f"{count:,} marked{hidden}, frees ", Tone.ACCENT),
        Part(freed, Tone.STRONG),
    )


def filter_line(listing: Listing, look: Look) -> Line:
    """Return what came of the filter: how many match, or what was not understood."""
    problems = listing.query.problems
    if problems:
        return (Part(f"{look.signs.warning} {plain(problems[0])}", Tone.WARNING),)
    return (Part(f"{len(listing):,} of {listing.count:,}", Tone.MUTED),)


def empty_lines(listing: Listing, facts: Facts, look: Look) -> list[Line]:
    """Return what to say where the rows would be: why there are none, and what to press."""
    if listing.count:
        return [
            (Part("Nothing matches this filter", Tone.STRONG),),
            (),
            (Part(look.key("back"), Tone.HEADING), Part(" clears it", Tone.MUTED)),
        ]
    if facts.phase in {"looking", ""}:
        return [(Part("Looking for environments", Tone.MUTED), Part(look.signs.ellipsis))]
    where = ", ".join(look.path(root) for root in facts.roots)
    return [
        (Part(f"No environments found{' in ' if where else ''}{where}", Tone.STRONG),),
        (),
        (Part(look.key("refresh"), Tone.HEADING), Part(" looks again", Tone.MUTED)),
        (Part("envdeck PATH", Tone.HEADING), Part(" looks elsewhere", Tone.MUTED)),
    ]


def nothing_line(listing: Listing) -> str:
    """Return what the detail says while it has nothing to show."""
    if listing.count and not len(listing):
        return "No environment matches the filter."
    return "Nothing to show yet."
