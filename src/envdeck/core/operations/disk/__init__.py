"""The platform layer: every change of the disk goes through one object."""

from envdeck.core.operations.disk.disk import Disk, NotOneDiskError, RemainderError
from envdeck.core.operations.disk.reserve import Reserve, is_full
from envdeck.core.system.host import Host

__all__ = ["Disk", "NotOneDiskError", "RemainderError", "Reserve", "disk_for", "is_full"]


def disk_for(host: Host) -> Disk:
    """Return the disk of a host: what its system can do in one step differs."""
    # start-up: the screen asks for errors and protocols of this package, and for no disk
    from envdeck.core.operations.disk import platforms

    if host.platform.startswith("linux"):
        return platforms.LinuxDisk(host)
    if host.macos:
        return platforms.MacDisk(host)
    if host.windows:
        return platforms.WindowsDisk(host)
    return Disk(host)
