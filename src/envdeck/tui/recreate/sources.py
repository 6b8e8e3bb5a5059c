"""What an environment can be made again from, in lines."""

from collections.abc import Iterable, Sequence

from envdeck.core.operations.recreate.options import SourceChoice
from envdeck.text import clip, counted, pad, plain, width
from envdeck.text.drift import difference_words
from envdeck.tui.dialogs.picker import radio
from envdeck.tui.widgets.line import Line, Look, Part, Tone, clipped, line_width, wrapped

_NAME = 28
_VERSION = 16


def source_line(
    source: SourceChoice,
    cells: int,
    look: Look,
    *,
    chosen: bool,
    title_cells: int = 0,
    difference: Line = (),
) -> Line:
    """Return the row of a source: what it is, and how it differs from what is installed.

    `title_cells` is the width of the longest title of all, so that what follows is in line;
    `difference` is said in place of what the source tells of itself.
    """
    possible = not source.problem
    box = radio(look, chosen=chosen, possible=possible)
    told = difference or difference_line(source, look)
    if not possible:
        why = Part(look.sentence(source.problem), Tone.MUTED)
        told = (Part(f"{look.signs.broken} ", Tone.ERROR), why)
    room = cells - line_width(box) - 1
    column = max(8, min(max(title_cells, width(plain(source.title))), room * 3 // 5))
    name = clip(plain(source.title), column, look.signs.ellipsis)
    text = Part(pad(name, column), Tone.PLAIN if possible else Tone.MUTED)
    return (*box, text, Part("  "), *clipped(told, room - column - 2, look.signs.ellipsis))


def title_cells(sources: Iterable[SourceChoice]) -> int:
    """Return the width of the longest title."""
    return max((width(plain(source.title)) for source in sources), default=0)


def difference_line(source: SourceChoice, look: Look) -> Line:
    """Return `+3 -1 ~4`, or that there is no difference."""
    added, removed, changed = map(len, (source.added, source.removed, source.changed))
    if not added + removed + changed:
        said = "no difference" if source.resolved else "no difference known before resolving"
        return (Part(said, Tone.MUTED),)
    parts = [
        Part(f"{sign}{count:,} ", tone)
        for sign, count, tone in (
            ("+", added, Tone.GOOD),
            ("-", removed, Tone.ERROR),
            ("~", changed, Tone.WARNING),
        )
        if count
    ]
    if not source.resolved:
        parts.append(Part("or more", Tone.MUTED))
    return tuple(parts)


def source_about(
    source: SourceChoice, cells: int, look: Look, *, doubtful: bool = False
) -> Sequence[Line]:
    """Return all that is known of a source, the names and versions that differ among it. What is
    doubtful is not said to come back as it is."""
    room = max(cells - 2, 12)
    told: list[Line] = []
    head: Line = (Part(plain(source.title), Tone.STRONG),)
    if source.file:
        head = (*head, Part("  "), Part(look.path(source.file), Tone.MUTED, path=True))
    told += wrapped(head, room, look.signs.ellipsis)
    for note in source.notes:
        told += wrapped((Part(look.sentence(note)),), room, look.signs.ellipsis)
    if source.problem:
        sentence = f"{look.signs.broken} It cannot be chosen: {look.sentence(source.problem)}"
        told += wrapped((Part(sentence, Tone.ERROR),), room, look.signs.ellipsis)
    elif not source.resolved:
        unsure = f"{look.signs.warning} Only the resolver can tell all of it; the plan will."
        told += wrapped((Part(unsure, Tone.WARNING),), room, look.signs.ellipsis)
    elif not (doubtful or source.added or source.removed or source.changed):
        same = "Every package comes back at the version that is here."
        told += wrapped((Part(same, Tone.MUTED),), room, look.signs.ellipsis)
    if not source.problem:
        told += _differences(source, room, look)
    return [(Part(" "), *line) for line in told]


def _differences(source: SourceChoice, room: int, look: Look) -> list[Line]:
    tones = {"~": Tone.WARNING, "+": Tone.GOOD, "-": Tone.ERROR}
    lines: list[Line] = []
    for sign, verb, rows in difference_words(source, look.signs.moved, look.signs.unknown):
        third = {"go": "goes"}.get(verb, f"{verb}s")
        word = third if len(rows) == 1 else verb
        lines.append((Part(f"{counted(len(rows), 'package')} {word}", Tone.HEADING),))
        longest = max(width(plain(name)) for name, _ in rows)
        column = min(longest, _NAME, max(room - _VERSION - 4, 8))
        for name, version in rows:
            text = pad(clip(plain(name), column, look.signs.ellipsis), column)
            line = (
                Part(f"{sign} ", tones[sign]),
                Part(text),
                Part(f"  {plain(version)}", Tone.MUTED),
            )
            lines.append(clipped(line, room, look.signs.ellipsis))
    return lines
