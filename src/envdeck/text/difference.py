"""Words for drift and for two sets of packages side by side, which are written as text, Markdown,
CSV and HTML too; for both front ends."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from envdeck.core.project.model import Drift, DriftKind, ProjectPart
from envdeck.text.safe import pad, plain, tilde_within, width

if TYPE_CHECKING:  # start-up: only for who compares
    from envdeck.core.operations.recreate.options import SourceChoice
    from envdeck.core.operations.upgrade.model import Fixed
    from envdeck.core.project.difference import Difference, PackagePair

FORMATS = ("text", "markdown", "csv", "html")
SUFFIXES = {".txt": "text", ".md": "markdown", ".csv": "csv", ".html": "html", ".htm": "html"}
"""What a file's name says of the format to write into it."""
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would calculate."""


def count_words(found: "Difference") -> str:
    """Return how many packages differ, in which way, and how many are the same."""
    parts = [
        f"{len(found.changed):,} different",
        f"{len(found.only_first):,} only in the first",
        f"{len(found.only_second):,} only in the second",
        f"{found.agreed:,} identical",
    ]
    return ", ".join(parts)


def pair_word(pair: "PackagePair") -> str:
    """Return in which way a package differs."""
    if pair.first is None:
        return "only second"
    if pair.second is None:
        return "only first"
    return "same" if pair.same else "different"


def export(found: "Difference", form: str, home: str) -> str:
    """Return a difference as a document in one of :data:`FORMATS`; the packages that agree are
    counted alone."""
    rows = [
        (pair.name, pair.first or "", pair.second or "", pair_word(pair))
        for pair in found.differing
    ]
    heads = [
        (plain(tilde_within(one.label, home)), plain(one.python or ""))
        for one in (found.first, found.second)
    ]
    notes = [plain(note) for one in (found.first, found.second) for note in one.notes]
    match form:
        case "csv":
            return _csv(found, heads, rows)
        case "html":
            return _html(found, heads, rows, notes)
        case "markdown":
            return _markdown(found, heads, rows, notes)
        case _:
            return _text(found, heads, rows, notes)


def _python_word(found: "Difference") -> str:
    return "" if found.same_python else "different"


def _escape(text: str) -> str:
    return plain(text).translate(_ESCAPES)


_Heads = Sequence[tuple[str, str]]
_Rows = Sequence[tuple[str, str, str, str]]


def _text(found: "Difference", heads: _Heads, rows: _Rows, notes: Sequence[str]) -> str:
    lines = [
        f"{word}: {label}, Python {python or 'not known'}"
        for word, (label, python) in zip(("first", "second"), heads, strict=True)
    ]
    lines += [f"note: {note}" for note in notes]
    table = [("Package", "First", "Second", ""), *((*map(plain, row[:3]), row[3]) for row in rows)]
    wide = [max(width(row[column]) for row in table) for column in range(3)]
    if rows:
        lines.append("")
        for row in table:
            cells = (pad(row[column], wide[column]) for column in range(3))
            lines.append(f"{'  '.join(cells)}  {row[3]}".rstrip())
    lines += ["", count_words(found)]
    return "\n".join(lines) + "\n"


def _markdown(found: "Difference", heads: _Heads, rows: _Rows, notes: Sequence[str]) -> str:
    def cell(text: str) -> str:
        escaped = _escape(text)
        for sign in "\\`*_[]|~":
            escaped = escaped.replace(sign, f"\\{sign}")
        return escaped

    (first, one), (second, two) = heads
    lines = [f"# {cell(first)} and {cell(second)}", ""]
    lines += [f"- {note}" for note in map(cell, notes)]
    lines += [f"- {cell(count_words(found))}", ""]
    lines += [f"| Package | {cell(first)} | {cell(second)} | |", "|---|---|---|---|"]
    lines.append(f"| Python | {cell(one)} | {cell(two)} | {_python_word(found)} |")
    lines += [f"| {' | '.join(map(cell, row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def _csv(found: "Difference", heads: _Heads, rows: _Rows) -> str:
    def cell(text: str) -> str:
        text = plain(text)
        text = f"'{text}" if text.startswith(_FORMULA) else text
        quoted = text.replace('"', '""')
        return f'"{quoted}"' if {",", '"'} & set(text) else text

    (first, one), (second, two) = heads
    lines = [
        ("package", first, second, "difference"),
        ("Python", one, two, _python_word(found)),
        *rows,
    ]
    return "".join(f"{','.join(map(cell, line))}\n" for line in lines)


def _html(found: "Difference", heads: _Heads, rows: _Rows, notes: Sequence[str]) -> str:
    cell = _escape
    (first, one), (second, two) = heads
    table = [("Python", one, two, _python_word(found)), *rows]
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f"<title>{cell(first)} and {cell(second)}</title>",
        "<style>body{font-family:sans-serif}td,th{text-align:left;padding:0 1em 0 0}</style>",
        "</head><body>",
        f"<h1>{cell(first)} and {cell(second)}</h1>",
        *(f"<p>{cell(note)}</p>" for note in notes),
        f"<p>{cell(count_words(found))}</p>",
        f"<table><tr><th>Package</th><th>{cell(first)}</th><th>{cell(second)}</th><th></th></tr>",
    ]
    for row in table:
        cells = "".join(f"<td>{cell(text)}</td>" for text in row)
        lines.append(f"<tr>{cells}</tr>")
    lines += ["</table>", "</body></html>"]
    return "\n".join(lines) + "\n"


UNCHOSEN = "extraneous (group not selected)"
DRIFT_WORDS = {
    DriftKind.MISSING: ("missing", "missing"),
    DriftKind.NOT_AS_LOCKED: ("mismatch", "version mismatch"),
    DriftKind.OUTSIDE: ("out of range", "outside declared range"),
    DriftKind.UNREACHABLE: ("extraneous", "extraneous"),
}
"""The kinds of drift, each in a word and in full."""


def drift_words(drift: Drift) -> str:
    """Return the kind of a drift in full; an extra one may belong to a group not chosen."""
    if drift.kind is DriftKind.UNREACHABLE and drift.under:
        return UNCHOSEN
    return DRIFT_WORDS[drift.kind][1]


def part_name(identifier: str) -> str:
    """Return what asks for something: `group dev`, `extra docs`; empty for the project itself."""
    return plain(" ".join(filter(None, identifier.split(":", 1))))


def part_words(part: ProjectPart) -> tuple[str, str, str]:
    """Return a part's name, how much of it is installed, and whether that is asked for."""
    if part.default:
        why = "default"
    else:
        why = "fully installed, included" if part.counts else "not selected"
    name = part_name(part.id) or "project dependencies"
    return name, f"{part.installed:,} of {part.declared:,}", why


def difference_words(
    source: "SourceChoice", arrow: str, unknown: str
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return how a source differs from what is installed: a sign, a verb (`changed`), and the
    name and version of each package. The texts may be hostile."""
    changed = [
        (name, f"{before} {arrow} {after or unknown}") for name, before, after in source.changed
    ]
    added = [(name, version or unknown) for name, version in source.added]
    blocks = [
        ("~", "changed", changed),
        ("+", "added", added),
        ("-", "removed", list(source.removed)),
    ]
    return [block for block in blocks if block[2]]


def fixed_words(fixed: "Fixed") -> str:
    """Return why a package is not upgraded: `stays at 1.0: editable install`."""
    return f"stays at {fixed.installed}: {fixed.reason}"
