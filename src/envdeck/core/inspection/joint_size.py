"""Counting environments together: what is shared between them is there once, and freed once."""

from collections.abc import Iterable

from envdeck.core.inspection.size import JointCount, shared_records
from envdeck.core.model import JointSize, Size


def joint_size(sizes: Iterable[Size | None]) -> JointSize:
    """Count sizes together. None stands for an environment that has not been measured.

    Sizes may be loaded as they are asked for: one at a time is held, and one number for each
    file that is shared.
    """
    freed = JointCount()
    seen: dict[int, set[int]] = {}
    occupied = unmeasured = 0
    for size in sizes:
        if size is None:
            unmeasured += 1
            continue
        freed.add(size)
        occupied += size.disk_bytes
        if size.shared is not None:
            met = seen.setdefault(size.shared.device, set())
            for inode, _links, _inside, taken in shared_records(size.shared):
                if inode in met:
                    occupied -= taken
                else:
                    met.add(inode)
    return JointSize(occupied, freed.reclaimable_bytes, unmeasured)
