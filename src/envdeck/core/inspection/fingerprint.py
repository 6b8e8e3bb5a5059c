"""Has an environment changed since it was read? A handful of `stat` calls instead of reading."""

import os

from envdeck.core import reach
from envdeck.core.discovery.candidate import Candidate


def fingerprint(candidate: Candidate) -> str:
    """Return a text that changes whenever what inspection reads may have changed.

    Installing and removing touches `site-packages` and `bin`; a new cfg or a replaced
    interpreter entry touches the root, the cfg or `bin`; a base that vanishes or returns
    changes what the entry leads to. Edits *inside* installed packages are not told.
    """
    layout = candidate.layout
    paths = [candidate.path, os.path.join(candidate.path, "pyvenv.cfg")]
    paths += [folder.path for folder in layout.package_folders]
    paths += [
        path for path in (layout.scripts, layout.executable, candidate.cfg.get("home")) if path
    ]
    if layout.scripts:
        paths.append(os.path.join(layout.scripts, "activate"))
    return ";".join(map(_stamp, paths))


def _stamp(path: str) -> str:
    try:
        status = reach.stat(path)
    except (OSError, ValueError):
        return "-"
    return f"{status.st_ino:x}.{status.st_mtime_ns:x}.{status.st_ctime_ns:x}"
