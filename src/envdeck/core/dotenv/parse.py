"""The lines of a dotenv file as python-dotenv reads them, with each `${…}` as written.

Statements hold values: they are dropped once a file is checked, and no `repr` shows them.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from dotenv.parser import Binding, parse_stream

from envdeck.core.lazy_dataclasses import dataclass, field, replace

_NEWLINE = re.compile(r"\r\n|\n|\r")
_LINE_END = re.compile(r"(?:\r\n|\n|\r)\Z")
_EXPORT = re.compile(r"export[^\S\r\n]+")
_MANY_BLANKS = 256
_BLANKS = re.compile(rf"(?<![^\S\r\n])[^\S\r\n]{{{_MANY_BLANKS}}}")
"""python-dotenv takes the square of such a run in time: hours for 1 MiB of blanks."""
_MOST = 20_000
"""Statements and comments of one file."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a file: an assignment, or unreadable text."""

    line: int
    """The line of its first character, counted from 1."""
    lines: int
    name: str | None = field(repr=False)
    """None for unreadable text, which may be a part of a value."""
    value: str | None = field(repr=False, default=None)
    """Without its quotes; None where there is no equal sign."""
    text: str = field(repr=False, default="")
    """As written, with blanks before it in its line and without its line end."""
    exported: bool = False
    inner: bool = False
    """Whether it is between the `-----BEGIN` and `-----END` of a value without quotes."""

    @property
    def raw(self) -> str:
        """The text after the equal sign, with quotes, blanks and comment."""
        return self.text.partition("=")[2]


def parse(text: str) -> tuple[Statement, ...] | str:
    """Return the statements of a file without comments, or why they are not read."""
    run = _BLANKS.search(text)
    if run:
        line = len(_NEWLINE.findall(text, 0, run.start())) + 1
        return f"line {line} has more than {_MANY_BLANKS:,} consecutive spaces"
    bindings = list(islice(parse_stream(StringIO(text, newline="")), _MOST + 1))
    if len(bindings) > _MOST:
        return f"more than {_MOST:,} lines"
    return _mark_inner(list(_statements(text, bindings)))


def _statements(text: str, bindings: list[Binding]) -> Iterator[Statement]:
    ends = [match.end() for match in _NEWLINE.finditer(text)]
    top = len(text) - sum(len(one.original.string) for one in bindings)  # a BOM is dropped
    place = top
    for binding in bindings:
        string = binding.original.string
        begin = place + len(string) - len(string.lstrip())
        place += len(string)
        if binding.key is None and not binding.error:  # a comment, or nothing
            continue
        # Its own count of lines takes the two characters of a CRLF for two lines after an error.
        index = _line_at(ends, begin)
        start = ends[index - 1] if index else top
        body = _LINE_END.sub("", text[start:place])
        yield Statement(
            line=index + 1,
            lines=len(_NEWLINE.findall(body)) + 1,
            name=binding.key,
            value=binding.value,
            text=body,
            exported=_EXPORT.match(text, begin) is not None,
        )


def _mark_inner(statements: list[Statement]) -> tuple[Statement, ...]:
    """Mark the inside of a private key or certificate without quotes."""
    begin: int | None = None
    for index, one in enumerate(statements):
        raw = (one.raw if one.name and one.value is not None else one.text).strip()
        if raw.startswith("-----BEGIN") and one.lines == 1:
            begin = index
        elif raw.startswith("-----END") and begin is not None:
            inside = statements[begin + 1 : index + 1]
            statements[begin + 1 : index + 1] = [replace(each, inner=True) for each in inside]
            begin = None
    return tuple(statements)


def _line_at(ends: list[int], place: int) -> int:
    """Return the index of the line at a place of the text; `ends` are the ends of lines."""
    index = bisect_left(ends, place)
    return index + 1 if index < len(ends) and ends[index] == place else index
