"""The mount table: what is a disk of this machine, what only looks like one, and how it keeps time.

The device number alone does not tell: a bind mount shares it with what it shows.
"""

import os
import re
from collections.abc import Iterable

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.system.host import Host, lies_under

_LIMIT = 4 * 1024 * 1024
"""Bytes; a host of a thousand containers has a table of some hundred KiB."""

_NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "drvfs", "gfs2", "glusterfs", "gpfs"}
    | {"lustre", "ncpfs", "nfs", "nfs4", "orangefs", "pvfs2", "smb3", "smbfs"}
    | {"fuse.cephfs", "fuse.davfs2", "fuse.glusterfs", "fuse.gvfsd-fuse", "fuse.rclone"}
    | {"fuse.blobfuse2", "fuse.curlftpfs", "fuse.dbxfs", "fuse.gcsfuse", "fuse.goofys"}
    | {"fuse.google-drive-ocamlfuse", "fuse.httpfs", "fuse.juicefs", "fuse.kio-fuse"}
    | {"fuse.mount-s3", "fuse.mountpoint-s3", "fuse.onedriver", "fuse.s3fs", "fuse.seaweedfs"}
    | {"fuse.smbnetfs", "fuse.sshfs", "fuse.webdavfs", "smb2"}
)
_PSEUDO = frozenset(
    {"autofs", "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devfs"}
    | {"devpts", "devtmpfs", "efivarfs", "fuse.lxcfs", "fuse.portal", "fusectl", "hugetlbfs"}
    | {"mqueue", "nsfs", "proc", "pstore", "ramfs", "rpc_pipefs", "securityfs", "selinuxfs"}
    | {"sysfs", "tracefs"}
)
_SHARING = frozenset({"apfs", "bcachefs", "btrfs", "ocfs2", "overlay", "refs", "xfs", "zfs"})
_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One row of the mount table."""

    point: str
    """Where it is mounted."""
    kind: str
    """The file system, as the kernel names it: `ext4`, `nfs4`, `fuse.sshfs`."""
    device: int
    """What `st_dev` says of the files on it (btrfs, for one, gives its subvolumes others)."""
    options: frozenset[str]
    """Those of this mount (`ro`, `noatime`), not those of the file system under it."""
    source: str
    """`/dev/sda1`, `server:/export`."""


def read_mounts(host: Host) -> tuple[Mount, ...]:
    """Return the mounts this process sees, in the order in which they were made.

    From `/proc/self/mountinfo` (proc(5)). Empty on other systems than Linux, and where it
    cannot be read: whoever asks must then do with comparing device numbers. A row that makes no
    sense is left out.
    """
    if not host.platform.startswith("linux"):
        return ()
    try:
        # A file of the kernel, which is read before it is known what else may be.
        with open(host.system("proc", "self", "mountinfo"), "rb") as file:
            data = file.read(_LIMIT)
    except OSError:
        return ()
    rows = (_parse(line) for line in data.split(b"\n"))
    return tuple(row for row in rows if row is not None)


def mount_of(path: str, mounts: Iterable[Mount]) -> Mount | None:
    """Return the mount an absolute path is on: the nearest, and of two in one place the
    later, which hides the other. None where the table is empty."""
    nearest: Mount | None = None
    for mount in mounts:
        if lies_under(path, mount.point) and (
            nearest is None or len(mount.point) >= len(nearest.point)
        ):
            nearest = mount
    return nearest


def is_noatime(path: str, mounts: Iterable[Mount]) -> bool:
    """Tell whether reading a file there leaves its access time alone, so that it says nothing
    about use: `noatime`, or a disk mounted read-only."""
    mount = mount_of(path, mounts)
    return mount is not None and not mount.options.isdisjoint({"noatime", "ro"})


def is_network(mount: Mount) -> bool:
    """Tell whether the files are on another machine, or on the Windows side of WSL."""
    return mount.kind in _NETWORK


def is_remote(mount: Mount) -> bool:
    """Tell whether touching a file there may wait for another machine: the files are there, or
    would be once something is mounted (`autofs`)."""
    return is_network(mount) or mount.kind == "autofs"


def is_pseudo(mount: Mount) -> bool:
    """Tell whether the kernel makes the files up, or merely entering would mount something
    (`autofs`). `tmpfs` is not among them: its files are somebody's."""
    return mount.kind in _PSEUDO


def may_share_blocks(path: str, mounts: Iterable[Mount], platform: str = "linux") -> bool:
    """Tell whether a file system can hold the same blocks in two files without links: by
    reflinks, or (overlay) because what is deleted stays in a lower layer.

    What deleting frees is then known only as an upper bound. Without a table, macOS has APFS
    and any other system is taken not to share.
    """
    mount = mount_of(path, mounts)
    return platform == "darwin" if mount is None else mount.kind in _SHARING


def _parse(line: bytes) -> Mount | None:
    # 36 35 98:0 /root /point rw,noatime shared:1 - ext4 /dev/sda1 rw (shared: any number)
    before, dash, after = line.partition(b" - ")
    fields, rest = before.split(b" "), after.split(b" ")
    if not dash or len(fields) < 6 or len(rest) < 2:
        return None
    major, colon, minor = fields[2].partition(b":")
    if not (colon and major.isdigit() and minor.isdigit()):
        return None
    try:
        device = os.makedev(int(major), int(minor))
    except (OverflowError, AttributeError):  # no such device, or a system that has none
        return None
    return Mount(
        point=_decode(fields[4]),
        kind=_decode(rest[0]),
        device=device,
        options=frozenset(_decode(fields[5]).split(",")),
        source=_decode(rest[1]),
    )


def _decode(field: bytes) -> str:
    return os.fsdecode(_ESCAPE.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), field))
