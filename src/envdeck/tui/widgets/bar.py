"""Bars: the part that would be freed solid, the shared part hollow."""

from envdeck.text import Signs
from envdeck.tui.widgets.line import Line, Part, Tone

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def bar(solid: int, total: int, largest: int, cells: int, signs: Signs) -> Line:
    """Return a bar for `solid` of `total`, where `largest` fills all the cells, padded to them.

    The solid part ends on an eighth of a cell where the terminal has such signs; the hollow part
    begins with the next cell. What is there at all is drawn, and what is not all leaves a cell
    for the rest where there are two, so that a bar never says "nothing" or "everything" where
    that is untrue.
    """
    if cells <= 0:
        return ()
    solid = max(0, min(solid, total))
    if largest <= 0 or total <= 0:
        return (Part(" " * cells),)
    filled = _solid(solid, largest, cells, signs, whole=solid == total or cells == 1)
    hollow = 0
    if solid < total:
        hollow = min(cells, round(total / largest * cells)) - len(filled)
        hollow = max(hollow, 1 if len(filled) < cells else 0)
    split = len(filled) - 1 if hollow and filled and filled[-1] in _EIGHTHS else len(filled)
    return (
        Part(filled[:split], Tone.SOLID),
        Part(filled[split:], Tone.EDGE),
        Part(signs.hollow * hollow, Tone.HOLLOW),
        Part(" " * (cells - len(filled) - hollow)),
    )


def _solid(solid: int, largest: int, cells: int, signs: Signs, *, whole: bool) -> str:
    if not solid:
        return ""
    most = cells if whole else cells - 1
    if signs.solid != "█":
        return signs.solid * max(1, min(most, round(solid / largest * cells)))
    eighths = max(1, min(most * 8, round(solid / largest * cells * 8)))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8]
