"""The mount table, read from recorded rows and from this machine."""

import os
import sys

import pytest

from envdeck.core.system.host import Host
from envdeck.core.system.mounts import (
    Mount,
    is_network,
    is_noatime,
    is_pseudo,
    may_share_blocks,
    mount_of,
    read_mounts,
)

TABLE = rb"""22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
36 27 0:40 / /home/ada/My\040Disk\134old rw,noatime shared:7 master:2 - nfs4 server:/ada\040x rw
37 27 254:0 /srv /home/ada/bound ro,relatime - ext4 /dev/vda rw
38 27 254:3 / /home/ada/\377raw rw - btrfs /dev/vdd rw
broken row
39 27 x:y / /nowhere rw - ext4 /dev/z rw
40 27 0:50 / /mnt/c rw,noatime - 9p C:\134 rw
41 27 0:51 / /mnt/later rw - ext4 /dev/a rw
42 27 0:52 / /mnt/later rw - xfs /dev/b rw
"""


def host(tmp_path, table=TABLE, platform="linux"):
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "mountinfo").write_bytes(table)
    return Host(platform, "/home/ada", {}, root=str(tmp_path))


def test_rows_are_read_with_their_escapes_undone(tmp_path):
    mounts = {mount.point: mount for mount in read_mounts(host(tmp_path))}
    disk = mounts["/home/ada/My Disk\\old"]
    assert disk == Mount(
        "/home/ada/My Disk\\old",
        "nfs4",
        os.makedev(0, 40),
        frozenset({"rw", "noatime"}),
        "server:/ada x",
    )
    assert "/home/ada/\udcffraw" in mounts
    assert mounts["/mnt/c"].source == "C:\\"


def test_rows_that_make_no_sense_are_left_out(tmp_path):
    points = [mount.point for mount in read_mounts(host(tmp_path))]
    assert len(points) == 8
    assert "/nowhere" not in points


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_have_no_table(tmp_path, platform):
    assert read_mounts(host(tmp_path, platform=platform)) == ()


def test_a_missing_table_is_empty(tmp_path):
    assert read_mounts(Host("linux", "/home/ada", {}, root=str(tmp_path))) == ()


@pytest.mark.parametrize(
    ("path", "point"),
    [
        ("/home/ada/project", "/"),
        ("/home/ada/bound", "/home/ada/bound"),
        ("/home/ada/bound/x/y", "/home/ada/bound"),
        ("/home/ada/boundary", "/"),
        ("/", "/"),
    ],
)
def test_the_nearest_mount_is_the_one_a_path_lies_on(tmp_path, path, point):
    found = mount_of(path, read_mounts(host(tmp_path)))
    assert found is not None
    assert found.point == point


def test_a_later_mount_hides_the_earlier_in_the_same_place(tmp_path):
    found = mount_of("/mnt/later/x", read_mounts(host(tmp_path)))
    assert found is not None
    assert found.kind == "xfs"


def test_no_table_no_mount():
    assert mount_of("/home/ada", ()) is None
    assert not is_noatime("/home/ada", ())


def test_access_times_say_nothing_where_they_are_not_kept(tmp_path):
    mounts = read_mounts(host(tmp_path))
    assert is_noatime("/home/ada/My Disk\\old/venv", mounts)
    assert is_noatime("/home/ada/bound/venv", mounts), "read-only"
    assert not is_noatime("/home/ada/venv", mounts)


def test_kinds_of_file_systems(tmp_path):
    kinds = {mount.kind: mount for mount in read_mounts(host(tmp_path))}
    assert [kind for kind in kinds if is_network(kinds[kind])] == ["nfs4", "9p"]
    assert [kind for kind in kinds if is_pseudo(kinds[kind])] == ["proc"]


def test_shared_blocks_by_file_system_and_by_platform(tmp_path):
    mounts = read_mounts(host(tmp_path))
    assert may_share_blocks("/home/ada/\udcffraw/venv", mounts)
    assert may_share_blocks("/mnt/later/venv", mounts)
    assert not may_share_blocks("/home/ada/venv", mounts)
    assert may_share_blocks("/Users/ada/venv", (), "darwin")
    assert not may_share_blocks("C:\\venv", (), "win32")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has the table")
def test_this_machine_has_a_root_of_its_own(tmp_path):
    mounts = read_mounts(Host("linux", str(tmp_path), {}))
    found = mount_of("/", mounts)
    assert found is not None
    assert found.point == "/"
    proc = mount_of("/proc/self", mounts)
    assert proc is not None
    assert is_pseudo(proc)
