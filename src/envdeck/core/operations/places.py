"""Where operations keep what they need: journal, locks, and a trash on the disk of each target."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from envdeck.core import reach
from envdeck.core.files import existing_folder
from envdeck.core.host import Host, former_folders, own_folders, own_path
from envdeck.core.inspection.own_places import TRASH
from envdeck.core.mounts import Mount, mount_of, read_mounts
from envdeck.core.paths import lies_under

ENVIRONMENT = "environment"
"""What is put aside, or staged, in an item of the trash."""
BEFORE = "before"
"""Where the old one waits in an item while two renames take the place of an exchange."""

FILE_BEFORE = "file-before"
"""The project's lock as it was before an operation."""
FILE_AFTER = "file-after"
"""The project's lock as an operation left it, kept when that is taken back."""
MANIFEST = "manifest.json"
"""What is known of an item."""
NEXT = "manifest-next.json"
"""What will be known of it when an undo is done."""
PICTURE = "picture"
"""How the environment was before the operation began; see :mod:`picture`."""
RESERVE = ".reserve"
"""Room that a trash keeps on another disk than the journal's; see :class:`Reserve`."""
_MADE = (
    PICTURE,
    *(MANIFEST, NEXT, FILE_BEFORE, FILE_AFTER, "requirements.txt", "constraints.txt"),
    *("some.txt", "lock.txt", "scratch", "wheels", ".exchange-a", ".exchange-b"),
)
"""All else that operations make in an item."""
_LEFT = re.compile(r"(.+)\.([0-9]{1,10})(?:-[0-9]{1,20})?\.tmp", re.ASCII | re.DOTALL)
"""As :func:`temporary_name` makes them, and as earlier versions did without a thread."""
_MOST = 2**31 - 1
"""The highest number of a process."""


def is_made(name: str) -> bool:
    """Tell whether a name in an item is one that operations make, apart from the environments."""
    left = written_by(name)
    return name in _MADE or (left is not None and left[0] in _MADE)


def written_by(name: str) -> tuple[str, int] | None:
    """Return which file was being written under a temporary name, and by which process; None
    where it is no name of ours."""
    match = _LEFT.fullmatch(name)
    if match is None or int(match[2]) > _MOST:
        return None
    return match[1], int(match[2])


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one user on one host."""

    journal: str
    locks: str
    reserve: str
    """Room that is kept for a full disk."""
    clock: str
    """The file with the time that was seen to pass."""
    trash: str
    """The first choice; see :func:`trashes_for`."""

    @classmethod
    def of(cls, host: Host) -> "Places":
        """Return them in our own folders, each where it is; the trash
        with the links above it followed, so that the path of an item in it is a real one."""
        return cls(
            journal=own_path(host, "state", "operations"),
            locks=own_path(host, "state", "locks"),
            reserve=own_path(host, "state", "reserve"),
            clock=own_path(host, "state", "clock.json"),
            trash=_trash_in(own_folders(host).data),
        )


def former_trash(host: Host) -> str | None:
    """Return the trash of earlier versions if it is another folder; see :mod:`relocation`."""
    former = _trash_in(former_folders(host).data)
    return None if former == Places.of(host).trash else former


def trashes_for(path: str, host: Host, mounts: tuple[Mount, ...]) -> Iterator[str]:
    """Yield the trashes that lie on the same mount as `path`, best first.

    A rename reaches no further than a mount: bind mounts share a device number, and it fails all
    the same. The user's data folder comes first, then the top of the mount (as the XDG trash
    does it), and last a folder beside the target.
    """
    parent = os.path.dirname(path)
    own = Places.of(host).trash
    if _same_mount(existing_folder(own), parent, mounts) and is_ours_alone(own):
        yield own
    mount = mount_of(parent, mounts)
    if mount is not None and mount.point != os.sep and os.access(mount.point, os.W_OK):
        top = os.path.join(mount.point, f"{TRASH}-{_user()}")
        if is_ours_alone(top):
            yield top
    beside = os.path.join(parent, TRASH)
    if is_ours_alone(beside):
        yield beside


def is_item(folder: str) -> bool:
    """Tell whether a path, by its form, is an item of a trash: a damaged journal must not name
    anything else. :func:`stranger` tells whether the trash is one of ours."""
    trash = os.path.dirname(folder)
    name = os.path.basename(trash)
    ours = name == "trash" and os.path.basename(os.path.dirname(trash)) == "envdeck"
    return os.path.normpath(folder) == folder and (ours or name.startswith(TRASH))


def stranger(item: str, paths: Iterable[str], host: Host) -> str:
    """Say why a folder is in no trash of ours that `paths` could have been put into; empty where
    it is. The journal is data: what it names is touched only where it would lie by our own rules.
    """
    trash = os.path.dirname(item)
    if not _expected(trash, paths, host):
        return f"{trash} is no trash of this user's for it"
    if os.path.realpath(item) != item or os.path.islink(item):
        return f"{item} is reached by a link"
    if not is_ours_alone(trash):
        return f"others may write to {trash}"
    return ""


def _expected(trash: str, paths: Iterable[str], host: Host) -> bool:
    if trash in {Places.of(host).trash, former_trash(host)}:
        return True
    above, name = os.path.split(trash)
    if name == TRASH:
        return any(os.path.dirname(path) == above for path in paths)
    if name != f"{TRASH}-{_user()}" or not any(lies_under(path, above) for path in paths):
        return False
    mounts = read_mounts(host)
    return not os.path.lexists(trash) or not mounts or any(one.point == above for one in mounts)


def _trash_in(folder: str) -> str:
    return os.path.join(os.path.realpath(folder), "trash")


def is_ours_alone(folder: str) -> bool:
    """Tell whether nobody else could have laid a folder there, or reach into it: the top of a
    mount may be open to all, as `/tmp` is."""
    try:
        status = reach.lstat(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return stat.S_ISDIR(status.st_mode)
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.getuid()
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _same_mount(first: str, second: str, mounts: tuple[Mount, ...]) -> bool:
    try:
        if os.stat(first).st_dev != os.stat(second).st_dev:
            return False
    except OSError:
        return False
    real = os.path.realpath
    return not mounts or mount_of(real(first), mounts) == mount_of(real(second), mounts)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"
