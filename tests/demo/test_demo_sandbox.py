"""The folder of a demo: private, removed, and found again by the next one where it was not."""

import os
import stat
import subprocess
import sys
import tempfile

import pytest

from envdeck.demo import Sandbox, SandboxError, leftovers, remove
from envdeck.demo.sandbox import MARKER, PREFIX

HOLDER = """
import os, sys, tempfile
tempfile.tempdir = sys.argv[1]
from envdeck.demo import Sandbox
sandbox = Sandbox.temporary()
print(sandbox.path, flush=True)
sys.stdin.read()
os._exit(9)
"""


@pytest.fixture(autouse=True)
def _temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


@pytest.fixture
def other(tmp_path):
    """A demo of another process, which runs until it is told to end without a word."""
    command = [sys.executable, "-c", HOLDER, tempfile.gettempdir()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process, process.stdout.readline().decode().rstrip("\n")
        if process.poll() is None:
            process.kill()


def test_it_is_for_its_owner_alone_and_goes_when_it_is_closed():
    sandbox = Sandbox.temporary()
    assert stat.S_IMODE(os.stat(sandbox.path).st_mode) == 0o700
    assert sandbox.close() == ""
    assert not os.path.lexists(sandbox.path)


def test_one_that_runs_is_left_alone_and_one_that_was_killed_is_found(other):
    process, path = other
    assert list(leftovers()) == []
    process.stdin.close()
    assert process.wait(60) == 9
    assert list(leftovers()) == [path]
    assert remove(path) == ""
    assert list(leftovers()) == []


def test_a_removal_that_is_killed_leaves_what_tells(tmp_path, monkeypatch):
    for name in ("a", "z"):
        (tmp_path / "it" / name).mkdir(parents=True)
    (tmp_path / "it" / MARKER).touch()
    original, seen = os.rmdir, []

    def rmdir(name, **options):
        seen.append((os.path.basename(name), (tmp_path / "it" / MARKER).exists()))
        original(name, **options)

    monkeypatch.setattr(os, "rmdir", rmdir)
    assert remove(str(tmp_path / "it")) == ""
    assert sorted(seen) == [("a", True), ("it", False), ("z", True)]


def test_our_own_is_no_leftover_while_it_lasts():
    sandbox = Sandbox.temporary()
    assert list(leftovers()) == []
    assert sandbox.close() == ""


def test_what_only_looks_like_one_is_left_alone(tmp_path):
    folder = tempfile.gettempdir()
    unsigned = os.path.join(folder, f"{PREFIX}unsigned")
    os.mkdir(unsigned)
    with open(os.path.join(unsigned, MARKER), "w") as file:
        file.write("something else")
    unmarked = os.path.join(folder, f"{PREFIX}unmarked")
    os.mkdir(unmarked)
    open(os.path.join(unmarked, "work"), "w").close()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.symlink(elsewhere, os.path.join(folder, f"{PREFIX}link"))
    fifo = os.path.join(folder, f"{PREFIX}fifo")
    os.mkdir(fifo)
    os.mkfifo(os.path.join(fifo, MARKER))
    assert list(leftovers()) == []


def test_one_that_is_kept_is_never_a_leftover():
    sandbox = Sandbox.temporary()
    sandbox.keep()
    assert sandbox.close() == ""
    assert os.path.isdir(sandbox.path)
    assert list(leftovers()) == []


def test_read_only_folders_go_too_and_links_are_not_followed(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("mine")
    sandbox = Sandbox.temporary()
    deep = os.path.join(sandbox.path, "one", "two")
    os.makedirs(deep)
    open(os.path.join(deep, "file"), "w").close()
    os.symlink(kept, os.path.join(deep, "link"))
    os.chmod(deep, 0o500)
    os.chmod(os.path.dirname(deep), 0o000)
    assert sandbox.close() == ""
    assert not os.path.lexists(sandbox.path)
    assert (kept / "file").read_text() == "mine"


def test_a_folder_that_is_given_must_be_empty_and_stays(tmp_path):
    given = tmp_path / "given"
    sandbox = Sandbox.at(str(given))
    assert sandbox.close() == ""
    assert given.is_dir()
    (given / "work").write_text("mine")
    with pytest.raises(SandboxError, match="is not empty"):
        Sandbox.at(str(given))
    with pytest.raises(SandboxError, match="cannot be used"):
        Sandbox.at(str(given / "work"))
