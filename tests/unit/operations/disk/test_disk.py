"""What the platform layer promises, on every system's own class as far as it runs here."""

import ctypes
import errno
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from envdeck.core.operations.disk import Disk, NotOneDiskError, disk_for
from envdeck.core.operations.disk import platforms as mac
from envdeck.core.operations.disk import platforms as win
from envdeck.core.operations.disk.platforms import LinuxDisk, MacDisk, WindowsDisk, _renameat2

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs renameat2")


class Libc:
    """macOS's call, done by Linux's; or as a file system that cannot."""

    def __init__(self, fails_with: int = 0) -> None:
        self.fails_with = fails_with

    def renamex_np(self, first: bytes, second: bytes, flags: ctypes.c_uint) -> int:
        flag = {2: 2, 4: 1}[flags.value]
        failed = self.fails_with or _renameat2(os.fsdecode(first), os.fsdecode(second), flag)
        ctypes.set_errno(failed)
        return -1 if failed else 0


@pytest.fixture(params=["plain", "linux", "macos", "macos-hfs", "windows"])
def disk(request, host, monkeypatch):
    if request.param.startswith("macos"):
        libc = Libc(errno.ENOTSUP if request.param == "macos-hfs" else 0)
        monkeypatch.setattr(mac, "_libc", lambda: libc)
        return MacDisk(host)
    return {"plain": Disk, "linux": LinuxDisk, "windows": WindowsDisk}[request.param](host)


def folder(path: Path, word: str) -> Path:
    path.mkdir()
    (path / "word").write_text(word)
    return path


def test_the_disk_of_each_system(host):
    kinds = {"linux": LinuxDisk, "darwin": MacDisk, "win32": WindowsDisk, "freebsd14": Disk}
    for platform, kind in kinds.items():
        assert type(disk_for(replace(host, platform=platform))) is kind


@LINUX
@pytest.mark.parametrize("name", ["plain", "it's [1]\n", "\udcff\udcfe"])
def test_a_move_never_replaces(disk, tmp_path, name):
    one, other = folder(tmp_path / name, "one"), folder(tmp_path / "other", "other")
    (tmp_path / "link").symlink_to("nowhere")
    if not isinstance(disk, WindowsDisk):  # there the system's own rename refuses
        for taken in (other, tmp_path / "link"):
            with pytest.raises(FileExistsError):
                disk.move(str(one), str(taken))
    assert ((one / "word").read_text(), (other / "word").read_text()) == ("one", "other")
    before = disk.identity(str(one))
    disk.move(str(one), str(tmp_path / "third"))
    assert disk.identity(str(tmp_path / "third")) == before
    assert disk.identity(str(one)) is None
    with pytest.raises(FileNotFoundError):
        disk.move(str(one), str(tmp_path / "fourth"))


@LINUX
def test_an_exchange_is_whole_or_says_that_it_cannot_be(disk, tmp_path):
    one, other = folder(tmp_path / "one", "one"), folder(tmp_path / "other", "other")
    able = disk.can_exchange(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == ["home", "one", "other"]
    assert disk.exchange(str(one), str(other)) is able
    words = (one / "word").read_text(), (other / "word").read_text()
    assert words == (("other", "one") if able else ("one", "other"))
    if able:
        with pytest.raises(FileNotFoundError):
            disk.exchange(str(one), str(tmp_path / "nothing"))


def test_identity_tells_out_of_reach_from_absent(disk, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("nowhere")
    assert disk.identity(str(tmp_path / "file" / "below")) is None
    assert disk.identity(str(tmp_path / "link")) is not None
    with pytest.raises(OSError, match="too long"):
        disk.identity(str(tmp_path / ("x" * 300)))


def test_a_folder_is_made_once_and_for_its_owner(disk, tmp_path):
    path = str(tmp_path / "made")
    assert disk.make_folder(path) == disk.identity(path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    with pytest.raises(FileExistsError):
        disk.make_folder(path)
    disk.ensure_folder(str(tmp_path / "made" / "a" / "b"))
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"exists|directory"):
        disk.ensure_folder(str(tmp_path / "file" / "a"))


def test_a_file_is_written_whole_or_not_at_all(disk, tmp_path, monkeypatch):
    path = tmp_path / "file"
    disk.write(str(path), b"first")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    disk.write(str(path), b"second")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"second", 0o644)
    for name in ("write", "fsync", "chmod", "replace"):

        def full(*_given: object, **_more: object) -> None:
            raise OSError(errno.ENOSPC, "no space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, name, full)
            with pytest.raises(OSError, match="no space"):
                disk.write(str(path), b"third")
        assert path.read_bytes() == b"second"
        assert sorted(os.listdir(tmp_path)) == ["file", "home"]


def test_many_threads_may_write_one_file(disk, tmp_path):
    file = tmp_path / "file"
    contents = [bytes([number]) * 5_000 for number in range(1, 9)]
    begin = threading.Barrier(len(contents))

    def write(data: bytes) -> None:
        begin.wait(timeout=60)
        for _ in range(10):
            disk.write(str(file), data)
            disk.rewrite(str(file), data)
            assert file.read_bytes() in contents

    with ThreadPoolExecutor(len(contents)) as threads:
        for done in [threads.submit(write, data) for data in contents]:
            done.result(timeout=60)
    assert sorted(os.listdir(tmp_path)) == ["file", "home"]


def test_a_rewritten_file_keeps_its_mode_and_leaves_other_links_alone(disk, tmp_path):
    path, twin = tmp_path / "file", tmp_path / "twin"
    path.write_text("first")
    path.chmod(0o755)
    os.link(path, twin)
    disk.rewrite(str(path), b"second")
    assert (path.read_text(), twin.read_text()) == ("second", "first")
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


def test_a_tree_is_removed_without_following_links(disk, tmp_path):
    outside = folder(tmp_path / "outside", "mine")
    tree = folder(tmp_path / "tree", "gone")
    (tree / "link").symlink_to(outside)
    (tree / "up").symlink_to("..")
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "\udcff [x]").write_bytes(b"x" * 10_000)
    os.link(outside / "word", tree / "hard")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tree / "pipe")
    told: list[tuple[int, int]] = []
    freed = disk.remove_tree(str(tree), lambda *done: told.append(done))
    assert not tree.exists()
    assert (outside / "word").read_text() == "mine"
    assert 10_000 <= freed < 100_000
    assert told[-1][1] == freed


def test_only_a_link_goes_where_a_link_is_removed(disk, tmp_path):
    outside = folder(tmp_path / "outside", "mine")
    (tmp_path / "link").symlink_to(outside)
    disk.remove_tree(str(tmp_path / "link"))
    assert (outside / "word").read_text() == "mine"
    assert not os.path.lexists(tmp_path / "link")


@LINUX
def test_a_tree_deeper_than_any_path_or_stack_is_removed(host, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    descriptor = os.open(tree, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("deep", dir_fd=descriptor)
        inner = os.open("deep", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    (tree / "1.deep").write_text("a name that is taken")
    LinuxDisk(host).remove_tree(str(tree))
    assert not tree.exists()


def test_nothing_is_removed_where_something_is_mounted_in_it(host, tmp_path):
    tree = folder(tmp_path / "tree", "mine")
    (tree / "mounted").mkdir()
    table = Path(host.root, "proc", "self", "mountinfo")
    table.parent.mkdir(parents=True)
    point = tree.resolve() / "mounted"
    table.write_text(
        f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 8:1 /x {point} rw - ext4 /dev/sda1 rw\n"
    )
    with pytest.raises(NotOneDiskError):
        Disk(host).remove_tree(str(tree))
    assert (tree / "word").read_text() == "mine"


READ_ONLY = """
import os, sys
from envdeck.core.system.host import Host
from envdeck.core.operations.disk import disk_for
import envdeck.core.system.mounts, envdeck.core.operations.disk.platforms
disk = disk_for(Host(sys.platform, "/nowhere", {}, root="/nowhere"))
os.chdir(sys.argv[1])
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
os.makedirs("tree/a/b")
open("tree/a/b/file", "w").close()
open("tree/a/file", "w").close()
os.chmod("tree/a/b", 0)
os.chmod("tree/a", 0o555)
os.chmod("tree", 0o555)
disk.remove_tree("tree")
print(os.path.lexists("tree"))
"""


@LINUX
def test_folders_that_are_ours_and_read_only_are_removed(tmp_path):
    place = tmp_path / "place"
    place.mkdir()
    place.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, place], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "False\n", done.stderr


def test_a_linked_tree_has_the_same_files_and_none_that_is_edited_in_place(disk, tmp_path):
    tree, twin = tmp_path / "tree", tmp_path / "twin"
    (tree / "bin").mkdir(parents=True)
    (tree / "lib" / "bin").mkdir(parents=True)
    files = ("pyvenv.cfg", "bin/tool", "lib/a.py", "lib/a.pth", "lib/bin/b.py")
    for name in files:
        (tree / name).write_text(name)
    (tree / "lib" / "link").symlink_to("a.py")
    (tree / "lib").chmod(0o750)
    twin.mkdir()
    disk.link_tree(str(tree), str(twin))
    same = {name: (tree / name).samefile(twin / name) for name in files}
    assert same == {
        "pyvenv.cfg": False,
        "bin/tool": False,
        "lib/a.py": True,
        "lib/a.pth": False,
        "lib/bin/b.py": True,
    }
    assert all((twin / name).read_text() == name for name in files)
    assert os.readlink(twin / "lib" / "link") == "a.py"
    assert stat.S_IMODE((twin / "lib").stat().st_mode) == 0o750


def test_windows_waits_for_a_scanner_and_for_nothing_else(host, tmp_path, monkeypatch):
    real, waited, calls = os.rename, [], []

    def busy(code: int, times: int):
        def rename(source: str, target: str) -> None:
            calls.append(source)
            if len(calls) <= times:
                error = PermissionError(errno.EACCES, "in use")
                error.winerror = code
                raise error
            real(source, target)

        return rename

    # A module of its own, so that no other's clock stands still.
    monkeypatch.setattr(win, "time", SimpleNamespace(sleep=waited.append))
    one, disk = folder(tmp_path / "one", "one"), WindowsDisk(host)
    monkeypatch.setattr(os, "rename", busy(32, 2))
    disk.move(str(one), str(tmp_path / "two"))
    assert (tmp_path / "two" / "word").read_text() == "one"
    assert waited == [0.05, 0.1]
    for code, times, tries in ((32, 99, 6), (1314, 99, 1)):
        calls.clear()
        monkeypatch.setattr(os, "rename", busy(code, times))
        with pytest.raises(PermissionError):
            disk.move(str(tmp_path / "two"), str(tmp_path / "three"))
        assert len(calls) == tries
    assert (tmp_path / "two" / "word").read_text() == "one"
