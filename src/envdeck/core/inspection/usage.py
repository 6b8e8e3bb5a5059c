"""When an environment was last used, as well as its files can tell without being disturbed.

The folder's own times tell nothing: using it, or installing into it, leaves them alone. What an
interpreter *reads* at each start does: `pyvenv.cfg` (PEP 405), and start-up files that the
creator put into the package folders. Linux refreshes such an access time to within a day
(`relatime`).
"""

import os
from collections.abc import Iterator, Sequence

from envdeck.core.model import LastUsed
from envdeck.core.system import reach
from envdeck.core.system.mounts import Mount, is_noatime, mount_of

_MAKING = 10.0
"""Seconds; what creating an environment itself may take after its cfg is written."""
_ENTRIES = 4000
"""How many entries of a package folder are looked at for second signs."""


def last_used(
    path: str,
    *,
    cfg_atime: float | None,
    site_packages: Sequence[str] = (),
    mounts: Sequence[Mount] = (),
    previous: LastUsed | None = None,
    left: Sequence[float] = (),
) -> LastUsed:
    """Return the newest trustworthy sign of an interpreter's start, and where it was read.

    `cfg_atime` is that of `pyvenv.cfg`, taken before anything read it (None where there is no
    cfg). `left` is what :func:`access_times` said at the end of our own last look: an access
    time that still stands so, which our reading may have made (systems without `O_NOATIME`),
    is no new use, and `previous`, what we said then, still holds. Times are in seconds since
    the epoch.

    Where no access time can tell (conda, virtualenv before 20), the newest of what use and
    installing write stands in: bytecode folders, metadata folders, conda's history.
    """
    signs = list(_signs(cfg_atime, site_packages))
    if signs and is_noatime(path, mounts):
        mount = mount_of(path, mounts)
        how = "noatime" if mount is not None and "noatime" in mount.options else "read-only"
        return LastUsed(None, f"unknown: the disk is mounted {how}")
    fresh = [sign for sign in signs if sign[0] not in left]
    if fresh:
        when, name = max(fresh)
        made = _mtime(os.path.join(path, "pyvenv.cfg"))
        if made is not None and when <= made + _MAKING:
            return LastUsed(made, f"created; not used since ({name} atime, ± 1 day)")
        return LastUsed(when, f"{name} atime")
    if signs and previous is not None and previous.when is not None:
        return previous
    return _read_written(path, site_packages)


def access_times(path: str, site_packages: Sequence[str] = ()) -> tuple[float, ...]:
    """Return the access times that :func:`last_used` goes by, as they stand now.

    Taken at the end of a look and kept, they tell the next look what is no news.
    """
    cfg = _status(os.path.join(path, "pyvenv.cfg"))
    return signs_of_use(None if cfg is None else cfg.st_atime, site_packages)


def signs_of_use(cfg_atime: float | None, site_packages: Sequence[str]) -> tuple[float, ...]:
    """Return the same with the access time of the cfg given, as it was before it was read."""
    return tuple(when for when, _ in _signs(cfg_atime, site_packages))


def _signs(cfg_atime: float | None, site_packages: Sequence[str]) -> Iterator[tuple[float, str]]:
    """Yield access times with the names of the files; one of zero or less is not kept at all."""
    if cfg_atime is not None and cfg_atime > 0:
        yield cfg_atime, "pyvenv.cfg"
    for folder in site_packages:
        # uv and virtualenv, for some Pythons; virtualenv before 20, whose site.py reads it
        for name in ("_virtualenv.pth", os.path.join("..", "orig-prefix.txt")):
            status = _status(os.path.join(folder, name))
            if status is not None and status.st_atime > 0:
                yield status.st_atime, os.path.basename(name)


def _read_written(path: str, site_packages: Sequence[str]) -> LastUsed:
    signs: list[tuple[float, str]] = []
    for folder in site_packages:
        signs.extend(_find_written(folder))
    history = _mtime(os.path.join(path, "conda-meta", "history"))
    if history is not None:
        signs.append((history, "conda-meta/history"))
    if not signs:
        return LastUsed(None, "unknown")
    when, name = max(signs)
    return LastUsed(when, f"{name} mtime")


def _find_written(folder: str) -> Iterator[tuple[float, str]]:
    try:
        with reach.scandir(folder) as entries:
            for entry, _ in zip(entries, range(_ENTRIES), strict=False):
                name = entry.name
                if name.endswith((".dist-info", ".egg-info")):
                    kind, where = "newest metadata", entry.path
                elif name == "__pycache__":
                    kind, where = "newest __pycache__", entry.path
                elif entry.is_dir(follow_symlinks=False):
                    kind, where = "newest __pycache__", os.path.join(entry.path, "__pycache__")
                else:
                    continue
                when = _mtime(where)
                if when is not None:
                    yield when, kind
    except (OSError, ValueError):  # what cannot be listed gives no sign
        return


def _mtime(path: str) -> float | None:
    status = _status(path)
    return None if status is None else status.st_mtime


def _status(path: str) -> os.stat_result | None:
    try:
        return reach.lstat(path)
    except (OSError, ValueError):
        return None
