"""Values read again: one for a person, all for what is masked in outputs."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from envdeck.core.dotenv.report import reveal, values_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("KEY=one\nKEY='two'\n", "two"),
        ('\ufeffKEY="a\\nb"\r\n', "a\nb"),
        ("export KEY=${OTHER}/x # comment", "${OTHER}/x"),
        ("KEY=", ""),
        ("KEY", None),
        ("OTHER=1", None),
        ("KEY=1\nKEY\n", None),
    ],
)
def test_one_value_is_read_as_it_stands(tmp_path: Path, text: str, value: str | None):
    (tmp_path / ".env").write_text(text, newline="")
    assert reveal(str(tmp_path / ".env"), "KEY") == value


def test_latin1_is_read(tmp_path: Path):
    (tmp_path / ".env").write_bytes(b"KEY=caf\xe9\n")
    assert reveal(str(tmp_path / ".env"), "KEY") == "café"


def test_what_cannot_be_read_has_no_values(tmp_path: Path):
    assert reveal(str(tmp_path / ".env"), "KEY") is None
    os.mkfifo(tmp_path / ".env")
    assert reveal(str(tmp_path / ".env"), "KEY") is None
    assert values_of(str(tmp_path)) == ()


def test_what_is_masked_is_the_longest_first(tmp_path: Path, make_venv: Callable[..., Path]):
    make_venv(tmp_path / ".venv")
    (tmp_path / ".venv" / ".env").write_text("STRAY=MARK-stray\n")
    (tmp_path / ".env").write_text(
        "A=MARK-3f9c\nB=abc\nC=true\nD=localhost\nE=\nF\nG=8000\nA=MARK-last-one\n"
        "URL=postgres://ada:MARK-pass@db.example/x\n"
        'PEM="-----BEGIN X-----\nMARKline1\n  MARKline2 \nshort\n-----END X-----"\n'
        "RAW=-----BEGIN Y-----\nMARKraw==\n-----END Y-----\n"
    )
    (tmp_path / ".env.example").write_text("A=from-example\n")
    found = values_of(str(tmp_path))
    assert {
        "MARK-3f9c", "MARK-last-one", "MARK-pass", "MARK-stray", "MARKline1", "MARKline2", "8000",
        "postgres://ada:MARK-pass@db.example/x", "MARKraw==",
    } <= set(found)  # fmt: skip
    assert not {"abc", "true", "localhost", "", "from-example", "short"} & set(found)
    assert [len(value) for value in found] == sorted(map(len, found), reverse=True)
