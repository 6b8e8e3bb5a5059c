"""What a set of environments occupies and frees together, each shared file counted once."""

import os
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from envdeck.core.model import Environment


class Totals(NamedTuple):
    """Bytes on disk; None until they are counted."""

    occupied: int | None = None
    freed: int | None = None


def quick_totals(environments: Iterable[Environment]) -> Totals | None:
    """Return the totals if adding up is enough: no size carries files shared with others."""
    occupied = freed = 0
    for environment in environments:
        size = environment.size
        if size is None:
            continue
        if size.shared is not None and size.shared.packed:
            return None
        occupied += size.disk_bytes
        freed += size.reclaimable_bytes
    return Totals(occupied, freed)


def nothing_shared(environments: Iterable[Environment]) -> bool:
    """Whether deleting each would free all it takes, and none of them lies inside another.

    A remembered size does not carry its shared files; that there are some shows all the same.
    """
    paths = []
    for each in environments:
        if each.size is not None and each.size.reclaimable_bytes < each.size.disk_bytes:
            return False
        paths.append(each.path.rstrip(os.sep) + os.sep)
    paths.sort()  # what lies inside a folder follows right after it
    return not any(inner != outer and inner.startswith(outer) for outer, inner in pairwise(paths))
