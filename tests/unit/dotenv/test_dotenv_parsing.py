"""Statements with their lines, against what python-dotenv says of the same text."""

import io
import time

import pytest
from dotenv import dotenv_values
from hypothesis import example, given
from hypothesis import strategies as st

from envdeck.core.dotenv.files import names_a_key
from envdeck.core.dotenv.syntax import parse

_PARTS = st.sampled_from(
    ["A", "B=", "=", "export ", "'", '"', "#", " ", "\t", "\n", "\r\n", "\r", "\\", "\\'", '\\"',
     "KEY=value\n", "Q='a\nb'\n", "\ufeff", "ü", "\x0c", "\u2028", "${A}", "-----BEGIN", "'K'=1\n"]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(_PARTS, max_size=40).map("".join))


@given(TEXTS)
@example("A='x\r\nB=1\r\n")
@example("A B\rC=1")
@example("'K'=1\n'K=1")
def test_any_text_has_the_names_that_dotenv_has(text: str):
    statements = parse(text)
    assert not isinstance(statements, str)
    expected = dotenv_values(stream=io.StringIO(text, newline=""), interpolate=False)
    assert {one.name: one.value for one in statements if one.name is not None} == dict(expected)


@given(TEXTS)
@example("\ufeffA=1")
def test_a_statement_stands_where_it_says(text: str):
    statements = parse(text)
    assert not isinstance(statements, str)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for one in statements:
        spanned = lines[one.line - 1 : one.line - 1 + one.lines]
        assert "\n".join(spanned) == one.text.replace("\r\n", "\n").replace("\r", "\n")
        assert one.name is None or one.name in one.text


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(newline: str):
    lines = ["# first", "", "A=1", "no key here", "B='x", "y'  # end", "export C = 2", "D"]
    statements = parse(newline.join(lines))
    assert not isinstance(statements, str)
    assert [(one.name, one.line, one.lines, one.exported) for one in statements] == [
        ("A", 3, 1, False),
        (None, 4, 1, False),
        ("B", 5, 2, False),
        ("C", 7, 1, True),
        ("D", 8, 1, False),
    ]


def test_no_repr_shows_what_was_read():
    statements = parse("KEY='MARK-3f9c'\nMARK-3f9c line\n")
    assert "MARK" not in repr(statements)


def test_a_run_of_blanks_that_takes_forever_is_refused():
    before = time.process_time()
    assert (
        parse("A=1\nB=x" + " " * 1_000_000 + "y") == "line 2 has more than 256 consecutive spaces"
    )
    assert time.process_time() - before < 1


@pytest.mark.parametrize(
    "text",
    [
        "A='" + "x" * 1_000_000,
        'A="' + '\\"' * 500_000,
        "A='x\n" * 200_000,
        ("B=" + "x " * 300 + "\n") * 1600,
        "\n" * 1_000_000,
        "=" * 1_000_000,
        "A=1\n" * 50_000,
        ("A=x" + " " * 250 + "y\n") * 4000,
    ],
    ids=["open", "escapes", "quotes", "words", "empty", "equal", "keys", "blanks"],
)
def test_a_file_at_the_limit_is_read_in_time(text: str):
    before = time.process_time()
    statements = parse(text)
    assert isinstance(statements, tuple | str)
    assert time.process_time() - before < 3


def test_the_lines_of_a_key_without_quotes_are_no_names():
    body = "MIIEpAIBAAKCAQEA3Tz2mr7SZiAMfQyuvBjM9Oi8\nTz2mrMIIEpAIBAAK7SZiAMfQyuvBjM9Oi8A==\nOi8A="
    text = f"KEY=-----BEGIN KEY-----\n{body}\n-----END KEY-----\nLAST=1\n"
    statements = parse(text)
    assert not isinstance(statements, str)
    assert [one.name for one in statements if names_a_key(one)] == ["KEY", "LAST"]
    statements = parse(
        f"-----BEGIN KEY-----\n{body[:-5]}\nAWS_SECRET_ACCESS_KEY_OF_2ND_ACCOUNT=1\n"
    )
    assert not isinstance(statements, str)
    names = [one.name for one in statements if names_a_key(one)]
    assert names == ["AWS_SECRET_ACCESS_KEY_OF_2ND_ACCOUNT"]
