"""Release days from a lock file: the day that the index tells, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.operations.upgrade.resolve import read_release_days

LOCK = """
[[packages]]
name = "Lamp"
version = "0.1.1"
sdist = { url = "https://index.example/l.tar.gz", upload-time = 2026-09-30T23:30:00Z }
wheels = [{ upload-time = 2026-10-01T01:00:00+02:00 }, { upload-time = 2026-11-02T00:00:00Z }]
[[packages]]
name = "shade"
version = "1.0"
wheels = [{ url = "https://index.example/s.whl" }]
"""


def test_the_day_of_the_first_file_counts_in_utc():
    assert read_release_days(LOCK, {"lamp": "0.1.1", "shade": "1.0"}) == {"lamp": "2026-09-30"}


def test_another_release_than_was_asked_for_tells_nothing():
    assert read_release_days(LOCK, {"lamp": "0.1.2"}) == {}


@pytest.mark.parametrize(
    "text",
    ["", "packages = 3", "packages = [3]", "[[packages]]\nname = 'lamp'\nversion = '1'\nsdist = 3",
     "[[packages]]\nname = 'lamp'\nversion = '1'\nwheels = [{upload-time = 'soon'}]", "[" * 9000],
)  # fmt: skip
def test_what_is_no_lock_file_tells_nothing(text):
    assert read_release_days(text, {"lamp": "1"}) == {}


@given(st.text(max_size=80))
def test_no_text_makes_it_fail(text):
    assert read_release_days(text, {"lamp": "1"}) == {}
