"""`Line`, `Part`, `Tone`: styled text that is never markup; labels, bars, and display settings.

Nothing here knows Textual: what a view says is worked out and tested as values, and
:class:`envdeck.tui.widgets.line_view.LineView` puts it on the screen.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import ClassVar, NamedTuple, TypeAlias

from textual.content import Content
from textual.widget import Widget

from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.text import (
    Signs,
    ago,
    clip,
    exact_time,
    plain,
    shorten,
    signs_for,
    tilde,
    tilde_within,
    width,
)
from envdeck.tui.base.actions import keys_of, shown_key

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
    return [_plain_line(line) for line in lines] or [()]


def _plain_line(line: Line) -> Line:
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


def fitted(pieces: Iterable[Line], cells: int, ellipsis: str = "…") -> Line:
    """Return the pieces that fit as one line, the first ones; a sign says that some do not. One
    that does not fit by itself is cut."""
    told = [piece for piece in pieces if piece]
    line, count = joined(told), len(told)
    while count > 1 and line_width(line) > cells:
        count -= 1
        line = (*joined(told[:count]), Part(f" {ellipsis}", Tone.MUTED))
    return clipped(line, cells, ellipsis)


_HELD = 12
"""Cells that go to the next line with a word that follows them without a blank, at most."""
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
            current, held = _broken(current, word)
            lines.append(_trimmed(current))
            current, used = held, line_width(tuple(held))
            if word.text.isspace():
                continue
            room = cells - used
        fitted = _fitted(word, room, ellipsis)
        current.append(fitted)
        used += width(fitted.text)
    if current:
        lines.append(_trimmed(current))
    return [_plain_line(line) for line in lines] or [()]


def _broken(words: list[Part], following: Part) -> tuple[list[Part], list[Part]]:
    """Return what stays on a line, and what goes to the next one with the word that follows: a
    line ends at a blank, though a key and the colon behind it have tones of their own."""
    at = len(words)
    while at and not (following.path or words[at - 1].text.isspace() or words[at - 1].path):
        at -= 1
    held = words[at:] if at > 0 and not following.text.isspace() else []
    if held and line_width(tuple(held)) > _HELD:
        held = []
    return words[: len(words) - len(held)], held


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


STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.MUTED: "$foreground-muted",
    Tone.ACCENT: "$text-primary",
    Tone.GOOD: "$text-success",
    Tone.WARNING: "$text-warning",
    Tone.ERROR: "$text-error",
    Tone.HEADING: "bold $text-primary",
    Tone.SOLID: "$primary",
    Tone.HOLLOW: "$foreground 40%",
    Tone.EDGE: "$primary on $foreground 15%",
}
"""How each tone looks, in the words of the theme."""


def content(line: Line) -> Content:
    """Return a line as content, its tones as styles of the theme; nothing is parsed as markup."""
    return Content.assemble(*((part.text, STYLES[part.tone]) for part in line))


class LineLabel(Widget):
    """Shows a line. Where it is too long, quiet pieces of it are left out whole, from the last one
    on; then a path in it is shortened in the middle, and the rest cut at the edge."""

    DEFAULT_CSS = """
    LineLabel { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, line: Line = (), *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self.line = line

    def show(self, line: Line) -> None:
        """Show another line."""
        self.line = line
        self.refresh()

    def render(self) -> Content:
        """Draw it."""
        line, room = self.line, self.content_size.width
        for part in reversed(self.line):
            quiet = part.tone is Tone.MUTED and part.text.startswith(SEPARATOR)
            if quiet and line_width(line) > room:
                line = tuple(other for other in line if other is not part)
        missing = line_width(line) - room
        if missing <= 0:
            return content(line)
        return content(
            tuple(
                part._replace(text=shorten(part.text, max(width(part.text) - missing, 1)))
                if part.path
                else part
                for part in line
            )
        )


class OneLine(Widget):
    """A line that is worked out for the width there is (:meth:`lay_out`)."""

    DEFAULT_CSS: ClassVar[str] = """
    OneLine { height: 1; text-wrap: nowrap; }
    """

    def lay_out(self, cells: int) -> Line:
        """Return the line."""
        del cells
        return ()

    def render(self) -> Content:
        """Draw it."""
        return content(self.lay_out(self.size.width))


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


@dataclass(frozen=True, slots=True)
class Display:
    """What the views need to know about the terminal and the reader, and nothing else.

    An argument, so that a view shows the same in a test as it does here, at any hour.
    """

    home: str = ""
    clock: Callable[[], float] = field(default=time.time)
    signs: Signs = field(default_factory=Signs)
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys that the person gave to actions."""

    @classmethod
    def current(cls) -> "Display":
        """Return the look of the terminal we run in."""
        signs = signs_for(getattr(sys.stdout, "encoding", None), os.environ)
        return cls(os.path.expanduser("~"), time.time, signs)

    def path(self, path: str) -> str:
        """Return a path that is safe to show, with `~` for home."""
        return plain(tilde(path, self.home))

    def short_path(self, path: str, cells: int) -> str:
        """Return a path that is safe to show in so many cells."""
        return shorten(self.path(path), cells, self.signs.ellipsis)

    def sentence(self, text: str) -> str:
        """Return a sentence that is safe to show, with `~` for home in the paths it names."""
        return plain(tilde_within(text, self.home))

    def key(self, action: str) -> str:
        """Return the first key of an action, as people write it."""
        return shown_key(keys_of(action, self.keys)[0])

    def ago(self, when: float) -> str:
        """Return `3 months ago`, or `just now`."""
        return ago(when, self.clock())

    def exact(self, when: float) -> str:
        """Return the time to the second."""
        return exact_time(when)

    @property
    def unicode(self) -> bool:
        """Whether the terminal shows more than ASCII."""
        return not self.signs.solid.isascii()
