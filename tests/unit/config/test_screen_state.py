"""What was chosen on the screen, kept for the next start."""

import json
import os

import pytest

from envdeck.config.load import ScreenState
from envdeck.config.save import read_screen_state, save_screen_state, screen_file

STATE = ScreenState({"mine": "manager:uv !eol"}, ("status", "path", "health"), detail=False)


def write(host, document) -> None:
    path = screen_file(host)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(document if isinstance(document, str) else json.dumps(document))


def test_what_is_kept_is_read_again(host):
    assert read_screen_state(host) == ScreenState()
    assert save_screen_state(host, STATE) is None
    assert read_screen_state(host) == STATE
    assert os.stat(screen_file(host)).st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("no JSON {", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a file of envdeck"),
        ({"schema": 7, "filters": {"a": "b"}}, "is of another version of envdeck (schema 7)"),
        ("x" * 300_000, "screen.json"),
    ],
)
def test_a_file_of_another_version_or_a_broken_one_is_said_and_not_replaced(host, document, reason):
    write(host, document)
    with open(screen_file(host), "rb") as file:
        before = file.read()
    state = read_screen_state(host)
    (problem,) = state.problems
    assert reason in problem
    assert (state.filters, state.columns, state.detail) == ({}, (), True)
    assert save_screen_state(host, STATE)
    with open(screen_file(host), "rb") as file:
        assert file.read() == before


def test_what_cannot_be_used_is_left_out_alone_and_stays_in_the_file(host):
    write(
        host,
        {
            "schema": 1,
            "filters": {"ok": "eol", "odd": 3, "ctrl": "a\x1b[2J", "": "x"},
            "columns": ["path", "flavour", 3, "size", "path"],
            "detail": "perhaps",
            "later": [1],
        },
    )
    state = read_screen_state(host)
    assert state.filters == {"ok": "eol"}
    assert state.columns == ("path", "size")
    assert state.detail
    assert len(state.problems) == 3
    assert save_screen_state(host, ScreenState({"new": "drift"})) is None
    with open(screen_file(host), encoding="utf-8") as file:
        kept = json.load(file)
    assert kept["later"] == [1]
    assert kept["filters"] == {"odd": 3, "ctrl": "a\x1b[2J", "": "x", "new": "drift"}


def test_filters_that_are_no_table_are_said(host):
    write(host, {"schema": 1, "filters": ["eol"], "columns": "all"})
    assert read_screen_state(host).problems == ("screen.json: saved filters cannot be read",)


def test_why_nothing_can_be_kept_is_returned(host, home):
    (home / ".local").write_text("")
    assert save_screen_state(host, STATE)
