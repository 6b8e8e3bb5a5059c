"""The platform layer: every change of the disk goes through one object."""

from envdeck.core.host import Host
from envdeck.core.operations.disk.disk import Disk, NotOneDiskError
from envdeck.core.operations.disk.reserve import Reserve, is_full

__all__ = ["Disk", "NotOneDiskError", "Reserve", "disk_for", "is_full"]


def disk_for(host: Host) -> Disk:
    """Return the disk of a host: what its system can do in one step differs."""
    if host.platform.startswith("linux"):
        from envdeck.core.operations.disk.linux import LinuxDisk

        return LinuxDisk(host)
    if host.macos:
        from envdeck.core.operations.disk.macos import MacDisk

        return MacDisk(host)
    if host.windows:
        from envdeck.core.operations.disk.windows import WindowsDisk

        return WindowsDisk(host)
    return Disk(host)
