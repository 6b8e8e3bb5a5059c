"""Reading small files: bounded, never blocking, without leaving a trace."""

import os
import sys

import pytest

from envdeck.core.system.files import Unread, decode, read_bounded, read_text


def test_a_file_is_read_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert read_bounded(str(path), 100) == b"x" * 100


def test_a_longer_file_is_refused_or_cut(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 3000)
    assert read_bounded(str(path), 2048) == Unread("is larger than 2 KiB")
    assert read_bounded(str(path), 2048, whole=False) == b"x" * 2048


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_waited_for(tmp_path, make):
    path = tmp_path / "special"
    make(path)
    assert read_bounded(str(path), 10) == Unread("is not a regular file")


def test_a_link_to_a_device_is_refused(tmp_path):
    (tmp_path / "endless").symlink_to("/dev/zero")
    assert read_bounded(str(tmp_path / "endless"), 10) == Unread("is not a regular file")


@pytest.mark.parametrize("name", ["missing", "nul\0byte"])
def test_a_missing_file_has_a_reason(tmp_path, name):
    assert isinstance(read_text(str(tmp_path / name), 10), Unread)


def test_the_access_time_stays(tmp_path):
    path = tmp_path / "file"
    path.write_text("text")
    os.utime(path, (1_000_000_000, 1_700_000_000))
    assert read_text(str(path), 100) == "text"
    assert path.stat().st_atime == 1_000_000_000


def test_another_persons_file_is_read_without_the_right_to_hide_it(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("text")
    real = os.open

    def refusing(name, flags, *rest, **options):
        if flags & os.O_NOATIME:
            raise PermissionError(1, "Operation not permitted", name)
        return real(name, flags, *rest, **options)

    monkeypatch.setattr(os, "open", refusing)
    assert read_text(str(path), 100) == "text"


@pytest.mark.parametrize(
    ("data", "text"), [(b"\xef\xbb\xbfa", "a"), ("é".encode(), "é"), (b"\xe9", "é")]
)
def test_decoding_never_fails(data, text):
    assert decode(data) == text


@pytest.mark.skipif(sys.platform != "linux", reason="no file is like that elsewhere")
def test_a_file_that_opens_and_cannot_be_read_has_a_reason():
    assert read_bounded("/proc/self/mem", 10) == Unread("input/output error")
