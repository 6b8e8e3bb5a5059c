"""Whether a path that is not there lies on a disk that is not mounted now."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

from envdeck.core import reach
from envdeck.core.files import Unread, read_bounded
from envdeck.core.host import Host

_LIMIT = 1024 * 1024
"""Bytes; a machine with a thousand containers has a mount table of some hundred kilobytes."""

_REMOVABLE = (("mnt", 1), ("Volumes", 1), ("media", 2), ("run/media", 2))
"""Folders in which disks are mounted, and how deep: `/media/ada/stick` is two below."""


@dataclass(frozen=True, slots=True)
class Disks:
    """Which disks are mounted, and which are known without being mounted."""

    mounted: frozenset[str] | None
    """Mount points (`/proc/self/mounts`); None where the system has no such table."""
    declared: frozenset[str] = frozenset()
    """Mount points that `/etc/fstab` names."""
    removable: tuple[tuple[str, int], ...] = ()
    """Folders for removable and other disks, with how many levels below them are theirs."""
    answers: Callable[[str], bool] = reach.exists
    """Whether a drive (`E:\\`) or share (`\\\\server\\share\\`) of Windows is there."""
    windows: bool = False

    @classmethod
    def of(cls, host: Host) -> "Disks":
        """Read the tables of a host; a table that cannot be read is empty or None."""
        if host.windows:
            return cls(None, windows=True)
        mounted = _mount_points(host, host.system("proc", "self", "mounts"))
        declared = _mount_points(host, host.system("etc", "fstab")) or frozenset()
        folders = tuple((host.system(*name.split("/")), depth) for name, depth in _REMOVABLE)
        return cls(mounted, declared - {host.root}, folders)

    def lacks(self, path: str) -> bool:
        """Tell whether a path, which is not there, is on a disk that is not mounted.

        It is, when a mount point above it is declared and not mounted, or when it lies in a
        folder for removable disks, no mount point is above it there, and the first folder is
        missing or empty: `/mnt` itself exists always, and a folder in it may be a plain one.
        """
        if self.windows:
            import ntpath

            drive = ntpath.splitdrive(path)[0]
            return bool(drive) and not self.answers(drive + "\\")
        above = [point for point in self.declared if _is_below(path, point)]
        if above and not self._is_mounted(max(above, key=len)):
            return True
        return any(
            self._is_away(path, folder, depth)
            for folder, depth in self.removable
            if _is_below(path, folder)
        )

    def _is_away(self, path: str, folder: str, depth: int) -> bool:
        """Look at the levels of a path below a folder for removable disks, the upper first."""
        parts = [part for part in path[len(folder) :].split("/") if part]
        for level in range(1, min(depth, len(parts)) + 1):
            step = os.path.join(folder, *parts[:level])
            if self._is_mounted(step):
                return False
            if _is_missing_or_empty(step):
                return True
        return False

    def _is_mounted(self, point: str) -> bool:
        return os.path.ismount(point) if self.mounted is None else point in self.mounted


def _mount_points(host: Host, table: str) -> frozenset[str] | None:
    """Return the second column of a table in the form of fstab(5), octal escapes undone."""
    data = read_bounded(table, _LIMIT, whole=False)
    if isinstance(data, Unread):
        return None
    points: set[str] = set()
    for fields in map(bytes.split, data.splitlines()):
        if len(fields) > 1 and not fields[0].startswith(b"#") and fields[1].startswith(b"/"):
            point = os.fsdecode(re.sub(rb"\\([0-7]{3})", _character, fields[1])).strip("/")
            points.add(host.system(*point.split("/")) if point else host.root)
    return frozenset(points)


def _character(match: "re.Match[bytes]") -> bytes:
    return bytes([int(match[1], 8) & 0xFF])


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _is_missing_or_empty(path: str) -> bool:
    try:
        with reach.scandir(path) as entries:
            return next(entries, None) is None
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False  # what may not be looked into is there
