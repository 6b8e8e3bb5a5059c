"""Where a walk ends: other disks, other machines, and what is no disk at all."""

from collections.abc import Iterable, Sequence

from envdeck.core.mounts import Mount, is_network, is_pseudo, mount_of


def barred_mounts(
    roots: Iterable[str], mounts: Sequence[Mount], *, cross_devices: bool
) -> frozenset[str]:
    """Return the mount points that a walk from these roots does not enter.

    Other devices only when asked for; file systems of the kernel and of other machines never,
    unless named as a root: those are entered whatever they are.
    """
    named = set(roots)
    devices = {mount.device for root in named if (mount := mount_of(root, mounts))}
    return frozenset(
        mount.point
        for mount in mounts
        if mount.point not in named
        and (
            is_pseudo(mount) or is_network(mount) or not (cross_devices or mount.device in devices)
        )
    )
