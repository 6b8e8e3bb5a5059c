"""Paths for the clipboard, folders for the file manager."""

import os
import shutil
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.tui.base.terminal import open_folder, opener, quote_path

BASH = shutil.which("bash")
NAMES = st.binary(min_size=1, max_size=30).filter(lambda raw: b"\0" not in raw)


@pytest.mark.parametrize("path", ["/home/ada/work/.venv", "/w/日本語", "/w/it's", "/w/[/]"])
def test_a_printable_path_is_copied_as_it_is(path):
    assert quote_path(path) == path


@pytest.mark.parametrize(
    ("path", "copied"),
    [
        ("/w/new\nline", r"$'/w/new\x0aline'"),
        ("/w/esc\x1b[31m'\\", r"$'/w/esc\x1b[31m\'\\'"),
        ("/w/\udcff", r"$'/w/\xff'"),
    ],
)
def test_a_path_that_would_act_when_pasted_is_quoted(path, copied):
    assert quote_path(path) == copied


@given(NAMES)
def test_what_is_copied_is_one_printable_line(raw):
    assert quote_path(os.fsdecode(raw)).isprintable()


def test_a_shell_reads_the_quoted_path_back():
    if BASH is None:
        pytest.fail("bash is needed to check what it reads")
    raw = b"/w/\xff a\nb'c\\d\x1b[31m\xc3\xa9" + bytes(range(1, 32))
    said = f"printf %s {quote_path(os.fsdecode(raw))}"
    shell = subprocess.run([BASH, "-c", said], capture_output=True, check=True, timeout=60)
    assert shell.stdout == raw


@pytest.mark.parametrize(
    ("platform", "environ", "found", "expected"),
    [
        ("win32", {}, None, ("explorer", "")),
        ("darwin", {}, None, ("open", "")),
        ("linux", {"DISPLAY": ":0"}, "/usr/bin/xdg-open", ("/usr/bin/xdg-open", "")),
        ("linux", {"WAYLAND_DISPLAY": "w"}, None, (None, "xdg-open is not installed")),
        ("linux", {}, "/usr/bin/xdg-open", (None, "no desktop in this session")),
    ],
)
def test_the_program_that_opens_folders(platform, environ, found, expected):
    assert opener(platform, environ, lambda _name: found) == expected


def script(path, body):
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_folder_is_opened_with_its_path_as_one_argument(tmp_path):
    folder = tmp_path / "$(touch x); [1]"
    folder.mkdir()
    said = tmp_path / "said"
    program = script(
        tmp_path / "fake-open", f"import sys; open({str(said)!r}, 'w').write(repr(sys.argv[1:]))"
    )
    assert open_folder(program, str(folder)) == ""
    assert said.read_text() == repr([str(folder)])


def test_failures_are_said(tmp_path):
    failing = script(tmp_path / "failing", "raise SystemExit(3)")
    assert open_folder(failing, str(tmp_path)) == "failing failed with exit code 3"
    assert open_folder(failing, str(tmp_path / "gone")) == "folder not found"
    missing = str(tmp_path / "none")
    assert ": No such file" in open_folder(missing, str(tmp_path))


def test_how_a_file_manager_ends_that_stayed_says_nothing(tmp_path):
    slow = script(tmp_path / "slow", "raise SystemExit(3)")
    assert open_folder(slow, str(tmp_path), patience=0) == ""
