"""The file that is really edited: links followed inside of the project, and not out of it."""

import os
import stat
from dataclasses import dataclass

from envdeck.core.dotenv.files import LIMIT
from envdeck.core.inspection.protection import own_place
from envdeck.core.model import Identity, Refusal
from envdeck.core.operations.undo.plan import CHANGED, mark_of_file
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import Host
from envdeck.core.system.paths import lies_under


@dataclass(frozen=True, slots=True)
class EditTarget:
    """One file, or where it will be."""

    path: str
    """The real one."""
    status: os.stat_result | None
    """None where nothing is there."""
    mark: str = ""

    @property
    def identity(self) -> Identity | None:
        """What is there."""
        status = self.status
        return None if status is None else Identity(status.st_dev, status.st_ino)


def place_of(named: str, project: str, host: Host) -> EditTarget | Refusal:
    """Return where a file of a project really is, or why it is left alone."""
    try:
        return _place_of(named, project, host)
    except (OSError, ValueError) as error:
        return _refused("not-a-file", f"{named} cannot be reached: {reason_of(error)}", named)


def _place_of(named: str, project: str, host: Host) -> EditTarget | Refusal:
    real, folder = os.path.realpath(named), os.path.realpath(project)
    is_link = os.path.islink(named)
    in_it = lies_under(os.path.normpath(named), os.path.normpath(project))
    if not lies_under(real, folder) and (is_link or in_it):
        what = "a link that leads" if is_link else "reached by a link"
        said = f"{named} is {what} out of the project, to {real}"
        return _refused("symlink", said, named, "edit that file by hand, or put one in its place")
    if is_link and not os.path.lexists(real):
        return _refused("symlink", f"{named} is a link to nothing ({real})", named)
    if why := own_place(real, host):
        return _refused("protected-path", f"{named}: {why}", named)
    try:
        status = os.lstat(real)
    except FileNotFoundError:
        return EditTarget(real, None)
    if not stat.S_ISREG(status.st_mode):
        return _refused("not-a-file", f"{named} is {_kind(status.st_mode)}, and no file", named)
    if status.st_size > LIMIT:
        said = f"{named} is larger than {LIMIT // 1024} KiB, which no dotenv file is"
        return _refused("not-a-file", said, named, "see what it is, and edit it by hand")
    return EditTarget(real, status, mark_of_file(real))


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    if stat.S_ISLNK(mode):
        return "a link in a circle"
    return "a socket or a device"


def obstacles_at(place: EditTarget) -> tuple[Refusal, ...]:
    """Return why no file can take the place of the one that is there."""
    folder = os.path.dirname(place.path)
    if not os.path.isdir(folder):
        return (_refused("not-writable", f"the folder {folder} is not there", place.path),)
    if not os.access(folder, os.W_OK | os.X_OK):
        said = f"nothing can be written in {folder}"
        hint = "see who may write there, and whether its disk is mounted read-only"
        return (_refused("not-writable", said, place.path, hint),)
    status = place.status
    if status is not None and hasattr(os, "geteuid") and os.geteuid() not in {0, status.st_uid}:
        said = f"{place.path} belongs to another user, and would be yours after"
        return (_refused("not-writable", said, place.path, "have its owner do it"),)
    return ()


def changed(path: str) -> Refusal:
    """Return why something that came, or went, since it was shown is left alone."""
    said = f"{path} is not what was shown any more"
    return _refused(CHANGED, said, path, "look again, and do it anew")


def _refused(guard: str, message: str, path: str, hint: str = "") -> Refusal:
    return Refusal(guard, message, hint, path)
