"""The lines of a dotenv file as python-dotenv reads them, with each `${…}` as written; a key set or
added, with every other byte unchanged.

Statements hold values: they are dropped once a file is checked, and no reason and no `repr` shows
them. python-dotenv reads an edited text before it is returned: other statements must be unchanged,
and the edited ones as requested.
"""

import codecs
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
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


_BOM = "\ufeff"
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=^-]*")
"""A value that needs no quotes for any reader."""
_PLAIN_NAME = re.compile(r"[^=#\s'][^=#\s]*")
_HEAD = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s'][^=#\s]*)")
_EQUALS = re.compile(r"[^\S\r\n]*=([^\S\r\n]*)")
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_OPENS = re.compile(r"""[^=\r\n]*=[^\S\r\n]*(?=['"])""")


@dataclass(frozen=True, slots=True)
class Unedited:
    """Why a text is not edited, in keys and lines only."""

    reason: str
    """A part of a sentence, without a full stop."""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """One statement and its place."""

    name: str | None
    value: str | None = field(repr=False)
    error: bool
    start: int
    """Blanks and blank lines before it included."""
    end: int
    """After its line end."""


def quoted(value: str) -> str:
    """Return a value as written after an equal sign; python-dotenv reads the same value back.

    Single quotes are preferred, since shells and other readers leave a `$` in them alone. Double
    quotes are for a value with a single quote, a backslash or a line end, and without `$`.
    """
    if _PLAIN.fullmatch(value):
        return value
    if not re.search(r"['\\\r\n]", value):
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\")
    if "\r" in value or not re.search(r"[$`]", value):
        escaped = escaped.replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
        return f'"{escaped}"'
    escaped = escaped.replace("'", "\\'")
    return f"'{escaped}'"


def add_keys(
    data: bytes, values: Mapping[str, str], *, order: Sequence[str] = ()
) -> bytes | Unedited:
    """Return the file with keys added, each on its own line.

    `order` are the keys of the example: a new key goes below the nearest one before it there that
    the file has or that is new too, else to the end. A key that the file has is refused.
    """
    text = _text_of(data)
    if isinstance(text, Unedited):
        return text
    before = _spans(text)
    if isinstance(before, Unedited):
        return before
    anchors = {span.name: span.end for span in before if span.name is not None}
    added: dict[int, list[str]] = {}
    newline = _newline_of(text)
    names = sorted(values, key=order.index) if set(values) <= set(order) else list(values)
    for name in names:
        if name in anchors:
            return Unedited(f"{name} already exists")
        if problem := _problem_of(name, values[name]):
            return Unedited(problem)
        above = order[: order.index(name)] if name in order else ()
        anchor = next((anchors[each] for each in reversed(above) if each in anchors), len(text))
        anchors[name] = anchor
        written = name if _PLAIN_NAME.fullmatch(name) else f"'{name}'"
        added.setdefault(anchor, []).append(f"{written}={quoted(values[name])}{newline}")
    if added and (opened := _unclosed(text, before, max(added))) is not None:
        reason = "unclosed quote: added lines would become part of that value"
        return Unedited(reason, opened)
    new = _inserted(text, added, newline)
    return _checked(data, new, {name: values[name] for name in names}, before)


def set_key(data: bytes, name: str, value: str) -> bytes | Unedited:
    """Return the file with another value for a key, in its last assignment, which holds.

    Its `export`, the blanks around its equal sign and its comment stay.
    """
    text = _text_of(data)
    if isinstance(text, Unedited):
        return text
    before = _spans(text)
    if isinstance(before, Unedited):
        return before
    span = next((span for span in reversed(before) if span.name == name), None)
    if span is None:
        return Unedited(f"{name} not found")
    if problem := _problem_of(name, value):
        return Unedited(problem)
    start, end = _value_of(text, span)
    written = quoted(value)
    rest = text[end : span.end]
    if rest.startswith("#") or (not written and rest.strip()):
        # A comment that touches the value, or that stands in its place, would be a part of it.
        written = f"'{value}'" if _PLAIN.fullmatch(value) else written
    if span.value is None:
        written = f"={written}"
    return _checked(data, text[:start] + written + text[end:], {name: value}, before)


def names_in(data: bytes) -> tuple[str, ...] | Unedited:
    """Return the keys of a file, each once, in its order."""
    text = _text_of(data)
    spans = text if isinstance(text, Unedited) else _spans(text)
    if isinstance(spans, Unedited):
        return spans
    return tuple(dict.fromkeys(span.name for span in spans if span.name is not None))


def _encoding_of(data: bytes) -> str:
    try:
        data.decode()
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _text_of(data: bytes) -> str | Unedited:
    if utf_16_of(data):
        return Unedited("UTF-16 is not written: save the file as UTF-8 first")
    if b"\0" in data:
        return Unedited("not UTF-8 text: contains zero bytes")
    return data.decode(_encoding_of(data))


def _spans(text: str) -> list[_Span] | Unedited:
    """Return the statements of a text with their places."""
    found = parse(text)
    if isinstance(found, str):  # also for what would take python-dotenv hours
        return Unedited(found)
    bindings = list(parse_stream(StringIO(text, newline="")))
    spans, place = [], len(text) - sum(len(one.original.string) for one in bindings)  # a BOM
    for binding in bindings:
        end = place + len(binding.original.string)
        if binding.key is not None or binding.error:
            spans.append(_Span(binding.key, binding.value, binding.error, place, end))
        place = end
    return spans


def _problem_of(name: str, value: str) -> str:
    if not name or (re.search(r"['\0\r\n]", name) and not _PLAIN_NAME.fullmatch(name)):
        return f"invalid key name {name!r}"
    if "\0" in value:
        return f"the value of {name} contains a zero byte, which environment variables cannot hold"
    return ""


def _newline_of(text: str) -> str:
    """Return the most frequent line end; a carriage return only if it is the only one, since with
    a line feed after it two ends become one."""
    ends = _NEWLINE.findall(text)
    if ends and set(ends) == {"\r"}:
        return "\r"
    return max(("\n", "\r\n"), key=ends.count)


def _unclosed(text: str, spans: Sequence[_Span], limit: int) -> int | None:
    """Return the first line before a place with an unclosed quote."""
    for span in spans:
        if not span.error or span.start >= limit:
            continue
        begin = len(text[span.start : span.end]) - len(text[span.start : span.end].lstrip())
        begin += span.start
        opens = _OPENS.match(text, begin)
        place = opens.end() if opens else begin
        if text[place : place + 1] in {"'", '"'} and not _QUOTED.match(text, place):
            return len(_NEWLINE.findall(text, 0, begin)) + 1
    return None


def _inserted(text: str, added: Mapping[int, Sequence[str]], newline: str) -> str:
    parts, place = [], 0
    for anchor in sorted(added):
        parts.append(text[place:anchor])
        place = anchor
        above = text[:anchor].removeprefix(_BOM)
        parts.append(newline if above and not above.endswith(("\r", "\n")) else "")
        parts += added[anchor]
    parts.append(text[place:])
    return "".join(parts)


def _value_of(text: str, span: _Span) -> tuple[int, int]:
    """Return start and end of a statement's value, with its quotes."""
    head = _HEAD.match(text, span.start)
    place = head.end() if head else span.start
    equals = _EQUALS.match(text, place, span.end)
    if equals is None:
        return place, place
    if whole := _QUOTED.match(text, equals.end(), span.end):
        return whole.span()
    start = equals.end()
    line = re.compile(r"[^\r\n]*").match(text, start, span.end)
    written = line[0] if line else ""
    if not written or (equals[1] and written.startswith("#")):
        return equals.start(1), equals.start(1)  # blanks, and perhaps a comment
    return start, start + len(re.sub(r"\s+#.*", "", written).rstrip())


def _checked(
    data: bytes, new: str, values: Mapping[str, str], before: Sequence[_Span]
) -> bytes | Unedited:
    """Return the new content if nothing else changes by it."""
    encoding = _encoding_of(data)
    written = _encoded(new, encoding)
    if written is None:
        what = "the file is not UTF-8 and" if encoding != "utf-8" else "the text"
        return Unedited(f"{what} cannot hold the characters of a value for {_listed(values)}")
    if _encoding_of(written) != encoding and not all(map(str.isascii, values.values())):
        return Unedited(f"the file is not UTF-8: the value of {_listed(values)} would be lost")
    after = _spans(new)
    if isinstance(after, Unedited):
        return Unedited(f"cannot write the value of {_listed(values)}: {after.reason}")
    if _others(before, values) != _others(after, values) or any(
        _last(after, name) != value for name, value in values.items()
    ):
        line = next((_line(data, span) for span in before if span.error), None)
        return Unedited(f"cannot write {_listed(values)} without changing its value", line)
    return written


def _others(spans: Sequence[_Span], values: Mapping[str, str]) -> list[tuple[str | None, ...]]:
    return [(span.name, span.value) for span in spans if span.name not in values]


def _last(spans: Sequence[_Span], name: str) -> str | None:
    return next((span.value for span in reversed(spans) if span.name == name), None)


def _line(data: bytes, span: _Span) -> int:
    text = data.decode(_encoding_of(data))
    blank = len(text[span.start : span.end]) - len(text[span.start : span.end].lstrip())
    return len(_NEWLINE.findall(text, 0, span.start + blank)) + 1


def _encoded(text: str, encoding: str) -> bytes | None:
    """Return text as bytes; None where it cannot be. The error would quote it, so it is dropped."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return None


def _listed(names: Mapping[str, str]) -> str:
    some = list(islice(names, 3))
    more = len(names) - len(some)
    return ", ".join(some) + (f" and {more:,} more" if more else "")


def utf_16_of(data: bytes) -> str:
    """Return which UTF-16 a file is in, by its BOM, or by every other byte of its start that is
    nothing, as of plain letters; empty for other files. PowerShell's `>` writes it."""
    head = data[:256]
    big, little = head[::2], head[1::2]
    for form, mark, zeros, others in (
        ("utf-16-le", codecs.BOM_UTF16_LE, little, big),
        ("utf-16-be", codecs.BOM_UTF16_BE, big, little),
    ):
        plain = len(head) >= 4 and not any(zeros) and 0 not in others
        if data.startswith(mark) or plain:
            return form
    return ""
