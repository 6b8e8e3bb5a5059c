"""Tab 4 as lines."""

from collections.abc import Iterator, Sequence
from itertools import islice

from envdeck.core.dotenv.model import (
    DotenvFile,
    DotenvFinding,
    DotenvReport,
    FileKind,
    GitState,
    Key,
    KeyComparison,
    Remedy,
    RemedyKind,
)
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Severity
from envdeck.text import clip, pad, place, plain, size, width
from envdeck.tui.detail.project_view import no_dotenv
from envdeck.tui.detail.tab import BLANK, TabRow, pieces, wrap_indented
from envdeck.tui.widgets.fields import Secret
from envdeck.tui.widgets.line import Display, Line, Part, Tone, clipped

KINDS = {
    FileKind.ENV: "",
    FileKind.EXAMPLE: "example",
    FileKind.STRAY: "inside the environment",
}
_ENCODINGS = {"utf-8": "", "utf-8-sig": "starts with a BOM", "latin-1": "latin-1, not UTF-8",
              "utf-16": "UTF-16, not UTF-8"}  # fmt: skip
_NEWLINES = {"\n": "", "\r\n": "CRLF line endings", "\r": "CR line endings"}


def mask(look: Display) -> str:
    """Return what stands for a value: as long for every one."""
    return "••••" if look.unicode else "****"


def facts(file: DotenvFile, look: Display) -> Iterator[Line]:
    """Yield what is told of a file as a whole, what matters most first."""
    yield from (_git(file.git, file.kind, look))
    mode = _mode(file)
    if mode is not None:
        yield (mode,)
    for said in (
        _ENCODINGS.get(file.encoding, plain(file.encoding)),
        _NEWLINES.get(file.newline, "unusual line endings"),
    ):
        if said:
            yield (Part(said, Tone.WARNING),)
    if file.bytes is not None:
        yield (Part(size(file.bytes), Tone.MUTED),)


def _mode(file: DotenvFile) -> Part | None:
    """Return who can read it; of an example, which is for everybody, only who can write it."""
    mode = file.mode
    if mode is None:
        return None
    octal = f"({mode & 0o7777:04o})"
    if mode & 0o002:
        return Part(f"writable by everyone {octal}", Tone.WARNING)
    if file.kind is FileKind.EXAMPLE:
        return None
    if mode & 0o004:
        return Part(f"readable by everyone {octal}", Tone.WARNING)
    if mode & 0o020:
        return Part(f"writable by group {octal}", Tone.WARNING)
    if mode & 0o040:
        return Part(f"readable by group {octal}", Tone.WARNING)
    return Part("readable only by you", Tone.MUTED)


def _git(git: GitState, kind: FileKind, look: Display) -> Iterator[Line]:
    if git == GitState():
        return
    secret = kind is not FileKind.EXAMPLE
    told = False
    if git.tracked:
        told = True
        yield (Part("tracked by git", Tone.ERROR if secret else Tone.MUTED),)
    elif git.ignored:
        told = True
        yield (Part("ignored by git", Tone.MUTED),)
    elif git.ignored is False and git.tracked is False:
        told = True
        yield (Part("not ignored by git", Tone.WARNING if secret else Tone.MUTED),)
    if git.committed and not git.tracked:
        told = True
        yield (Part("previously committed", Tone.WARNING if secret else Tone.MUTED),)
    if git.problem:
        why = look.sentence(git.problem)
        yield (Part(f"git not {'all ' if told else ''}checked: {why}", Tone.WARNING),)


def value_word(key: Key, kind: FileKind, look: Display) -> tuple[str, Tone]:
    """Return what stands where the value would; in an example a placeholder is as it should be."""
    if not key.has_value:
        return "empty", Tone.MUTED
    if key.placeholder:
        return "placeholder", Tone.MUTED if kind is FileKind.EXAMPLE else Tone.WARNING
    return mask(look), Tone.MUTED


_INSET = 3
_NAME = 30
_LONGEST = 40
"""Lines that a revealed value takes at most."""
_LOOKED_AT = 50_000
"""Characters of a revealed value that are laid out at most: one may have a megabyte."""
_MOST = 500
"""Keys of a file that are laid out; how many more there are is said. Thousands would stall the
screen."""
_SEVERITIES = {
    Severity.ERROR: Tone.ERROR,
    Severity.WARNING: Tone.WARNING,
    Severity.NOTE: Tone.ACCENT,
}


@dataclass(frozen=True, slots=True)
class FileAt:
    """A file: what the cursor on its heading stands on."""

    path: str
    fixes: tuple[Remedy, ...] = ()
    """Of its findings, the worst first."""


@dataclass(frozen=True, slots=True)
class KeyAt:
    """A key of a file."""

    path: str
    name: str
    fixes: tuple[Remedy, ...] = ()
    """Of the findings on its line."""


@dataclass(frozen=True, slots=True)
class MissingAt:
    """A key that the example has and a file has not."""

    fixes: tuple[Remedy, ...]


@dataclass(frozen=True, slots=True)
class FindingAt:
    """A finding."""

    finding: DotenvFinding

    @property
    def fixes(self) -> tuple[Remedy, ...]:
        """What a key does about it."""
        return () if self.finding.fix is None else (self.finding.fix,)


@dataclass(frozen=True, slots=True)
class Shown:
    """The value that is shown, and behind which key."""

    at: KeyAt
    secret: Secret


def dotenv_rows(
    report: DotenvReport, shown: Shown | None, look: Display, cells: int
) -> list[TabRow]:
    """Return the tab in lines of `cells` cells, a group for each file."""
    there = {file.path: file for file in report.files}
    wanted = dict.fromkeys(one.file for one in report.findings if one.file not in there)
    project = (Part(look.path(report.project), Tone.STRONG, path=True),)
    rows = [*(TabRow(line) for line in wrap_indented(project, look, cells)), BLANK]
    for path in wanted:
        rows += [*_absent(path, report, look, cells), BLANK]
    for file in report.files:
        rows += [*_file(file, report, shown, look, cells), BLANK]
    if not report.files:
        rows += no_dotenv(look, cells)
    return rows[:-1] if rows and rows[-1] is BLANK else rows


def _findings_of(path: str, report: DotenvReport) -> list[DotenvFinding]:
    return [one for one in report.findings if one.file == path]


def _list_remedies(findings: list[DotenvFinding]) -> tuple[Remedy, ...]:
    return tuple(dict.fromkeys(one.fix for one in findings if one.fix is not None))


def _absent(path: str, report: DotenvReport, look: Display, cells: int) -> Iterator[TabRow]:
    """Yield a file that is not there, or that is none of the dotenv files themselves."""
    findings = _findings_of(path, report)
    about = FileAt(path, _list_remedies(findings))
    creates = any(one.kind is RemedyKind.CREATE for one in about.fixes)
    yield _title(path, "not created yet" if creates else "", about, report, look, cells)
    yield from _findings(findings, report, look, cells)


def _title(
    path: str, note: str, about: FileAt, report: DotenvReport, look: Display, cells: int
) -> TabRow:
    line: Line = (
        Part(f" {place(path, None, look.home, report.project)}", Tone.HEADING),
        Part(f"  {note}" if note else "", Tone.MUTED),
    )
    return TabRow(clipped(line, cells, look.signs.ellipsis), ("file", path), about)


def _file(
    file: DotenvFile, report: DotenvReport, shown: Shown | None, look: Display, cells: int
) -> Iterator[TabRow]:
    findings = _findings_of(file.path, report)
    number = len(file.keys)
    count = f"{number:,} key{'' if number == 1 else 's'}" if number or not file.problem else ""
    note = ", ".join(filter(None, (KINDS[file.kind], count)))
    yield _title(file.path, note, FileAt(file.path, _list_remedies(findings)), report, look, cells)
    for line in pieces(list(facts(file, look)), look, cells, _INSET):
        yield TabRow(line)
    if file.link is not None:
        link = (Part("symlink to ", Tone.MUTED), Part(look.path(file.link), path=True))
        yield from (TabRow(line) for line in wrap_indented(link, look, cells, _INSET))
    if file.problem:
        sign = (Part(f" {look.signs.broken} ", Tone.ERROR),)
        said = (Part(look.sentence(file.problem)),)
        yield from (TabRow(line) for line in wrap_indented(said, look, cells, _INSET, first=sign))
    notes = [one for one in findings if one.severity is Severity.NOTE]
    yield from _findings([one for one in findings if one not in notes], report, look, cells)
    comparisons = [one for one in report.compared if one.file == file.path]
    yield from _keys(file, findings, comparisons, report, shown, look, cells)
    yield from _findings(notes, report, look, cells)


def _findings(
    findings: list[DotenvFinding], report: DotenvReport, look: Display, cells: int
) -> Iterator[TabRow]:
    signs = {Severity.ERROR: look.signs.broken, Severity.WARNING: look.signs.warning}
    for number, one in enumerate(findings):
        sign = Part(f" {signs.get(one.severity, look.signs.unknown)} ", _SEVERITIES[one.severity])
        line: Line = (Part(look.sentence(one.message)),)
        if one.line is not None:
            where = place(one.file, one.line, look.home, report.project)
            line = (*line, Part(" · ", Tone.MUTED), Part(where, Tone.MUTED, path=True))
        lines = list(wrap_indented(line, look, cells, _INSET, first=(sign,)))
        key = ("finding", one.file, one.check, one.line, number)
        yield TabRow(lines[0], key, FindingAt(one))
        yield from (TabRow(more) for more in lines[1:])
        if one.remedy:
            remedy = (Part(look.sentence(one.remedy), Tone.MUTED),)
            yield from (TabRow(more) for more in wrap_indented(remedy, look, cells, _INSET + 2))


def _keys(
    file: DotenvFile,
    findings: list[DotenvFinding],
    comparisons: list[KeyComparison],
    report: DotenvReport,
    shown: Shown | None,
    look: Display,
    cells: int,
) -> Iterator[TabRow]:
    missing = {name: one for one in comparisons for name in one.missing}
    extra = {name: one for one in comparisons for name in one.extra}
    names = [*file.names, *missing]
    if not names:
        return
    room = min(max(width(plain(name)) for name in names), _NAME, max(cells // 2, 8))
    for key in file.keys[:_MOST]:
        spans = range(key.line, key.line + key.lines)
        fixes = _list_remedies([one for one in findings if one.line in spans])
        at = KeyAt(file.path, key.name, fixes)
        secret = shown.secret if shown is not None and _same(shown.at, at) else None
        against = extra.get(key.name)
        notes: tuple[str, ...] = ()
        if against is not None:
            named = place(against.example, None, look.home, report.project)
            notes = f"not in {named}", "not in the example", "extra"
        yield from _key(key, file.kind, at, notes, secret, room, look, cells)
    for name, one in islice(missing.items(), _MOST):
        remedy = Remedy(RemedyKind.ADD, file.path, report.project, (name,), one.example)
        named = place(one.example, None, look.home, report.project)
        notes = f"missing, in {named}", "missing, in example", "missing"
        note = _join_fitting(notes, cells - _INSET - room - 3)
        line = (
            Part(f" {look.signs.broken} ", Tone.WARNING),
            Part(_cell(name, room, look)),
            Part(f"  {note}", Tone.WARNING),
        )
        fixes = (remedy,) if file.kind is not FileKind.EXAMPLE and not file.problem else ()
        yield TabRow(
            clipped(line, cells, look.signs.ellipsis),
            ("missing", file.path, name),
            MissingAt(fixes),
        )
    left_out = max(len(file.keys) - _MOST, 0) + max(len(missing) - _MOST, 0)
    if left_out:
        more = Part(f"and {left_out:,} more (see `envdeck dotenv`)", Tone.MUTED)
        yield from (TabRow(line) for line in wrap_indented((more,), look, cells, _INSET))


def _join_fitting(notes: Sequence[str], cells: int) -> str:
    return next((one for one in notes if width(one) <= cells), notes[-1])


def _same(one: KeyAt, other: KeyAt) -> bool:
    return (one.path, one.name) == (other.path, other.name)


def _key(
    key: Key,
    kind: FileKind,
    at: KeyAt,
    notes: Sequence[str],
    secret: Secret | None,
    room: int,
    look: Display,
    cells: int,
) -> Iterator[TabRow]:
    word, tone = value_word(key, kind, look)
    name = Part(" " * _INSET + _cell(key.name, room, look))
    note = _join_fitting(notes, cells - _INSET - room - len(word) - 7) if notes else ""
    rest = Part(f"  {look.signs.mixed} {note}" if note else "", Tone.WARNING)
    named = ("key", at.path, at.name)
    if secret is None:
        line = (name, Part(f"  {pad(word, 4)}", tone), rest)
        yield TabRow(clipped(line, cells, look.signs.ellipsis), named, at)
        return
    if secret.text is None:
        line = (name, Part("  no value", Tone.MUTED), rest)
        yield TabRow(clipped(line, cells, look.signs.ellipsis), named, at)
        return
    text = plain(secret.text[:_LOOKED_AT]) or "empty"
    if _INSET + room + 2 + width(text) < cells:
        yield TabRow((name, Part(f"  {text}", Tone.STRONG)), named, at)
        return
    below = (name, Part("  shown below", Tone.MUTED))
    yield TabRow(clipped(below, cells, look.signs.ellipsis), named, at)
    yield from (
        TabRow((Part(" " * (_INSET + 2)), Part(piece, Tone.STRONG)))
        for piece in _cut(text, len(secret.text[_LOOKED_AT:]), max(cells - _INSET - 3, 8), look)
    )


def _cut(text: str, beyond: int, cells: int, look: Display) -> Iterator[str]:
    """Yield a text in pieces of a width, to be read whole; only a very long one is not told to
    its end, `beyond` which there are so many characters more."""
    for _ in range(_LONGEST):
        piece = clip(text[: 4 * cells], cells, "")
        yield piece
        text = text[len(piece) :]
        if not text:
            return
    yield f"{look.signs.ellipsis} and {len(text) + beyond:,} more characters"


def _cell(name: str, cells: int, look: Display) -> str:
    return pad(clip(plain(name), cells, look.signs.ellipsis), cells)
