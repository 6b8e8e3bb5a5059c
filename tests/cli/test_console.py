"""What a stream can show, and what happens when nobody takes what is written."""

import io
import os

import pytest

from envdeck.cli.console import (
    CommandError,
    Console,
    Exit,
    TableCell,
    TableColumn,
    table,
    wants_colour,
)
from envdeck.text import width


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": ""}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_who_gets_colour(environ, terminal, expected):
    assert wants_colour(environ, terminal=terminal) is expected


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("columns", "expected"),
    [("132", 132), ("", 80), ("0", 80), ("-5", 80), ("wide", 80), ("9" * 50, 80), ("²", 80)],
)
def test_the_width_is_said_by_a_variable_or_taken_for_80(columns, expected):
    assert Console.detect(Terminal(), Terminal(), {"COLUMNS": columns}).width == expected


def test_the_width_is_that_of_the_terminal():
    import fcntl
    import struct
    import termios

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 97, 0, 0))
    with open(theirs, "w") as out, open(ours, "rb", buffering=0):
        console = Console.detect(out, out, {"TERM": "xterm"})
    assert (console.terminal, console.width, console.colour) == (True, 97, True)


def test_an_output_that_has_no_unicode_gets_escapes_and_plain_signs(tmp_path):
    with open(tmp_path / "out", "w", encoding="ascii") as out:
        console = Console.detect(out, io.StringIO(), {})
        console.line("caf\xe9")
        assert console.signs.broken == "x"
    assert (tmp_path / "out").read_text() == "caf\\xe9\n"


class Full(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


class Broken(io.StringIO):
    def flush(self):
        raise BrokenPipeError(32, "Broken pipe")


def test_a_full_disk_is_a_failure_with_a_reason():
    with pytest.raises(CommandError, match="no space left on device") as caught:
        Console(Full(), io.StringIO()).line("x")
    assert caught.value.code is Exit.FAILED


def test_a_reader_who_has_gone_is_no_failure_of_ours():
    with pytest.raises(BrokenPipeError):
        Console(Broken(), io.StringIO()).flush()


def test_progress_is_one_line_that_fits_and_goes():
    err = io.StringIO()
    console = Console(io.StringIO(), err, error_terminal=True, width=20)
    console.progress("x" * 50)
    console.progress("y" * 50)
    console.line("result")
    shown = err.getvalue().split("\r\x1b[K")
    assert [width(part) for part in shown] == [0, 19, 19, 0]


def test_messages_are_escaped_and_coloured_apart_from_results():
    err = io.StringIO()
    Console(io.StringIO(), err, error_colour=True).error("a\x1bb\nc", "do [x]")
    assert err.getvalue() == (
        "\x1b[1;31merror:\x1b[0m a\\x1bb\\nc\n\x1b[1;36mhint:\x1b[0m do [x]\n"
    )


COLUMNS = (
    TableColumn("Path", flexible=True),
    TableColumn("N", right=True, rank=1),
    TableColumn("Word", rank=2),
)


def test_wide_characters_are_aligned():
    rows = [
        [TableCell("日本語"), TableCell("7"), TableCell("a")],
        [TableCell("e\u0301"), TableCell("1,000"), TableCell("b")],
    ]
    lines = list(table(Console(io.StringIO(), io.StringIO()), COLUMNS, rows))
    assert [width(line.rpartition("  ")[0]) for line in lines] == [13, 13, 13]


@pytest.mark.parametrize("cells", range(1, 60))
def test_a_table_fits_whatever_the_width(cells):
    console = Console(io.StringIO(), io.StringIO(), terminal=True, width=cells)
    rows = [[TableCell("~/work/a/long/way/to/.venv"), TableCell("1,000"), TableCell("word")]]
    for line in table(console, COLUMNS, rows):
        assert width(line) <= max(cells, 4)


def test_no_rows():
    lines = list(table(Console(io.StringIO(), io.StringIO()), COLUMNS, []))
    assert lines == ["Path  N  Word"]


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
@pytest.mark.parametrize("items", [[], [{"a": 1}], [{"a": [1, {}]}, None, "\udcff"]])
def test_a_long_list_is_written_as_the_whole_object_would_be(stream, items):
    written, whole = stream(), stream()
    Console.detect(written, io.StringIO(), {}).json_long(
        {"n": [1]}, "rows", iter(items), {"end": []}
    )
    Console.detect(whole, io.StringIO(), {}).json({"n": [1], "rows": items, "end": []})
    assert written.getvalue() == whole.getvalue()


def test_no_item_of_a_long_list_is_made_before_the_one_ahead_of_it_is_written():
    out, seen = io.StringIO(), []

    def items():
        for number in range(3):
            seen.append(out.getvalue().count("row"))
            yield f"row {number}"

    Console.detect(out, io.StringIO(), {}).json_long({"n": 1}, "all", items(), {"end": 1})
    assert seen == [0, 1, 2]
