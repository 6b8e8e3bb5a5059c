"""Lines around the list."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual.events import Click

from envdeck.text import duration, plain, shorten, size, width
from envdeck.tui.base.messages import CommandRequested
from envdeck.tui.store import Listing, Totals
from envdeck.tui.widgets.line import (
    Display,
    Line,
    OneLine,
    Part,
    Tone,
    joined,
    line_text,
    line_width,
)

_UNREADABLE = "unreadable"
_SPIN = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_SPIN_PLAIN = "|/-\\"


class DiskUse(NamedTuple):
    """The room on the disk of the home folder, and what emptying the trash gives back."""

    free_bytes: int
    trash_bytes: int
    """As far as the manifests of the items tell."""
    is_trash_known: bool
    """Whether all of them do."""


class Facts(NamedTuple):
    """Everything the line says."""

    roots: tuple[str, ...] = ()
    environments: int = 0
    totals: Totals = Totals()
    unmeasured: int = 0
    """Environments that are in no total yet."""
    unreadable: int = 0
    remembered_at: float | None = None
    """When the oldest record shown from the memory was read; None once all were read again."""
    phase: str = ""
    """That of the scan, `stopped`, `failed`, `done`, or nothing before the first scan."""
    visited: int = 0
    elapsed: float = 0.0
    disk: DiskUse | None = None
    """The room on the disk and in the trash; None where it was not read yet."""
    project: str = ""
    """The one folder that was opened, where that is a project."""
    read_only: bool = False
    """Whether nothing can be changed."""
    label: str = ""
    """What stands beside the program's name: `demo`."""


def left_lines(facts: Facts, look: Display) -> list[Line]:
    """Return the left half, the fullest first."""
    name = Part(" EnvDeck", Tone.HEADING)
    count = f"{facts.environments:,} environment{'' if facts.environments == 1 else 's'}"
    figures: list[Line] = [(Part(count, Tone.STRONG),)]
    label: Line = (Part(f" {facts.label}", Tone.ACCENT),) if facts.label else ()
    if facts.totals.occupied is not None and facts.environments:
        figures.append((Part(size(facts.totals.occupied)),))
        figures.append((Part(f"{size(facts.totals.freed)} reclaimable"),))
    if facts.unmeasured and facts.environments:
        figures.append((Part(f"{facts.unmeasured:,} not measured", Tone.MUTED),))
    if facts.read_only:
        figures.insert(0, (Part("read-only", Tone.WARNING),))
    first, freed = figures[: 1 + facts.read_only], figures[2 + facts.read_only :][:1]
    said = joined(figures)
    scope = [shorten(look.path(root), 24, look.signs.ellipsis) for root in facts.roots] or ["~"]
    where = scope[0] if len(scope) == 1 else f"{scope[0]} and {len(scope) - 1} more"
    gap = Part("  ")
    return [
        (name, *label, gap, Part(where, Tone.MUTED), gap, *said),
        (name, *label, gap, *said),
        (Part(" "), *said),
        (Part(" "), *joined([*first, *freed])),
        (Part(" "), *joined(first)),
    ]


def right_lines(facts: Facts, look: Display, spin: int) -> list[Line]:
    """Return the right half, the fullest first."""
    folders = f"{facts.visited:,} folders"
    seconds = duration(facts.elapsed)
    unreadable: Line = ()
    if facts.unreadable:
        text = f"{look.signs.warning} {facts.unreadable:,} {_UNREADABLE}"
        unreadable = (Part(text, Tone.WARNING),)
    seen: Line = ()
    if facts.remembered_at is not None:
        seen = (Part(f"scanned {look.ago(facts.remembered_at)}", Tone.MUTED),)
    match facts.phase:
        case "looking" | "examining" | "measuring":
            signs = _SPIN if look.unicode else _SPIN_PLAIN
            sign = (Part(f"{signs[spin % len(signs)]} ", Tone.ACCENT),)
            doing = folders if facts.phase == "looking" else facts.phase
            now: Line = (*sign, Part(doing))
            brief: Line = sign
        case "stopped" | "failed":
            now = brief = (Part(facts.phase, Tone.WARNING),)
        case "done":
            now = brief = (Part(folders, Tone.MUTED),)
        case _:
            now = brief = ()
    if facts.phase == "done" and facts.disk is not None:
        free, trash = disk_parts(facts.disk, look)
        return [*map(joined, ([unreadable, free, trash], [free, trash], [free])), ()]
    timed: Line = (Part(seconds, Tone.MUTED),) if facts.phase and facts.visited else ()
    if seen:  # how old the rows are stays until they are read again
        ways = [[seen, unreadable, now, timed], [seen, now], [seen, brief], [seen]]
    else:
        ways = [[unreadable, now, timed], [unreadable, now], [unreadable, brief], [now], [brief]]
    return [*(joined(way) for way in ways), ()]


def disk_parts(disk: DiskUse, look: Display) -> tuple[Line, Line]:
    """Return what is free, and what emptying the trash frees, with the key that shows it."""
    free = (Part(f"{size(disk.free_bytes)} free"),)
    if not disk.trash_bytes:
        return free, ()
    least = "" if disk.is_trash_known else "at least "
    return free, (
        Part(f"trash {least}{size(disk.trash_bytes)} ("),
        Part(look.key("trash"), Tone.HEADING),
        Part(")"),
    )


def summary_line(facts: Facts, look: Display, cells: int, spin: int) -> Line:
    """Return the line for a width: what matters least is left out, nothing is cut."""
    lefts, rights = left_lines(facts, look), right_lines(facts, look, spin)
    for left, right in _pairs(lefts, rights):
        room = cells - line_width(left) - line_width(right) - 1
        if room >= 2:
            return (*left, Part(" " * room), *right, Part(" "))
    return lefts[-1]


def _pairs(lefts: Sequence[Line], rights: Sequence[Line]) -> list[tuple[Line, Line]]:
    """Return both halves in the order they are tried: each gives way in turn."""
    pairs, left, right = [], 0, 0
    while left < len(lefts) - 1 or right < len(rights) - 1:
        pairs.append((lefts[left], rights[right]))
        if (left <= right and left < len(lefts) - 1) or right == len(rights) - 1:
            left += 1
        else:
            right += 1
    return [*pairs, (lefts[-1], rights[-1])]


class Summary(OneLine):
    """The line as a widget."""

    DEFAULT_CSS: ClassVar[str] = "Summary { background: $panel; }"

    def __init__(self, look: Display) -> None:
        super().__init__()
        self._look = look
        self._facts = Facts()
        self._spin = 0

    def lay_out(self, cells: int) -> Line:
        """Return the line."""
        return summary_line(self._facts, self._look, cells, self._spin)

    def tell(self, facts: Facts) -> None:
        """Show facts; the spinner turns with every call."""
        self._facts = facts
        self._spin += 1
        self.refresh()

    def on_click(self, event: Click) -> None:
        """List what could not be read, where the count of it was clicked."""
        text = line_text(self.lay_out(self.size.width))
        end = text.rfind(_UNREADABLE) + len(_UNREADABLE)
        start = text.rfind("  ", 0, end) + 2
        counted = _UNREADABLE in text and self._facts.unreadable
        if counted and width(text[:start]) <= event.x < width(text[:end]):
            self.post_message(CommandRequested(_UNREADABLE))

    @property
    def facts(self) -> Facts:
        """What it says now."""
        return self._facts


TYPING = {"open": "to the list", "back": "clear"}
"""What keys do where letters go into a field."""


_MORE = {
    "open": "details",
    "undo": "",
    "walkthrough": "set up",
    "new": "",
    "trash": "",
    "problems": "problems",
    "machine": "machine",
    "interpreters": "interpreters",
    "sort": "",
    "history": "",
    "quit": "",
}
"""The hints of the list where there is more room."""

_EMPTY = {
    "filter": {"back": "clear filter"},
    "project": {"walkthrough": "set up", "new": ""},
    "folder": {"walkthrough_of": "set up", "new": ""},
}
"""The first hints of a list without rows."""


def why_empty(listing: Listing, facts: Facts) -> str:
    """Return which of the empty lists is shown; nothing where there are rows."""
    if len(listing):
        return ""
    return "filter" if listing.count else "project" if facts.project else "folder"


def key_hints(
    *,
    typing: bool,
    ranging: bool,
    inside: Mapping[str, str] | None,
    looking: bool,
    empty: str = "",
) -> dict[str, str]:
    """Return the actions worth a hint now, the most important first and the help last, with their
    word if it is a special one; as many as fit are shown.

    `inside` are those of the detail, while the person is there. `empty` is what
    :func:`why_empty` returns: no key that needs a row is in the hints of an empty list.
    """
    if typing:
        return dict(TYPING)
    if ranging:
        return {"range": "mark range", "back": "cancel", "help": ""}
    if inside is not None:
        return dict(inside) | {"help": ""}
    last = {"back": "stop scan"} if looking else {"filter": ""}
    if empty:
        more = {name: word for name, word in _MORE.items() if name not in {"open", "walkthrough"}}
        return _EMPTY[empty] | last | {"refresh": ""} | more | {"help": ""}
    first = {"mark": "", "delete": "", "recreate": "", "upgrade": ""} | last
    return first | _MORE | {"help": ""}


def marked_line(listing: Listing, totals: Totals, look: Display) -> Line:
    """Return how many are marked, and what they free together."""
    if listing.marks.ranging:
        within = listing.marks.range_test()
        count = sum(map(within, range(len(listing))))
        return (Part(f"range of {count:,}", Tone.ACCENT),)
    count = len(listing.marks.paths)
    if not count:
        return ()
    hidden = f" ({listing.marks.hidden:,} hidden)" if listing.marks.hidden else ""
    freed = look.signs.ellipsis if totals.freed is None else size(totals.freed)
    return (
        Part(f"{count:,} marked{hidden}, frees ", Tone.ACCENT),
        Part(freed, Tone.STRONG),
    )


def filter_line(listing: Listing, look: Display) -> Line:
    """Return what came of the filter: how many match, or what was not understood."""
    query = listing.query
    problem = query.problems[0] if query.problems else query.doubt(listing.environments())
    if problem:
        return (Part(f"{look.signs.warning} {plain(problem)}", Tone.WARNING),)
    said = f"{len(listing):,} of {listing.count:,}"
    if listing.unread:
        said += f" · reading {listing.unread:,}{look.signs.ellipsis}"
    return (Part(said, Tone.MUTED),)


def empty_lines(listing: Listing, facts: Facts, look: Display) -> list[Line]:
    """Return what to say where the rows would be: why there are none, and what to press."""
    if listing.count:
        return [
            (Part("Nothing matches this filter", Tone.STRONG),),
            (),
            (Part(look.key("back"), Tone.HEADING), Part(": clear filter", Tone.MUTED)),
        ]
    if facts.phase in {"looking", ""}:
        return [(Part("Scanning for environments", Tone.MUTED), Part(look.signs.ellipsis))]
    where = ", ".join(look.path(root) for root in facts.roots)
    if facts.project:
        return [
            (Part(f"{where} is a project without an environment", Tone.STRONG),),
            (),
            (Part(look.key("walkthrough"), Tone.HEADING), Part(": set up the project", Tone.MUTED)),
            (Part(look.key("new"), Tone.HEADING), Part(": create an environment", Tone.MUTED)),
        ]
    return [
        (Part(f"No environments found{' in ' if where else ''}{where}", Tone.STRONG),),
        (),
        (Part(look.key("refresh"), Tone.HEADING), Part(": refresh", Tone.MUTED)),
        (Part("envdeck PATH", Tone.HEADING), Part(": scan another folder", Tone.MUTED)),
    ]


def empty_line(listing: Listing) -> str:
    """Return what the detail says while it has nothing to show."""
    if listing.count and not len(listing):
        return "No environment matches the filter."
    return "Nothing to show yet."
