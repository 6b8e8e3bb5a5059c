"""The platform layer: every change of the disk goes through one object."""

from envdeck.core.operations.disk.disk import Disk, NotOneDiskError, RemainderError
from envdeck.core.operations.disk.reserve import Reserve, is_full
from envdeck.core.system.host import Host

__all__ = ["Disk", "NotOneDiskError", "RemainderError", "Reserve", "disk_for", "is_full"]


def disk_for(host: Host) -> Disk:
    """Return the disk of a host: what its system can do in one step differs."""
    if host.platform.startswith("linux"):
        from envdeck.core.operations.disk.platforms import LinuxDisk

        return LinuxDisk(host)
    if host.macos:
        from envdeck.core.operations.disk.platforms import MacDisk

        return MacDisk(host)
    if host.windows:
        from envdeck.core.operations.disk.platforms import WindowsDisk

        return WindowsDisk(host)
    return Disk(host)
