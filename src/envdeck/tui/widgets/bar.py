"""Bars: the part that would be freed solid, the shared part hollow."""

from envdeck.text import Signs
from envdeck.tui.widgets.line import Line, Part, Tone

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def bar(solid: int, total: int, largest: int, cells: int, signs: Signs) -> Line:
    """Return a bar for `solid` of `total`, where `largest` fills all the cells, padded to them.

    What is there at all takes at least one cell, and what is not all takes not all of them,
    so that a bar never says "nothing" or "everything" where that is untrue. A bar without a
    hollow part ends on an eighth of a cell, where the terminal has such signs.
    """
    if cells <= 0:
        return ()
    solid = max(0, min(solid, total))
    if largest <= 0 or total <= 0:
        return (Part(" " * cells),)
    if solid == total and signs.solid == "█":
        return _fine(total / largest, cells)
    long = max(1, min(cells, round(total / largest * cells)))
    full = min(long, round(solid / total * long))
    if solid:
        full = max(full, 1)
    if solid < total and long > 1:
        full = min(full, long - 1)
    return (
        Part(signs.solid * full, Tone.SOLID),
        Part(signs.hollow * (long - full), Tone.HOLLOW),
        Part(" " * (cells - long)),
    )


def _fine(share: float, cells: int) -> Line:
    eighths = max(1, min(cells * 8, round(share * cells * 8)))
    text = "█" * (eighths // 8) + _EIGHTHS[eighths % 8]
    return Part(text, Tone.SOLID), Part(" " * (cells - len(text)))
