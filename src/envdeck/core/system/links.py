"""Where symbolic links lead, one step at a time: what `reach.realpath` passes over."""

import os

from envdeck.core.system import reach

_MOST = 40
"""So many links are followed; Linux itself follows no more."""


def link_hops(path: str) -> tuple[str, ...]:
    """Return every path that an absolute path stands for while the links in it are followed,
    from the path as it is written to the one without links, whether that exists or not.

    A link may be in the middle: `opt/python@3.12/bin/python` is followed by
    `Cellar/python@3.12/3.12.4/bin/python`. What runs in a circle ends where it closes.
    """
    found = [path]
    for _ in range(_MOST):
        link = _first_link(path)
        if link is None:
            break
        try:
            target = os.path.join(os.path.dirname(link), reach.readlink(link))
        except OSError:  # it went meanwhile
            break
        path = _joined(target, path[len(link) :])
        if path in found:
            break
        found.append(path)
    return tuple(found)


def deepest_link(path: str) -> str | None:
    """Return the innermost link among a path and the folders above it; None where none of them
    is one. Links directly under the root (`/home`, `/tmp`, `/bin`) are the system's own."""
    while (parent := os.path.dirname(path)) not in (path, os.path.dirname(parent)):
        if _is_link(path):
            return path
        path = parent
    return None


def outer_target(path: str, folder: str) -> str | None:
    """Return the first path outside of a folder to which a link in it leads; None where what it
    leads to is in the folder, or where it is no link. The folder has no links above it."""
    for _ in range(_MOST):
        try:
            target = reach.readlink(path)
        except (OSError, ValueError):
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))
        if not path.startswith(folder + os.sep):
            return path
    return None


def _first_link(path: str) -> str | None:
    """Return the outermost part of a path that is a link; parts above it are none."""
    parts = path.split(os.sep)
    for end in range(2, len(parts) + 1):
        part = os.sep.join(parts[:end])
        if parts[end - 1] not in ("", ".", "..") and _is_link(part):
            return part
    return None


def _joined(target: str, rest: str) -> str:
    """Join a link's target and what followed the link. `..` after a link goes up from where
    that leads, so that parts are only taken out before the first link of the new path."""
    full = target + rest
    link = _first_link(full)
    return os.path.normpath(full) if link is None else os.path.normpath(link) + full[len(link) :]


def _is_link(path: str) -> bool:
    try:
        return reach.islink(path)
    except ValueError:  # no path of this system: a NUL, or what its encoding does not have
        return False
