"""RECORD: its rows and the sum of their sizes, with the csv module as the measure."""

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.inspection.packages.record import RecordRow, listed_size, read_rows, rows
from envdeck.core.system.files import Unread

USUAL = (
    b"../../../bin/api,sha256=ab-_,210\r\n"
    b"api/__init__.py,sha256=cd,1000\r\n"
    b"api/__pycache__/__init__.cpython-312.pyc,,\r\n"
    b"api-1.0.dist-info/RECORD,,\r\n"
)


def test_rows_of_a_usual_one():
    assert list(rows(USUAL)) == [
        RecordRow("../../../bin/api", "sha256=ab-_", 210),
        RecordRow("api/__init__.py", "sha256=cd", 1000),
        RecordRow("api/__pycache__/__init__.cpython-312.pyc", "", None),
        RecordRow("api-1.0.dist-info/RECORD", "", None),
    ]
    assert listed_size(USUAL) == 1210


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b"", 0),
        (b"a,sha256=x,5", 5),
        (b"a,sha256=x,5\nb,,7", 12),
        (b"a,b.py,sha256=x,5\n", 5),
        (b"a,sha256=x,-5\nb,,1e3\nc,,0x10\n", 0),
        (b"a,," + b"9" * 5000 + b"\nb,,3\n", 3),
        (b'"a,""b"".py",sha256=x,5\nb,,7\n', 12),
        (b'"two\nlines",sha256=x,5\n', 5),
        (b'"never closed,sha256=x,5\n', 0),
        (b'a,,5\n"' + b"x" * 200_000 + b"\nb,,7\n", 12),
        (b"\xff\xfe.py,sha256=x,5\n", 5),
    ],
)
def test_odd_ones_are_summed_as_far_as_they_tell(data, size):
    assert listed_size(data) == size
    assert sum(row.size or 0 for row in rows(data)) == size


def test_reading_from_disk(tmp_path: Path):
    path = tmp_path / "RECORD"
    path.write_bytes(USUAL)
    read = read_rows(str(path))
    assert not isinstance(read, Unread)
    assert len(read) == 4
    assert isinstance(read_rows(str(tmp_path)), Unread)


@given(st.binary(max_size=300) | st.text('ab",\r\n01 ', max_size=60).map(str.encode))
def test_any_bytes_are_read(data):
    found = list(rows(data))
    assert all(row.path and (row.size is None or row.size >= 0) for row in found)
    total = listed_size(data)
    if b'"' in data:
        assert total == sum(row.size or 0 for row in found)
    else:
        lines = re.split(rb"\r?\n", data)
        sizes = (re.search(rb",([0-9]{1,15})\r?\Z", line) for line in lines)
        assert total == sum(int(match[1]) for match in sizes if match)


FIELD = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=20)


@given(
    st.lists(
        st.tuples(FIELD, st.just("sha256=Zm9v") | st.just(""), st.none() | st.integers(0, 10**12)),
        max_size=12,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_the_csv_module_writes_is_read_back(expected, end):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows(
        (path, digest, "" if size is None else size) for path, digest, size in expected
    )
    data = text.getvalue().encode()
    assert [tuple(row) for row in rows(data)] == expected
    assert listed_size(data) == sum(size or 0 for _, _, size in expected)
