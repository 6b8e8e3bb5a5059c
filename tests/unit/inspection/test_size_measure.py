"""Sizes against `du`, on real trees and on awkward ones."""

import os
import shutil
import stat
import subprocess
from types import SimpleNamespace

import pytest

from envdeck.core.inspection import size as sizing
from envdeck.core.inspection.size import measure
from envdeck.core.system.mounts import Mount


def du(path, *options):
    command = ["du", "-s", "-x", *options, "--", os.fspath(path)]
    answer = subprocess.run(command, capture_output=True, check=True)
    return int(answer.stdout.split()[0])


def lengths(path):
    """Sum the lengths of what is no folder, each inode once."""
    seen = {}
    for folder, _, _ in os.walk(path):
        with os.scandir(folder) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if not entry.is_dir(follow_symlinks=False):
                    seen[status.st_ino] = status.st_size
    return sum(seen.values()), len(seen)


@pytest.mark.parametrize("creator", ["venv", "virtualenv", "uv"])
def test_real_environments_measure_as_du_says(make_venv, tmp_path, creator):
    path = make_venv(tmp_path / "venv", creator=creator)
    size = measure(str(path), now=17.0)
    assert size.disk_bytes == du(path, "--block-size=1")
    assert (size.apparent_bytes, size.files) == lengths(path)
    assert size.reclaimable_bytes == size.disk_bytes
    assert (size.shared, size.unreadable, size.measured_at) == (None, 0, 17.0)


@pytest.fixture
def tree(tmp_path):
    """Folders, links of both sorts, a sparse file, a pipe, a socket, and names as they come."""
    root = tmp_path / "venv"
    (root / "lib" / "deep" / "deeper").mkdir(parents=True)
    (root / "lib" / "one.py").write_bytes(b"x" * 5000)
    (root / "lib" / "[red]\n\x1b[31m").write_bytes(b"x" * 10)
    os.link(root / "lib" / "one.py", root / "lib" / "deep" / "two.py")
    os.symlink("/", root / "lib64")
    os.symlink("lib", root / "loop")
    os.mkfifo(root / "pipe")
    os.mknod(root / "socket", stat.S_IFSOCK | 0o600)
    with open(root / "sparse", "wb") as file:
        file.truncate(50_000_000)
    with open(os.fsencode(root) + b"/\xff\xfe", "wb") as file:
        file.write(b"y" * 9000)
    (root / "empty").touch()
    return root


def test_an_awkward_tree_measures_as_du_says(tree):
    size = measure(str(tree), now=0)
    assert size.disk_bytes == du(tree, "--block-size=1")
    assert (size.apparent_bytes, size.files) == lengths(tree)
    assert size.reclaimable_bytes == size.disk_bytes, "every link lies inside"


def test_a_file_linked_from_elsewhere_is_not_freed(tree, tmp_path):
    before = measure(str(tree), now=0)
    os.link(tree / "lib" / "one.py", tmp_path / "cache-entry")
    status = os.stat(tmp_path / "cache-entry")
    size = measure(str(tree), now=0)
    taken = status.st_blocks * 512
    assert taken > 0
    assert size.disk_bytes == before.disk_bytes
    assert size.reclaimable_bytes == before.reclaimable_bytes - taken
    assert size.shared.device == status.st_dev
    records = list(memoryview(size.shared.packed).cast("Q"))
    assert records == [status.st_ino, 3, 2, taken]


def test_deleting_frees_what_was_said(tree, tmp_path):
    """The disk's own count moves by other writers too, so the links are counted instead."""
    os.link(tree / "lib" / "one.py", tmp_path / "cache-entry")
    size = measure(str(tree), now=0)
    kept = os.stat(tmp_path / "cache-entry").st_blocks * 512
    both = du(tmp_path, "--block-size=1")
    shutil.rmtree(tree)
    assert both - du(tmp_path, "--block-size=1") == size.reclaimable_bytes
    assert kept + size.reclaimable_bytes == size.disk_bytes


def test_a_trailing_separator_changes_nothing(tree):
    assert measure(f"{tree}/", now=0) == measure(str(tree), now=0)


@pytest.mark.parametrize("name", ["absent", "file", "link", "nul\0"])
def test_what_is_no_folder_has_no_size(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    assert measure(str(tmp_path / name), now=0) is None


def test_a_mount_below_is_left_out(tree):
    mount = Mount(str(tree / "lib" / "deep"), "ext4", 0, frozenset({"rw"}), "/dev/x")
    beside = Mount(str(tree) + "2", "ext4", 0, frozenset({"rw"}), "/dev/x")
    size = measure(str(tree), now=0, mounts=[mount, beside])
    assert size.disk_bytes == du(tree, "--block-size=1", "--exclude=deep")
    assert size.shared is not None, "the link in there is outside now"


def test_a_root_that_is_a_mount_is_measured(tree):
    mount = Mount(str(tree), "btrfs", 0, frozenset({"rw"}), "/dev/x")
    size = measure(str(tree), now=0, mounts=[mount])
    assert size.disk_bytes == du(tree, "--block-size=1")
    assert size.up_to
    assert not measure(str(tree), now=0).up_to
    assert measure(str(tree), now=0, platform="darwin").up_to


def test_another_device_is_left_out(tree, monkeypatch):
    """Mounting takes rights, so the folder's own number is changed; the rest is real."""
    listing = sizing._listing

    def elsewhere(folder):
        for name, status in listing(folder):
            if name == "deep":
                status = SimpleNamespace(st_mode=status.st_mode, st_dev=status.st_dev + 1)
            yield name, status

    monkeypatch.setattr(sizing, "_listing", elsewhere)
    size = measure(str(tree), now=0)
    assert size.disk_bytes == du(tree, "--block-size=1", "--exclude=deep")


def test_a_stop_ends_it_without_an_answer(tree):
    answers = iter([False, False, True])
    assert measure(str(tree), now=0, stopped=lambda: next(answers)) is None


def test_folders_that_cannot_be_read_are_counted(tree, monkeypatch):
    """Permissions do not bind an administrator, so the refusal is made; the rest is real."""
    real = os.open

    def refusing(path, *arguments, **options):
        if os.fspath(path).endswith("deeper"):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refusing)
    size = measure(str(tree), now=0)
    monkeypatch.undo()
    assert size.unreadable == 1
    assert size.disk_bytes == du(tree, "--block-size=1"), "the folder itself is there"


def test_a_path_too_long_for_the_system_is_counted(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 250, dir_fd=descriptor)
        below = os.open("x" * 250, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    size = measure(str(tmp_path), now=0)
    assert size.unreadable == 1


def test_files_that_vanish_meanwhile_are_not_there(tree, monkeypatch):
    real = os.scandir

    class Vanishing:
        def __init__(self, entries):
            self.entries = entries

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.entries.close()

        def __iter__(self):
            for entry in self.entries:
                if entry.name == "one.py":
                    os.unlink(tree / "lib" / "one.py")
                if entry.name == "deeper":
                    os.rmdir(tree / "lib" / "deep" / "deeper")
                yield entry

    monkeypatch.setattr(os, "scandir", lambda where: Vanishing(real(where)))
    monkeypatch.setattr(sizing, "_BY_DESCRIPTOR", False)
    size = measure(str(tree), now=0)
    monkeypatch.undo()
    assert size.unreadable == 0
    assert size == measure(str(tree), now=0)


def test_a_folder_that_became_a_link_is_not_followed(tmp_path, monkeypatch):
    (tmp_path / "venv" / "lib").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "big").write_bytes(b"x" * 100_000)
    real = os.open

    def swapped(path, *arguments, **options):
        if os.fspath(path).endswith("venv/lib") and not os.path.islink(path):
            os.rmdir(path)
            os.symlink(tmp_path / "other", path)
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "open", swapped)
    size = measure(str(tmp_path / "venv"), now=0)
    assert size.files == 0


def test_without_descriptors_the_answer_is_the_same(tree, monkeypatch):
    expected = measure(str(tree), now=0)
    monkeypatch.setattr(sizing, "_BY_DESCRIPTOR", False)
    assert measure(str(tree), now=0) == expected


def test_where_only_owners_may_leave_no_trace_it_reads_all_the_same(tree, monkeypatch):
    expected = measure(str(tree), now=0)
    real = os.open

    def foreign(path, flags, *arguments, **options):
        if flags & os.O_NOATIME:
            raise PermissionError(1, "Operation not permitted")
        return real(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", foreign)
    assert measure(str(tree), now=0) == expected


def test_measuring_leaves_access_times_alone(tree):
    for folder, _, _ in os.walk(tree):
        os.utime(folder, (1_000_000_000, 1_000_000_000))
    measure(str(tree), now=0)
    assert {os.stat(folder).st_atime for folder in (tree, tree / "lib")} == {1_000_000_000}


def test_without_blocks_lengths_are_rounded_up_to_clusters(tree):
    folder, file = 0o040755, 0o100644
    of = sizing._blocks_by_length
    assert of(SimpleNamespace(st_mode=folder, st_size=4096)) == 0
    assert of(SimpleNamespace(st_mode=file, st_size=0)) == 0
    assert of(SimpleNamespace(st_mode=file, st_size=1)) * 512 == 4096
    assert of(SimpleNamespace(st_mode=file, st_size=4097)) * 512 == 8192


def test_listings_without_links_ask_for_each_file(tree, monkeypatch):
    """As on Windows, whose listings leave links, inode and device at zero."""
    expected = measure(str(tree), now=0)
    real = os.scandir

    class Entry:
        def __init__(self, entry):
            self.name = entry.name

        def stat(self, *, follow_symlinks):
            return SimpleNamespace(st_nlink=0)

    class Entries:
        def __init__(self, where):
            self.entries = real(where)

        def __enter__(self):
            return map(Entry, self.entries)

        def __exit__(self, *error):
            self.entries.close()

    monkeypatch.setattr(os, "scandir", Entries)
    monkeypatch.setattr(sizing, "_BY_DESCRIPTOR", False)
    assert measure(str(tree), now=0) == expected
