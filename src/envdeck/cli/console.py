"""Streams, widths, colour, and aligned columns."""

import contextlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, TextIO

from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.system.files import reason_of
from envdeck.text import (
    Signs,
    clip,
    pad,
    plain,
    shorten,
    signs_for,
    spell_ascii,
    tilde_within,
    width,
)

EXIT_CODES = """exit codes:
  0    done
  1    findings, or the operation failed and was rolled back
  2    wrong usage, or no such environment
  3    blocked by a guard
  130  interrupted and rolled back"""
"""For the help of every command."""


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    INTERRUPTED = 130


class CommandError(Exception):
    """A command cannot do what it was asked: what, why, and a way out."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: Exit = Exit.USAGE,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        """One sentence without a full stop; it may carry hostile text."""
        self.hint = hint
        """What to do, best with a command that works; or empty."""
        self.code = code
        self.details = details
        """What the message counts, a line each."""


_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
    "error": "1;31",
    "warning": "1;33",
    "hint": "1;36",
    "note": "1;36",
}


def styled(text: str, style: str, *, colour: bool) -> str:
    """Return text in a style (a name of this module's table, or empty for none)."""
    if not colour or not style or not text:
        return text
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def wants_colour(environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Tell whether a stream gets colour: a terminal does, but for `NO_COLOR` and a dumb one;
    `FORCE_COLOR` gives it to a pipe too (no-color.org, force-color.org)."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "") not in {"", "0"}:
        return True
    return terminal and environ.get("TERM") != "dumb"


_LONGEST = 1000
"""Cells of a message; a path alone can have 4,096."""


@dataclass(slots=True)
class Console:
    """The two streams of a command, and what they can show."""

    out: TextIO
    err: TextIO
    terminal: bool = False
    """Whether results go to a terminal, so that they are fitted to it."""
    error_terminal: bool = False
    """Whether messages go to a terminal, so that progress is shown."""
    width: int = 80
    """Columns of the terminal."""
    colour: bool = False
    error_colour: bool = False
    signs: Signs = field(default_factory=Signs)
    color: str = "auto"
    """What `--color` said."""
    home: str = ""
    """The home folder, which messages write as `~`."""
    quiet: bool = False
    """Whether progress, notes, hints and what went well are left out."""
    _progress: bool = False
    """Whether a line of progress is on the screen now."""

    @classmethod
    def detect(cls, out: TextIO, err: TextIO, environ: Mapping[str, str]) -> "Console":
        """Return a console over two streams, which are asked what they are."""
        terminal, error_terminal = out.isatty(), err.isatty()
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="backslashreplace")
        return cls(
            out,
            err,
            terminal,
            error_terminal,
            terminal_width(out if terminal else err, environ),
            wants_colour(environ, terminal=terminal),
            wants_colour(environ, terminal=error_terminal),
            signs_for(out.encoding, environ),
        )

    def line(self, text: str = "") -> None:
        """Write one line of a result."""
        self.clear_progress()
        try:
            self.out.write(self._shown(text) + "\n")
        except OSError as error:
            raise _unwritten(error) from error

    def json(self, value: Any) -> None:  # noqa: ANN401  whatever JSON can hold
        """Write a value as one JSON document: indented for a terminal, else on one line.

        It is ASCII, so that names which are not UTF-8 survive as escaped surrogates.
        """
        self.line(json.dumps(value, indent=2 if self.terminal else None))

    def json_long(
        self,
        before: Mapping[str, Any],
        name: str,
        items: Iterable[object],
        after: Mapping[str, Any],
    ) -> None:
        """Write, as :meth:`json` does, an object of the members `before`, a list called `name` and
        the members `after`. The list is written item by item: ten thousand environments as one
        text take 200 MB."""
        if self.terminal:
            self.json({**before, name: list(items), **after})
            return
        self.clear_progress()
        try:
            self.out.write(f"{json.dumps(before)[:-1]}, {json.dumps(name)}: [")
            for number, item in enumerate(items):
                self.out.write(f", {json.dumps(item)}" if number else json.dumps(item))
        except OSError as error:
            raise _unwritten(error) from error
        self.line(f"], {json.dumps(after)[1:]}")

    def json_line(self, value: Any) -> None:  # noqa: ANN401  whatever JSON can hold
        """Write a value as one line of JSON, at once."""
        self.line(json.dumps(value))
        self.flush()

    def flush(self) -> None:
        """Hand over what was written."""
        try:
            self.out.flush()
        except OSError as error:
            raise _unwritten(error) from error

    def style(self, text: str, style: str) -> str:
        """Return text in a style, where results have colour."""
        return styled(text, style, colour=self.colour)

    def error(self, message: str, hint: str = "", details: Sequence[str] = ()) -> None:
        """Say that the command cannot be done."""
        self._write_message("error", message, "")
        for detail in details:
            self._write_aside(f"  {clip(plain(detail), _LONGEST, self.signs.ellipsis)}\n")
        self._write_message("hint", hint, "")

    def warn(self, message: str, hint: str = "") -> None:
        """Say what the person should know, though the command goes on."""
        self._write_message("warning", message, hint)

    def note(self, message: str, hint: str = "") -> None:
        """Say what was done beside what was asked for."""
        if not self.quiet:
            self._write_message("note", message, hint)

    def hint(self, text: str) -> None:
        """Say what to do next, best with a command that works."""
        if not self.quiet:
            self._write_message("hint", text, "")

    def choose_colour(self, when: str) -> None:
        """Use colour as `--color` says: `always`, `never`, or `auto` for what the streams are."""
        self.color = when
        if when != "auto":
            self.colour = self.error_colour = when == "always"

    def aside(self, text: str = "", style: str = "") -> None:
        """Write one line that is no result; it is plain text already."""
        self.clear_progress()
        self._write_aside(styled(text, style, colour=self.error_colour) + "\n")

    def ask(self, question: str, answers: TextIO) -> bool:
        """Ask a person, and return whether the answer was an explicit yes."""
        self.clear_progress()
        self.flush()
        self._write_aside(f"{question} [y/N] ")
        answer = answers.readline()
        if not answer.endswith("\n"):
            self._write_aside("\n")
        return answer.strip().lower() in {"y", "yes"}

    def progress(self, text: str) -> None:
        """Show how far a command is, in place of what was shown before; on a terminal only."""
        if not self.error_terminal or self.quiet:
            return
        self._write_aside("\r\x1b[K" + clip(text, max(1, self.width - 1), self.signs.ellipsis))
        self._progress = True

    def clear_progress(self) -> None:
        """Take the line of progress away."""
        if self._progress:
            self._write_aside("\r\x1b[K")
            self._progress = False

    def _write_message(self, kind: str, message: str, hint: str) -> None:
        self.clear_progress()
        for label, text in ((kind, message), ("hint", hint)):
            if text:
                shown = styled(f"{label}:", label, colour=self.error_colour)
                quoted = label == "hint" and not {"'", '"'}.isdisjoint(text)
                told = text if quoted else tilde_within(text, self.home)  # no shell expands '~/x'
                safe = clip(plain(mask_text(told)), _LONGEST, self.signs.ellipsis)
                self._write_aside(f"{shown} {safe}\n")

    def _shown(self, text: str) -> str:
        """Return text as the terminal can show it."""
        return spell_ascii(text) if self.signs.solid.isascii() else text

    def _write_aside(self, text: str) -> None:
        """Write to the error stream, if anybody takes it: there is no one else to tell."""
        with contextlib.suppress(OSError):
            self.err.write(self._shown(text))
            self.err.flush()


def _unwritten(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return error
    return CommandError(f"cannot write the output: {reason_of(error)}", code=Exit.FAILED)


def terminal_width(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return the columns of the terminal behind a stream: `COLUMNS`, what the system says, or
    80 where there is none."""
    columns = environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and 0 < int(columns) < 10_000:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


GAP = 2
"""Cells between two columns."""
_LEAST = 24
"""Cells that the flexible column should have before others are dropped for it."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A heading, and how what is below it stands."""

    heading: str
    right: bool = False
    """Whether its cells are numbers, to be aligned at their end."""
    flexible: bool = False
    """Whether it holds paths, which are shortened where the terminal is narrow."""
    rank: int = 0
    """Which column goes first where the terminal is narrow: the highest; 0 never goes."""


@dataclass(frozen=True, slots=True)
class TableCell:
    """Text, still as it came, and its style."""

    text: str
    style: str = ""


def table(
    console: Console, columns: Sequence[TableColumn], rows: Sequence[Sequence[TableCell]]
) -> Iterator[str]:
    """Yield the lines of a table, its headings first."""
    cells = [[TableCell(plain(cell.text), cell.style) for cell in row] for row in rows]
    widths = [
        max(width(column.heading), *(width(row[index].text) for row in cells), 0)
        for index, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))
    if console.terminal:
        shown = _fit_columns(columns, widths, console.width)
    headings = [TableCell(column.heading, "bold") for column in columns]
    for row in (headings, *cells):
        yield _line(console, columns, row, widths, shown)


def _fit_columns(columns: Sequence[TableColumn], widths: list[int], available: int) -> list[int]:
    """Return the columns that fit, narrowing the flexible one in `widths`."""
    shown = list(range(len(columns)))
    flexible = next((i for i, column in enumerate(columns) if column.flexible), None)
    if flexible is None:
        return shown
    natural = widths[flexible]
    while True:
        others = sum(widths[i] + GAP for i in shown if i != flexible)
        room = available - others
        droppable = [i for i in shown if columns[i].rank]
        if room >= min(natural, _LEAST) or not droppable:
            widths[flexible] = max(1, min(natural, room))
            return shown
        shown.remove(max(droppable, key=lambda i: columns[i].rank))


def _line(
    console: Console,
    columns: Sequence[TableColumn],
    row: Sequence[TableCell],
    widths: Sequence[int],
    shown: Sequence[int],
) -> str:
    parts = []
    for index in shown:
        text, cells = row[index].text, widths[index]
        if columns[index].flexible:
            text = shorten(text, cells, console.signs.ellipsis)
        padded = pad(text, cells, right=columns[index].right)
        parts.append(padded.replace(text, console.style(text, row[index].style), 1))
    return (" " * GAP).join(parts).rstrip()
