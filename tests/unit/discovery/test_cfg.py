"""`pyvenv.cfg` as written by every creator, and as no creator writes it."""

import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.discovery.prefix import parse_cfg, read_cfg, unquoted
from envdeck.core.system.files import CFG_LIMIT


def test_keys_are_lower_case_and_values_stripped():
    assert parse_cfg("Home = /usr/bin\n  VERSION=3.12.1  \n") == {
        "home": "/usr/bin",
        "version": "3.12.1",
    }


def test_lines_without_a_key_are_passed_over():
    assert parse_cfg("# comment\n\n= nothing\nhome = /usr/bin") == {"home": "/usr/bin"}


def test_a_value_keeps_its_equals_signs():
    assert parse_cfg("command = python -m venv --prompt=a=b .venv")["command"].endswith(
        "--prompt=a=b .venv"
    )


@pytest.mark.parametrize("value", ["'api'", '"api"', "api"])
def test_quotes_around_a_prompt_are_taken_off(value):
    assert unquoted(value) == "api"


def test_a_bom_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "pyvenv.cfg"
    path.write_bytes(b"\xef\xbb\xbfhome = /usr/bin\n")
    assert read_cfg(str(path)) == ({"home": "/usr/bin"}, "")


def test_latin_1_is_read(tmp_path):
    path = tmp_path / "pyvenv.cfg"
    path.write_bytes("prompt = café\n".encode("latin-1"))
    assert read_cfg(str(path))[0]["prompt"] == "café"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: os.mkfifo(path), "is not a regular file"),
        (lambda path: path.mkdir(), "is not a regular file"),
        (lambda path: path.write_bytes(b"\0\xff" * 500), "is not text"),
        (lambda path: os.truncate(_touched(path), 100 * 1024 * 1024), "is larger than 64 KiB"),
        (lambda path: None, "cannot be read: no such file or directory"),
    ],
    ids=["fifo", "folder", "binary noise", "100 MB", "missing"],
)
def test_what_is_no_cfg_is_refused_with_a_reason(tmp_path, make, reason):
    path = tmp_path / "pyvenv.cfg"
    make(path)
    assert read_cfg(str(path)) == ({}, reason)


def _touched(path):
    path.touch()
    return path


@given(st.binary(max_size=2000))
def test_no_bytes_make_the_reader_fail(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "noise.cfg"
    path.write_bytes(data)
    keys, problem = read_cfg(str(path))
    assert not (keys and problem)
    assert all(key == key.strip().lower() and key for key in keys)


KEYS = st.text(string.ascii_lowercase + "-_", min_size=1, max_size=20)
VALUES = st.text(string.ascii_letters + string.digits + "/=.: -", max_size=60).map(str.strip)


@given(st.dictionaries(KEYS, VALUES, max_size=20))
def test_what_is_written_is_read(keys):
    assert parse_cfg("".join(f"{key} = {value}\n" for key, value in keys.items())) == keys


def test_the_limit_is_the_largest_size_that_is_read(tmp_path):
    path = tmp_path / "pyvenv.cfg"
    path.write_bytes(b"home = /usr/bin\n".ljust(CFG_LIMIT, b"\n"))
    assert read_cfg(str(path)) == ({"home": "/usr/bin"}, "")
