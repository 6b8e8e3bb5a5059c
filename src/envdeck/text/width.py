"""How many terminal cells text takes, for aligning columns without a terminal library."""

from unicodedata import category, east_asian_width


def width(text: str) -> int:
    """Return the cells that text takes; wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    # Marks of every kind, and the Hangul letters that join the one before them; a vowel sign
    # has the combining class 0 and takes no cell all the same.
    if category(character)[0] == "M" or "\u1160" <= character <= "\u11ff":
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def clip(text: str, cells: int, ellipsis: str = "…") -> str:
    """Return text cut to at most `cells` cells, the cut marked."""
    if width(text) <= cells:
        return text
    room = cells - width(ellipsis)
    if room < 0:
        return "." * max(cells, 0)
    taken, used = 0, 0
    for character in text:
        used += _cells(character)
        if used > room:
            break
        taken += 1
    return text[:taken] + ellipsis


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """Return text filled with blanks to `cells` cells, on the left for numbers (`right`)."""
    blanks = " " * max(0, cells - width(text))
    return blanks + text if right else text + blanks
