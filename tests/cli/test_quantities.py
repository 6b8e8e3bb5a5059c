"""Durations and sizes as people write them."""

from argparse import ArgumentTypeError
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.cli.arguments import read_byte_count, read_duration, read_python_range


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3m", 7776000),
        ("12h", 43200),
        ("90d", 7776000),
        ("6w", 3628800),
        ("3mo", 7776000),
        ("2Y", 63072000),
        (" 1.5 d ", 129600),
        ("0d", 0),
    ],
)
def test_durations(text, seconds):
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("512", 512),
        ("12B", 12),
        ("1kB", 1000),
        ("1K", 1000),
        ("500MB", 500_000_000),
        ("1.5gb", 1_500_000_000),
        ("2T", 2_000_000_000_000),
        ("1KiB", 1024),
        ("800MiB", 838_860_800),
    ],
)
def test_sizes(text, count):
    assert read_byte_count(text) == count


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_refused(text):
    for read in (read_duration, read_byte_count):
        with suppress(ArgumentTypeError):
            assert read(text) >= 0


@given(st.text(max_size=12), st.none() | st.text(max_size=12))
def test_any_text_is_a_test_of_versions_or_refused(spec, version):
    try:
        matches = read_python_range(spec)
    except ArgumentTypeError:
        return
    assert matches(version) in {True, False}


@pytest.mark.parametrize(
    ("spec", "version", "expected"),
    [
        ("3.12", "3.12.4", True),
        ("3.12", "3.12", True),
        ("3.12", "3.1", False),
        ("3.1", "3.12", False),
        ("3.12.4", "3.12", False),
        ("3", "3.9", True),
        ("2.7", "2.7.18", True),
        ("3.13", "3.13.0rc1", True),
        ("==3.12.*", "3.12.4", True),
        (">=3.10,<3.12", "3.11.9", True),
        (">=3.10,<3.12", "3.12.0", False),
        (">3.13", "3.14.0a1", True),
        (">=3", "odd", False),
        (">=3", None, False),
        ("3", None, False),
    ],
)
def test_versions(spec, version, expected):
    assert read_python_range(spec)(version) is expected
