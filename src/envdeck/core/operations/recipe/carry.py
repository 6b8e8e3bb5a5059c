"""What no package owns, and what installers wrote of themselves, brought to a new environment."""

import filecmp
import os
import re
import secrets
import stat
from collections.abc import Iterable
from dataclasses import dataclass

from envdeck.core import reach
from envdeck.core.files import reason_of
from envdeck.core.model import Environment
from envdeck.core.operations.recipe.marks import set_marks
from envdeck.core.operations.recipe.pins import Recipe
from envdeck.core.operations.recipe.records import place_of

ALWAYS = ("pip.conf", "pip.ini", ".env")
"""Carried over whether a list of unowned files has them or not."""

_PART = 1024 * 1024
_MINOR = re.compile(r"(lib|lib64)/(?:python|pypy)\d+\.\d+t?/")


@dataclass(frozen=True, slots=True)
class NotCarried:
    """A file that could not be brought over, and stays in the old environment alone."""

    path: str
    """Relative to the old environment."""
    reason: str


@dataclass(frozen=True, slots=True)
class Carried:
    """What was brought over."""

    files: tuple[str, ...] = ()
    """Relative to the new environment; what was there already, the same, is among them."""
    marks: tuple[str, ...] = ()
    """Names of distributions whose installer's marks were set as they were."""
    conflicts: tuple[NotCarried, ...] = ()


def carry_over(
    before: Environment, after: Environment, files: Iterable[str], recipe: Recipe
) -> Carried:
    """Copy `files` (paths relative to `before`, as `unowned_files` gives them) and the
    installers' marks of the recipe (INSTALLER, REQUESTED, direct_url.json) into `after`.

    Nothing in `before` changes, and nothing in `after` is overwritten but those marks. Links
    stay links; modes and times are kept. What is in the package folder of another minor version
    goes to that of the new one. Doing it twice does nothing. Raises OSError when `after` cannot
    be written (a full disk).
    """
    carried: list[str] = []
    conflicts: list[NotCarried] = []
    present = [name for name in ALWAYS if reach.lexists(os.path.join(before.path, name))]
    for path in dict.fromkeys([*present, *files]):
        target = mapped(path, before, after)
        reason = "is not inside the environment" if target is None else ""
        if target is not None:
            reason = _carry(before.path, path, after.path, target)
        if reason or target is None:
            conflicts.append(NotCarried(path, reason))
        else:
            carried.append(target)
    return Carried(tuple(carried), set_marks(recipe, after), tuple(conflicts))


def bring(before: str, path: str, after: str, target: str, *, replace: bool) -> str | None:
    """Bring one more file from the folder `before` to `after`, both paths relative to them.

    Returns None where it was there already and the same, an empty text where it was brought, and
    else why not. With `replace` it takes the place of another file. Raises OSError when `after`
    cannot be written.
    """
    source, destination = os.path.join(before, path), os.path.join(after, target)
    if not os.path.lexists(destination):
        return _carry(before, path, after, target)
    different = _compared(source, destination)
    if not different:
        return None
    if not replace or (os.path.isdir(destination) and not os.path.islink(destination)):
        return different
    try:
        status = reach.lstat(source)
    except OSError as error:
        return f"cannot be read: {reason_of(error)}"
    if stat.S_ISREG(status.st_mode):
        return _copy(source, destination, status)  # renamed over what is there
    os.unlink(destination)
    return _carry(before, path, after, target)


def mapped(path: str, before: Environment, after: Environment) -> str | None:
    """Return where a file of the old environment belongs in the new one; both relative, with `/`.

    None for what is not inside the old one.
    """
    place = place_of(path, before.path, before.path)
    if place is None or os.path.isabs(path):
        return None
    match = _MINOR.match(place)
    if match is None:
        return place
    prefix = match[0]
    libraries = [
        found[0]
        for folder in after.site_packages
        if (at := place_of("", folder, after.path)) and (found := _MINOR.match(at + "/"))
    ]
    if not libraries or prefix in libraries:
        return place
    same = [library for library in libraries if library.startswith(match[1] + "/")]
    return (same or libraries)[0] + place[len(prefix) :]


def _carry(source_root: str, path: str, target_root: str, target: str) -> str:
    """Copy one file or link; return why not, or nothing."""
    source = os.path.join(source_root, path)
    destination = os.path.join(target_root, target)
    try:
        status = reach.lstat(source)
    except (OSError, ValueError) as error:
        return f"cannot be read: {reason_of(error)}"
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        return "is neither a file nor a link"
    if os.path.lexists(destination):
        return _compared(source, destination)
    reason = _make_folders(source_root, path, target_root, os.path.dirname(target))
    if reason:
        return reason
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(source), destination)
        _keep_times(destination, status)
        return ""
    return _copy(source, destination, status)


def _compared(source: str, destination: str) -> str:
    """Return nothing where the new environment has the same already."""
    try:
        if os.path.samestat(os.lstat(source), os.lstat(destination)):
            return ""
        if os.path.islink(source) or os.path.islink(destination):
            same = os.readlink(source) == os.readlink(destination)
        elif not os.path.isfile(destination):
            same = False
        else:
            same = filecmp.cmp(source, destination, shallow=False)
    except OSError:  # one of them is no link
        same = False
    return "" if same else "the new environment has something else there"


def _make_folders(source_root: str, path: str, target_root: str, folder: str) -> str:
    """Make the folders above a file, each with the mode of the one it stands for."""
    missing = []
    at = folder
    while at and not os.path.lexists(os.path.join(target_root, at)):
        missing.append(at)
        at = os.path.dirname(at)
    base = os.path.join(target_root, at) if at else target_root
    real, root = os.path.realpath(base), os.path.realpath(target_root)
    if not os.path.isdir(base):
        return "the new environment has a file where its folder would be"
    if real != root and not real.startswith(root + os.sep):
        return "its folder in the new environment is a link that leads out of it"
    above = os.path.dirname(path)
    modes = {}
    for each in missing:  # the innermost first, as in the source
        try:
            modes[each] = stat.S_IMODE(reach.stat(os.path.join(source_root, above)).st_mode)
        except OSError:
            modes[each] = 0o755
        above = os.path.dirname(above)
    for each in reversed(missing):
        os.mkdir(os.path.join(target_root, each), 0o700)
        os.chmod(os.path.join(target_root, each), modes[each] | 0o700)
    return ""


def _copy(source: str, destination: str, status: os.stat_result) -> str:
    """Copy a file under another name first, so that what bears its name is whole."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_BINARY", 0)
    try:
        reading = os.open(source, flags)
    except OSError as error:
        return f"cannot be read: {reason_of(error)}"
    partial = os.path.join(os.path.dirname(destination), f".{secrets.token_hex(8)}.tmp")
    try:
        writing = os.open(
            partial,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0),
            0o600,
        )
        try:
            with os.fdopen(writing, "wb") as sink:
                while part := os.read(reading, _PART):
                    sink.write(part)
            if hasattr(os, "geteuid") and os.geteuid() == 0:  # another's file stays another's
                os.chown(partial, status.st_uid, status.st_gid)
            os.chmod(partial, stat.S_IMODE(status.st_mode))
            _keep_times(partial, status)
            os.rename(partial, destination)
        except BaseException:
            os.unlink(partial)
            raise
    finally:
        os.close(reading)
    return ""


def _keep_times(path: str, status: os.stat_result) -> None:
    """Give a file the times of another; a system that cannot do so for a link leaves it."""
    times = (status.st_atime_ns, status.st_mtime_ns)
    if os.utime in os.supports_follow_symlinks:
        os.utime(path, ns=times, follow_symlinks=False)
    elif not os.path.islink(path):
        os.utime(path, ns=times)
