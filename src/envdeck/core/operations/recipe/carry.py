"""Unowned files, installer marks, editables and scripts carried over."""

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence

from envdeck.core.inspection.ownership import ACTIVATION, HOOKS, added_lines, merge_lines
from envdeck.core.inspection.packages.distributions import read_head
from envdeck.core.inspection.packages.provenance import DIRECT_URL_LIMIT
from envdeck.core.inspection.packages.record import (
    COMPILED,
    MARKS,
    MARKS_OF_UV,
    RECORD_LIMIT,
    is_compiled,
    place_of,
)
from envdeck.core.inspection.packages.site_packages import Listed, list_names
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import Environment
from envdeck.core.operations.recipe.freeze import freeze
from envdeck.core.operations.recipe.recipe import Pin, Recipe, record_of, set_rows
from envdeck.core.system import reach
from envdeck.core.system.files import (
    Unread,
    decode_path,
    read_bounded,
    reason_of,
    same_content,
    write_atomically,
)

_ALL = (*MARKS, *MARKS_OF_UV)
_OF_ONE_VERSION = frozenset({"direct_url.json", *MARKS_OF_UV})


def set_marks(recipe: Recipe, after: Environment) -> tuple[str, ...]:
    """Make the marks of every distribution in `after` those it has in the recipe, so that who
    reads it next finds the same; return the names of those that were changed.

    The old metadata folders are read again. Where the version is another one, the origin is
    left as it was installed now. Raises OSError when `after` cannot be written.
    """
    there: dict[str, list[Listed]] = {}
    for listed in list_names(after.site_packages):
        there.setdefault(listed.name, []).append(listed)
    if any(len(every) > 1 for every in there.values()):  # one of them is the one that counts
        real = {pin.path for pin in freeze(after, quick=True).installed}
        there = {name: [each for each in all_ if each.path in real] for name, all_ in there.items()}
    return tuple(
        pin.name for pin in recipe.installed if (new := there.get(pin.name)) and _set(pin, new[0])
    )


def _set(old: Pin, new: Listed) -> bool:
    if not (old.path.endswith(".dist-info") and new.path.endswith(".dist-info")):
        return False
    folder, info = os.path.split(new.path)
    same_version = info == os.path.basename(old.path) or (
        old.version == read_head(folder, info).version
    )
    changed: dict[str, bytes | None] = {}
    there = _listed(old.path), _listed(new.path)
    for name in _ALL:
        if name in _OF_ONE_VERSION and not same_version:
            continue
        before, now = (_content(*each, name) for each in there)
        if before != now and not isinstance(before, Unread):
            changed[name] = before
    if not changed:
        return False
    for name, data in changed.items():
        path = os.path.join(new.path, name)
        if data is None:
            os.unlink(path)
        else:
            write_atomically(path, data, mode=0o644)
    set_rows(new.path, changed)
    return True


def _listed(folder: str) -> tuple[str, frozenset[str]]:
    """Return a metadata folder, and which marks may be in it: all, where it cannot be listed."""
    try:
        return folder, frozenset(reach.listdir(folder))
    except (OSError, ValueError):
        return folder, frozenset(_ALL)


def _content(folder: str, names: frozenset[str], name: str) -> bytes | Unread | None:
    """Return what a mark holds; None where there is none."""
    return read_bounded(os.path.join(folder, name), DIRECT_URL_LIMIT) if name in names else None


ALWAYS = ("pip.conf", "pip.ini", ".env")
"""Carried over whether a list of unowned files has them or not."""
_OF_MANAGERS = (
    *(".project", ".tox-info.json", ".tox-config1", "pipx_metadata.json", "uv-receipt.toml"),
    *(".install_state_v1", ".install_state_v2", *(f"bin/{name}" for name in sorted(HOOKS))),
)
"""No creator writes them again; carried over where the new environment has none."""
_SCRIPT_LIMIT = 64 * 1024

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
    present += [
        name
        for name in _OF_MANAGERS
        if reach.lexists(os.path.join(before.path, name))
        and not os.path.lexists(os.path.join(after.path, name))
    ]
    merged = frozenset(_merge_activation(before, after))
    carried += sorted(merged)
    for path in dict.fromkeys([*present, *files]):
        if path in merged:
            continue
        target = mapped(path, before, after)
        reason = "is not inside the environment" if target is None else ""
        if target is not None:
            reason = _carry(before.path, path, after.path, target)
        if reason or target is None:
            conflicts.append(NotCarried(path, reason))
        else:
            carried.append(target)
    return Carried(tuple(carried), set_marks(recipe, after), tuple(conflicts))


def _merge_activation(before: Environment, after: Environment) -> Iterator[str]:
    """Bring a person's lines in activation scripts into the new ones, and yield which have any."""
    if before.python.executable is None:
        return
    scripts = os.path.basename(os.path.dirname(before.python.executable))
    for name in sorted(ACTIVATION):
        old, new = (os.path.join(each.path, scripts, name) for each in (before, after))
        was, now = read_bounded(old, _SCRIPT_LIMIT), read_bounded(new, _SCRIPT_LIMIT)
        if isinstance(was, Unread) or isinstance(now, Unread) or os.path.islink(new):
            continue
        now = now.replace(os.fsencode(after.path), os.fsencode(before.path))
        wanted = merge_lines(name, was, now)
        if wanted != now:
            mode = stat.S_IMODE(reach.stat(old).st_mode)
            write_atomically(new, wanted, mode=mode)
        if wanted != now or added_lines(name, was):
            yield f"{scripts}/{name}"


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
        return _carry_copy(source, destination, status)  # renamed over what is there
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
        return "is not a file or a link"
    if os.path.lexists(destination):
        return _compared(source, destination)
    reason = _make_folders(source_root, path, target_root, os.path.dirname(target))
    if reason:
        return reason
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(source), destination)
        _keep_times(destination, status)
        return ""
    return _carry_copy(source, destination, status)


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
            same = same_content(source, destination)
    except OSError:  # one of them is no link
        same = False
    return "" if same else "the new environment has a different file there"


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
        return "the new environment has a file in place of its folder"
    if real != root and not real.startswith(root + os.sep):
        return "its folder in the new environment is a symlink to outside"
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


def _carry_copy(source: str, destination: str, status: os.stat_result) -> str:
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


_MOST = 1_000
"""Files; an editable install puts down a handful."""
_MOST_KEPT = 200_000
_EASY_INSTALL = "easy-install.pth"


def transplant(pin: Pin, before: Environment, after: Environment) -> str:
    """Copy what RECORD lists of an editable distribution from one environment into another.

    Both have the same minor version. Scripts come too, and still name the old environment's
    interpreter, which is right where the new one takes its place. Returns why it cannot be
    done, or nothing. Raises OSError when `after` cannot be written.
    """
    rows = record_of(pin.path)
    if isinstance(rows, Unread):
        return f"RECORD cannot be read: {rows.reason}"
    if len(rows) > _MOST:
        return "RECORD lists too many files for an editable install"
    paths = [path for row in rows if not is_compiled(path := row.path, row.hash)]
    for path in paths:
        source = _pin_path(pin, path)
        if source.startswith(before.path + os.sep) and not reach.isfile(source):
            return f"file missing: {os.path.relpath(source, before.path)}"
    return _transplant_copy(pin, paths, before, after)


def keep_files(pin: Pin, before: Environment, after: Environment) -> str:
    """Copy the files of a distribution as they are, edited or not, with its metadata; those that
    are missing stay so. What no list names is none of them: it comes with whatever else no
    package owns.

    Returns why it cannot be done, or nothing. Raises OSError when `after` cannot be written.
    """
    paths = [path for path in _own_files(pin) if reach.lexists(_pin_path(pin, path))]
    if len(paths) > _MOST_KEPT:
        return "too many files"
    refused = _transplant_copy(pin, paths, before, after)
    if not refused and pin.path.endswith(".egg"):
        _lead_to_egg(pin, before, after)
    return refused


def _own_files(pin: Pin) -> Iterator[str]:
    """Yield the files that are known to be a distribution's, relative to its package folder."""
    rows = record_of(pin.path)
    if not isinstance(rows, Unread):
        yield from (row.path for row in rows if not is_compiled(row.path, row.hash))
        name = os.path.basename(pin.path)  # whether RECORD lists all of it, itself included, or not
        yield from (f"{name}/{each}" for each in sorted(reach.listdir(pin.path)))
        return
    name = os.path.basename(pin.path)
    if not reach.isdir(pin.path):
        yield name
        return
    for folder, _, names in os.walk(pin.path):
        inside = os.path.relpath(folder, os.path.dirname(pin.path))
        yield from (os.path.join(inside, each) for each in _drop_compiled(names, inside))
    listed = read_bounded(os.path.join(pin.path, "installed-files.txt"), RECORD_LIMIT)
    if not isinstance(listed, Unread):
        lines = [line for line in decode_path(listed).splitlines() if line]
        for line in _drop_compiled(lines):
            yield os.path.normpath(os.path.join(name, line))


def _drop_compiled(names: Sequence[str], folder: str = "") -> Iterator[str]:
    """Leave out what Python compiles of sources that are there too."""
    there = set(names)
    for name in names:
        made = "__pycache__" in f"{folder}/{name}" or name[:-1] in there
        if not (made and name.endswith(COMPILED)):
            yield name


def _pin_path(pin: Pin, path: str) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(pin.path), path))


def _transplant_copy(
    pin: Pin, paths: Iterable[str], before: Environment, after: Environment
) -> str:
    pairs = []
    for path in paths:
        source = _pin_path(pin, path)
        target = mapped(os.path.relpath(source, before.path), before, after)
        if "\0" in path or target is None or not source.startswith(before.path + os.sep):
            return f"RECORD lists a file outside the environment: {path}"
        if reach.isfile(source):
            pairs.append((source, os.path.join(after.path, target)))
    for source, target in pairs:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not os.path.lexists(target):
            shutil.copy2(source, target, follow_symlinks=False)
    return ""


def _lead_to_egg(pin: Pin, before: Environment, after: Environment) -> None:
    """Have the new environment find an egg, by the file that easy_install keeps for that."""
    folder, name = os.path.split(pin.path)
    place = mapped(os.path.relpath(folder, before.path), before, after)
    path = os.path.join(after.path, place or "", _EASY_INSTALL)
    with open(path, "a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(f"./{name}\n")
