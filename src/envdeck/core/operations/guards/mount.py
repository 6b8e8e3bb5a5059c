"""Something is mounted at it or below it."""

import os
import stat

from envdeck.core.files import reason_of
from envdeck.core.model import Operation, Refusal
from envdeck.core.operations.guards.guard import CHANGING, Guard, command, some
from envdeck.core.operations.guards.moment import Question
from envdeck.core.paths import lies_under

_MOST = 500_000
"""Folders that are compared where there is no table; the largest environments have some 20,000."""


class Mounted(Guard):
    """A bind mount has the device number of what it shows, and `ismount` denies it: only the
    table tells. Removing a tree empties what is mounted in it."""

    name = "mount"
    operations = CHANGING | {Operation.PURGE}

    def refuses(self, question: Question) -> Refusal | None:
        """Refuse by the mount table, or by device numbers where there is none."""
        path, mounts = question.path, question.moment.mounts
        if mounts:
            points = sorted({m.point for m in mounts if lies_under(m.point, path)})
        else:
            points = _other_disks(path)
        if not points:
            return None
        message = f"something is mounted there: {some(points)}"
        return self.refusal(question, message, command("umount", points[-1]))


def _other_disks(path: str) -> list[str]:
    """Return the folders at or below a path that are on another disk than the one above them.

    What cannot be looked at is among them, with the reason: nothing is known of what is there.
    """
    found: list[str] = []
    try:
        device = os.lstat(path).st_dev
        if os.path.ismount(path):
            found.append(path)
    except (OSError, ValueError):
        return found
    pending = [path]
    for _ in range(_MOST):
        if not pending:
            break
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
            for path_below in below:
                status = os.lstat(path_below)
                if status.st_dev != device:
                    found.append(path_below)
                elif stat.S_ISDIR(status.st_mode):
                    pending.append(path_below)
        except FileNotFoundError:
            continue
        except OSError as error:
            found.append(f"{folder} (not known: {reason_of(error)})")
    return found
