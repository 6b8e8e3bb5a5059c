"""Lines made of parts: text with a tone, never markup, so that what is shown cannot act.

Nothing here knows Textual: what a view says is worked out and tested as values, and
:class:`envdeck.tui.widgets.line_view.LineView` puts it on the screen.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from envdeck.text import clip, shorten, width

_WORDS = re.compile(r" +|[^ ]+")
_NO_BREAK = "\u00a0"


class Tone(StrEnum):
    """What a piece of text is, for the theme to colour; the words say it as well."""

    PLAIN = "plain"
    STRONG = "strong"
    MUTED = "muted"
    ACCENT = "accent"
    GOOD = "good"
    WARNING = "warning"
    ERROR = "error"
    HEADING = "heading"
    SOLID = "solid"
    HOLLOW = "hollow"
    EDGE = "edge"
    """Where a solid part ends within a cell and a hollow one goes on."""


class Part(NamedTuple):
    """A piece of a line in one tone. Its text is harmless already (`text.plain`)."""

    text: str
    tone: Tone = Tone.PLAIN
    path: bool = False
    """Whether it is a path: shortened in the middle, never wrapped."""


Line: TypeAlias = tuple[Part, ...]


def line_width(line: Line) -> int:
    """Return the cells a line takes."""
    return sum(width(part.text) for part in line)


def line_text(line: Line) -> str:
    """Return a line without its tones."""
    return "".join(part.text for part in line)


def glued(text: str) -> str:
    """Return text that :func:`wrapped` does not break: a number with its unit, say."""
    return text.replace(" ", _NO_BREAK)


def clipped(line: Line, cells: int, ellipsis: str = "…") -> Line:
    """Return a line cut to at most `cells` cells, the cut marked."""
    if line_width(line) <= cells:
        return line
    parts: list[Part] = []
    for part in line:
        room = cells - line_width(tuple(parts))
        # The next part must have room for the mark that something is left out.
        if width(part.text) > room - width(ellipsis):
            text = clip(part.text + ellipsis, room, ellipsis)
            return (*parts, part._replace(text=text))
        parts.append(part)
    return tuple(parts)


SEPARATOR = " · "


def flowed(pieces: Iterable[Line], cells: int, ellipsis: str = "…") -> list[Line]:
    """Return pieces with separators between them in lines of at most `cells` cells.

    A line ends between two pieces; only one that is longer than a line is broken itself.
    """
    lines: list[Line] = []
    for piece in (piece for piece in pieces if piece):
        if lines:
            wider = (*lines[-1], Part(SEPARATOR, Tone.MUTED), *piece)
            if line_width(wider) <= cells:
                lines[-1] = wider
                continue
        lines += wrapped(piece, cells, ellipsis)
    return [_shown(line) for line in lines] or [()]


def _shown(line: Line) -> Line:
    return tuple(part._replace(text=part.text.replace(_NO_BREAK, " ")) for part in line)


def joined(pieces: Iterable[Line], separator: str = SEPARATOR) -> Line:
    """Return pieces as one line, with a quiet separator between them; empty ones are left out."""
    said = [piece for piece in pieces if piece]
    parts: list[Part] = []
    for number, piece in enumerate(said):
        if number:
            parts.append(Part(separator, Tone.MUTED))
        parts.extend(piece)
    return tuple(parts)


_SIGN = 3
"""Cells that a sign and a blank take at most."""


def wrapped(line: Line, cells: int, ellipsis: str = "…") -> list[Line]:
    """Return a line broken at blanks into lines of at most `cells` cells.

    A path stays in one piece: it moves to the next line, and is shortened in the middle where
    it is longer than a whole one. Behind no more than a sign it is shortened in place: the sign
    does not stand alone. A word longer than a line is cut, and the cut marked.
    """
    cells = max(cells, 1)
    lines: list[Line] = []
    current: list[Part] = []
    used = 0
    for word in _words(line):
        if not current and lines and word.text.isspace():
            continue
        room = cells
        if word.path and 0 < used <= _SIGN < cells - used:
            room -= used
        elif current and used + width(word.text) > cells:
            lines.append(_trimmed(current))
            current, used = [], 0
            if word.text.isspace():
                continue
        fitted = _fitted(word, room, ellipsis)
        current.append(fitted)
        used += width(fitted.text)
    if current:
        lines.append(_trimmed(current))
    return [_shown(line) for line in lines] or [()]


def _words(line: Line) -> Iterator[Part]:
    for part in line:
        if part.path:
            yield part
        else:
            for match in _WORDS.finditer(part.text):
                yield part._replace(text=match.group())


def _fitted(word: Part, cells: int, ellipsis: str) -> Part:
    if width(word.text) <= cells:
        return word
    if word.path or "/" in word.text:
        return word._replace(text=shorten(word.text, cells, ellipsis))
    return word._replace(text=clip(word.text, cells, ellipsis))


def _trimmed(words: list[Part]) -> Line:
    """Return words as a line, neighbours of one tone in one part."""
    while len(words) > 1 and words[-1].text.isspace():
        words.pop()
    parts: list[Part] = []
    for word in words:
        if parts and parts[-1].tone is word.tone and not parts[-1].path and not word.path:
            parts[-1] = word._replace(text=parts[-1].text + word.text)
        else:
            parts.append(word)
    return tuple(parts)
