"""What an environment says of its project by itself, in the words of the tool that made it."""

import errno
import os

from envdeck.core import reach
from envdeck.core.files import Unread, decode_path, read_bounded
from envdeck.core.model import ProjectLink, ProjectState

_LIMIT = 8192
"""Bytes; a path has 4,096 at most on any system met."""

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP})
_AWAY = frozenset(
    {
        errno.ENOTCONN, errno.ESTALE, errno.EHOSTDOWN, errno.EHOSTUNREACH,
        errno.ENODEV, errno.ENXIO, errno.EIO, errno.ETIMEDOUT,
    }
)  # fmt: skip
"""What a mounted disk or share answers once its device or server is out of reach."""
_NOT_READY = 21  # ERROR_NOT_READY: a Windows drive without its medium


def state_of(path: str) -> ProjectState:
    """Return whether the folder a link names is there: found, gone, or on a disk that answers
    with an error. What may not be looked at is there."""
    try:
        reach.stat(path)
    except reach.RemoteError:
        return ProjectState.UNMOUNTED
    except OSError as error:
        if error.errno in _AWAY or getattr(error, "winerror", None) == _NOT_READY:
            return ProjectState.UNMOUNTED
        return ProjectState.GONE if error.errno in _ABSENT else ProjectState.FOUND
    except ValueError:  # no path at all: a NUL, half of a surrogate pair
        return ProjectState.GONE
    return ProjectState.FOUND


def named_project(path: str, source: str) -> ProjectLink:
    """Return the link to a folder that something names, as found or gone.

    Whether what is gone is on a disk that is not mounted now, is settled by
    :func:`envdeck.core.discovery.projects.link`.
    """
    return ProjectLink(state_of(path), path, source)


def read_project_file(environment: str) -> str | None:
    """Return the folder that the `.project` file of virtualenvwrapper and Pipenv names: its
    first line, an absolute path. None when there is no such file, or it names nothing."""
    data = read_bounded(os.path.join(environment, ".project"), _LIMIT)
    if isinstance(data, Unread) or b"\0" in data:
        return None
    path = decode_path(data).partition("\n")[0].rstrip("\r")
    return path.rstrip("/") or path if os.path.isabs(path) else None
