"""Who uses an environment: real processes, and `/proc` as it can be."""

import os
import sys
from dataclasses import replace

import pytest

from envdeck.core.inspection.processes import Processes, read_processes
from envdeck.core.system import reach
from support.processes import WAIT, running


@pytest.fixture
def here(host):
    """Return the real machine, with a home of its own."""
    return replace(host, root="/")


@pytest.fixture(name="running")
def _running():
    with running() as start:
        yield start


def uses(host, path):
    return {use.process.pid: use.how for use in read_processes(host).users_of(str(path))}


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_each_way_of_using_it(make_venv, tmp_path, here, running, platform):
    """On other systems than Linux by psutil, which works on this one too."""
    on = replace(here, platform=platform)
    path = make_venv(tmp_path / "a b" / "venv")
    (tmp_path / "way").symlink_to(path)
    plain = {"PATH": os.environ["PATH"]}
    active = {"PATH": f"{path}/bin:{plain['PATH']}"}
    started = {
        running(str(path / "bin" / "python"), "-c", WAIT): "running from this environment",
        running(f"{tmp_path}/way/bin/python", "-c", WAIT): "running from this environment",
        running("bin/python", "-c", WAIT, cwd=tmp_path / "way"): "running from this environment",
        running("python", "-c", WAIT, env=active, executable=sys.executable): (
            "running from this environment"
        ),
        running(sys.executable, "-c", WAIT, cwd=path / "lib"): "working directory",
        running(sys.executable, "-c", WAIT, env={**plain, "VIRTUAL_ENV": str(path)}): ("activated"),
    }
    bystander = running(sys.executable, "-c", WAIT, str(path), env=plain)
    found = uses(on, path)
    assert found == {process.pid: how for process, how in started.items()}
    assert bystander.pid not in found, "an argument alone is no use"
    assert uses(on, f"{path}2") == {}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is in memory")
def test_a_file_in_memory_alone(make_venv, tmp_path, here, running):
    path = make_venv(tmp_path / "new\nline")
    (path / "x.so").write_bytes(b"x" * 8192)
    code = f"import mmap; f = open({str(path / 'x.so')!r}, 'rb')"
    code += "; m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); f.close()"
    process = running(sys.executable, "-c", f"{code}; {WAIT}")
    assert uses(here, path) == {process.pid: "libraries loaded"}


def test_no_argument_and_no_variable_is_kept(make_venv, tmp_path, here, running):
    path = make_venv(tmp_path / "venv")
    command = [str(path / "bin" / "python"), "-c", WAIT, "--password=s3cr3t"]
    process = running(*command, env={"TOKEN": "s3cr3t", "PATH": "/nowhere/s3cr3t"})
    for platform in ("linux", "darwin"):
        found = read_processes(replace(here, platform=platform)).all
        (mine,) = (one for one in found if one.pid == process.pid)
        kept = [getattr(mine, name) for name in mine.__slots__]
        assert "s3cr3t" not in str(kept)


def test_the_line_of_those_above(here):
    line = read_processes(here).ancestors_of(os.getpid())
    assert [process.pid for process in line[:2]] == [os.getpid(), os.getppid()]
    loop = Processes((replace(line[0], pid=5, parent=6), replace(line[0], pid=6, parent=5)))
    assert [process.pid for process in loop.ancestors_of(5)] == [5, 6]


def test_proc_as_it_can_be(host, tmp_path):
    """Threads of the kernel, zombies, names with brackets, and what ends while it is read."""
    proc = tmp_path / "system" / "proc"

    def process(pid, stat, cmdline=b"", cwd=None):
        (proc / str(pid)).mkdir(parents=True)
        (proc / str(pid) / "stat").write_bytes(stat)
        (proc / str(pid) / "cmdline").write_bytes(cmdline)
        if cwd:
            (proc / str(pid) / "cwd").symlink_to(cwd)

    process(2, b"2 (kthreadd) S 0 0", cwd="/")
    process(7, b"7 (kworker/0:1) I 2 0", cwd="/")
    process(8, b"8 (a) b (c)) S 1 0", b"/venv/bin/python\0-m\0x\0", "/gone (deleted)")
    process(9, b"9 (zombie) Z 1 0")
    process(10, b"garbage", b"\0\0", "/")
    (proc / "11").mkdir()
    (proc / "self").mkdir()
    found = read_processes(host)
    assert [(one.pid, one.parent, one.name) for one in found.all if one.pid != 10] == [
        (8, 1, "a) b (c)")
    ]
    (use,) = found.users_of("/venv")
    assert (use.process.folder, use.how) == ("/gone", "running from this environment")
    assert found.users_of("/venv", without=[8]) == ()


def test_processes_that_cannot_be_seen_are_counted(host, tmp_path, monkeypatch):
    proc = tmp_path / "system" / "proc" / "8"
    proc.mkdir(parents=True)
    (proc / "stat").write_bytes(b"8 (secret) S 1 0")

    def readlink(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "readlink", readlink)
    found = read_processes(host)
    assert (found.hidden, found.users_of("/")) == (1, ())


@pytest.mark.parametrize("name", ["VIRTUAL_ENV", "CONDA_PREFIX", "PATH"])
def test_what_another_process_names_on_a_share_is_not_touched(host, tmp_path, monkeypatch, name):
    """The mount table has the share, and another shell has an environment on it active."""
    proc, share = tmp_path / "system/proc", tmp_path / "share"
    (proc / "8").mkdir(parents=True)
    (proc / "self").mkdir()
    (proc / "self/mountinfo").write_text(f"2 1 0:40 / {share} rw - nfs4 x rw\n")
    (proc / "8/stat").write_bytes(b"8 (python) S 1 0")
    (proc / "8/cmdline").write_bytes(b"python\0-i\0")
    (proc / "8/cwd").symlink_to(share / "work")
    (proc / "8/environ").write_bytes(f"{name}={share}/venv\0".encode())
    touched = []

    def asked(call):
        def answer(path, *given, **more):
            touched.extend([path] if str(path).startswith(str(share)) else [])
            return call(path, *given, **more)

        return answer

    reach.bar_network(host)
    for call in ("lstat", "stat", "readlink"):
        monkeypatch.setattr(os, call, asked(getattr(os, call)))
    found = read_processes(host).users_of("/venv")
    monkeypatch.undo()
    (proc / "self/mountinfo").unlink()
    reach.bar_network(host)
    assert (found, touched) == ((), [])


def test_a_machine_without_proc_says_so(host):
    found = read_processes(host)
    assert found.all == ()
    assert "cannot be read" in found.problem
