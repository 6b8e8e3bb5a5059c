"""One at a time: who holds a lock, and for how long."""

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from envdeck.core.operations.disk import Disk
from envdeck.core.operations.transaction.places import FileLock, LockHeld, lock, lock_of_uv

HOLDS = """
import sys
from envdeck.core.system.host import Host
from envdeck.core.operations.disk import Disk
from envdeck.core.operations.transaction.places import lock
held = lock(sys.argv[1], sys.argv[2], Disk(Host("linux", "/nowhere", {})), "theirs")
print(type(held).__name__, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def take(host, tmp_path):
    return lambda path="/a/.venv": lock(path, str(tmp_path / "locks"), Disk(host), "ours")


def test_the_second_is_told_who_is_first(take):
    with take() as first:
        assert take() == LockHeld(os.getpid(), "ours")
        assert isinstance(take("/b/.venv"), FileLock)
        assert first.descriptor >= 0
    with take():
        pass


def test_another_process_holds_it_until_it_ends(take, tmp_path):
    command = [sys.executable, "-c", HOLDS, "/a/.venv", tmp_path / "locks"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as program:
        assert program.stdout.readline() == "FileLock\n"
        held = take()
        assert held == LockHeld(program.pid, "theirs")
        assert str(held) == f"in use by process {program.pid} (operation theirs)"
        program.kill()
        program.wait(60)
        program.communicate()
    with take():
        pass


def test_a_child_that_inherited_it_holds_it_on(take):
    held = take()
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, pass_fds=(held.descriptor,), **pipes) as child:
        child.stdout.readline()
        held.release()
        assert isinstance(take(), LockHeld)
        child.communicate()
    with take():
        pass


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"pid": "x", "operation": 3}', b"\xff"])
def test_whatever_the_file_says_it_is_held(take, tmp_path, content):
    with take():
        (file,) = (tmp_path / "locks").iterdir()
        file.write_bytes(content)
        assert take() == LockHeld(None, "")


def test_a_full_disk_keeps_nobody_from_the_lock_and_leaves_none_behind(take, monkeypatch):
    def full(*_given):
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "write", full)
    with take():
        assert isinstance(take(), LockHeld)
    with take():
        pass


def test_the_lock_of_uv(tmp_path):
    assert lock_of_uv(str(tmp_path)) is None
    file = tmp_path / ".lock"
    file.write_text("")
    with lock_of_uv(str(tmp_path)):
        assert lock_of_uv(str(tmp_path)) == LockHeld(None, "")
    with open(file) as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        assert isinstance(lock_of_uv(str(tmp_path)), LockHeld)
    file.unlink()
    file.symlink_to("/dev/null")
    assert lock_of_uv(str(tmp_path)) is None
