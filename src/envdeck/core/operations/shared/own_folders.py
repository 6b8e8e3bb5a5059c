"""Move EnvDeck's own files once from the folders of an earlier version to those of platformdirs.

Each file or folder moves by one rename; to another disk by a copy, renamed when it is complete.
Until then it is found and used where it was (:func:`envdeck.core.system.host.own_path`), so a kill
loses nothing and the next start continues. Where both folders have a file, the current one is used:
an identical former one is removed, a different one stays where it is.

Some things do not move. A symlink, or anything in a folder that is one: a person made it. The
journal and what belongs to it, while an operation runs. The trash: the journal names its items by
path. New items go to the new trash, and the former one is removed once it is empty.
"""

import errno
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress

from envdeck.core.index.database import GUARD, connect, is_busy
from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.operations.disk import Disk, disk_for
from envdeck.core.operations.disk.reserve import Reserve
from envdeck.core.operations.transaction.places import (
    LockHeld,
    lock_every,
    lock_folder,
    parse_temporary,
    process_exists,
)
from envdeck.core.system.files import reason_of, same_content
from envdeck.core.system.host import Host, former_folders, own_folders

_STATE = ("operations", "onboarding", "clock.json", "tour")
_INDEX = re.compile(r"index(-[\w.-]+)?\.sqlite3", re.ASCII)
_BUSY = "in use"


@dataclass(frozen=True, slots=True)
class RelocationResult:
    """The result for one file or folder that was found in a former folder."""

    source: str
    target: str
    problem: str = ""
    """Why it stays at the source, and is used there; empty if it was moved."""


def relocate(host: Host, disk: Disk | None = None) -> tuple[RelocationResult, ...]:
    """Move what the former folders hold. Raises nothing, and creates nothing where there is
    nothing to move."""
    disk = disk or disk_for(host)
    usual, former = own_folders(host), former_folders(host)
    done: list[RelocationResult] = []
    if _is_other(former.config, usual.config):
        done += _each(("config.toml",), former.config, usual.config, disk, _carry)
    if _is_other(former.cache, usual.cache):
        done += _each(_indexes(former.cache), former.cache, usual.cache, disk, _carry_index)
    if _is_other(former.state, usual.state):
        done += _carry_state(former.state, usual.state, disk)
    if _is_other(former.data, usual.data):
        with suppress(OSError):  # it is not empty, or was never there
            os.rmdir(os.path.join(former.data, "trash"))
    for folder, now in zip(former.every(), usual.every(), strict=True):
        if _is_other(folder, now):
            with suppress(OSError):  # something is left in it
                os.rmdir(folder)
    return tuple(done)


def _is_other(former: str, usual: str) -> bool:
    """Tell whether a former folder is there, a folder of this user's, and not the usual one."""
    if former == usual:
        return False
    try:
        status = os.lstat(former)
    except OSError:
        return False
    ours = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    is_other = os.path.realpath(former) != os.path.realpath(usual)
    return stat.S_ISDIR(status.st_mode) and ours and is_other


def _indexes(folder: str) -> tuple[str, ...]:
    try:
        return tuple(sorted(name for name in os.listdir(folder) if _INDEX.fullmatch(name)))
    except OSError:
        return ()


def _each(
    names: tuple[str, ...],
    former: str,
    usual: str,
    disk: Disk,
    carry: Callable[[str, str, Disk], bool],
) -> Iterator[RelocationResult]:
    for name in names:
        source, target = os.path.join(former, name), os.path.join(usual, name)
        if not os.path.lexists(source):
            continue
        try:
            if carry(source, target, disk):
                yield RelocationResult(source, target)
        except OSError as error:
            if os.path.lexists(source):  # else another process was faster
                yield RelocationResult(source, target, reason_of(error))


def _carry_state(former: str, usual: str, disk: Disk) -> list[RelocationResult]:
    """Move the journal and what belongs to it, unless an operation runs; none begins meanwhile."""
    names = tuple(name for name in _STATE if os.path.lexists(os.path.join(former, name)))
    journal, locks = os.path.join(former, "operations"), os.path.join(former, "locks")
    with ExitStack() as stack:
        for held in (lock_folder(journal), *lock_every(locks)):
            if isinstance(held, LockHeld):
                sources = [os.path.join(former, name) for name in names]
                return [
                    RelocationResult(source, os.path.join(usual, os.path.basename(source)), _BUSY)
                    for source in sources
                ]
            if held is not None:
                stack.enter_context(held)
        done = list(_each(names, former, usual, disk, _carry))
    if not any(moved.problem for moved in done):  # locks and reserve are recreated
        Reserve(os.path.join(former, "reserve")).remove()
        with suppress(OSError):
            for name in os.listdir(locks):
                os.unlink(os.path.join(locks, name))
            os.rmdir(locks)
    return done


def _carry(source: str, target: str, disk: Disk) -> bool:
    """Move a file or a folder, or those parts of it that the target lacks. Return whether anything
    was moved. Raises `OSError`."""
    if os.path.islink(source):
        return False
    if not os.path.lexists(target):
        disk.ensure_folder(os.path.dirname(target))
        try:
            disk.move(source, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(source, target, disk)
        return True
    if os.path.islink(target):
        return False
    if os.path.isdir(source) and os.path.isdir(target):
        names = sorted(os.listdir(source))
        moved = [
            _carry(os.path.join(source, name), os.path.join(target, name), disk) for name in names
        ]
        with suppress(OSError):  # something is left in it
            os.rmdir(source)
        return any(moved)
    if os.path.isfile(source) and os.path.isfile(target) and same_content(source, target):
        disk.remove_file(source)
    return False


def _copy(source: str, target: str, disk: Disk) -> None:
    """Move to another disk: the source is removed after the copy was synced and renamed."""
    temporary = _temporary(target)
    try:
        if os.path.isdir(source):
            shutil.copytree(source, temporary, symlinks=True)
            disk.settle_tree(temporary)
        else:
            shutil.copy2(source, temporary)
            _sync(temporary)
        disk.move(temporary, target)
    except BaseException:
        _remove(temporary)
        raise
    _remove(source)


def _carry_index(source: str, target: str, disk: Disk) -> bool:
    """Move the index by SQLite's own backup, since another process may have it open; that process
    continues with the removed file. Raises `OSError`."""
    if os.path.lexists(target) or not stat.S_ISREG(os.lstat(source).st_mode):
        return _carry(source, target, disk) if os.path.isfile(source) else False
    disk.ensure_folder(os.path.dirname(target))
    temporary = _temporary(target)
    try:
        with GUARD, closing(connect(source)) as old, closing(connect(temporary)) as new:
            old.execute("BEGIN")
            old.execute("SELECT count(*) FROM sqlite_master")  # a writer is waited for here, and
            old.backup(new)  # not in the copy, which would wait for ever
        disk.move(temporary, target)
    except sqlite3.Error as error:
        _remove(temporary)
        if is_busy(error):
            raise OSError(errno.EBUSY, _BUSY, source) from error
        return _carry(source, target, disk)  # damaged: whoever opens it says so
    except BaseException:
        _remove(temporary)
        raise
    disk.remove_file(source)
    disk.remove_file(f"{source}-journal")
    return True


def _temporary(target: str) -> str:
    """Return a temporary name for `target`; leftovers of killed processes are removed first."""
    folder, name = os.path.split(target)
    for each in os.listdir(folder):
        found = parse_temporary(each)
        if found is not None and found[0] == name and not process_exists(found[1]):
            _remove(os.path.join(folder, each))
    temporary = f"{target}.{os.getpid()}.tmp"
    _remove(temporary)
    return temporary


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        with suppress(FileNotFoundError):
            os.unlink(path)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
