"""The new file staged, exchanged, journalled."""

import errno
import os
import stat
from contextlib import suppress

from envdeck.core.dotenv import RemedyKind
from envdeck.core.dotenv.files import LIMIT
from envdeck.core.model import Ending, Identity, Refusal, Result, StepStarted, refused
from envdeck.core.operations.edit.plan import EditPlan
from envdeck.core.operations.edit.remedies import (
    EditTarget,
    changed,
    obstacles_at,
    place_of,
    still_not_ignored,
)
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.transaction.journal import Entry, Move, Phase
from envdeck.core.operations.transaction.transaction import (
    OperationStore,
    ReplacedError,
    Transaction,
    transaction,
    trash_of,
)
from envdeck.core.operations.transaction.trash import TrashManifest
from envdeck.core.operations.undo.plan import changed_file, mark_of_file
from envdeck.core.system import reach
from envdeck.core.system.files import read_bounded

_ALONE = 0o600
_FOR_ALL = 0o644
"""Less what the umask takes, as any program makes a file."""
_NO_ATTRIBUTES = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EINVAL, errno.ENODATA})


def stage_file(
    current: Transaction, data: bytes, like: os.stat_result | None, mode: int | None
) -> None:
    """Make the new file and journal what it is, then fill it and have it reach the disk.

    It is what the one in its place is: owner, group, mode (or another `mode`) and attributes; in
    the place of none it is what a program would have made. Raises `OSError` where that cannot
    be: somebody else would read it, or could not any more.
    """
    path = current.staged
    current.note(Phase.STAGING)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_BINARY", 0)
    created = _FOR_ALL if like is None and mode is None else _ALONE
    descriptor = os.open(path, flags, created)
    try:
        status = os.fstat(descriptor)
        current.note(Phase.STAGING, new=Identity(status.st_dev, status.st_ino))
        _own(descriptor, status, like or os.stat(os.path.dirname(current.entry.path)), like)
        if like is not None:
            _copy_attributes(current.entry.path, path)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        wanted = mode if mode is not None else like.st_mode if like is not None else None
        if wanted is not None:
            os.chmod(path, stat.S_IMODE(wanted))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own(
    descriptor: int, made: os.stat_result, wanted: os.stat_result, like: os.stat_result | None
) -> None:
    """Give the new file its owner and its group; `wanted` is the folder where there is no file."""
    if not hasattr(os, "fchown"):
        return
    user = wanted.st_uid if os.geteuid() == 0 else made.st_uid
    group = wanted.st_gid
    if like is None and user == made.st_uid and not wanted.st_mode & stat.S_ISGID:
        group = made.st_gid
    if (user, group) == (made.st_uid, made.st_gid):
        return
    if like is None or (like.st_mode & 0o070) == (like.st_mode & 0o007) << 3:
        with suppress(PermissionError):  # the group may no more than others: nobody gains by it
            os.fchown(descriptor, user, group)
        return
    os.fchown(descriptor, user, group)


def _copy_attributes(source: str, target: str) -> None:
    """Copy what else the file system keeps of a file: access lists, labels, a person's own."""
    if not hasattr(os, "listxattr"):
        return
    try:
        names = os.listxattr(source, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_ATTRIBUTES:
            return
        raise
    for name in names:
        try:
            value = os.getxattr(source, name, follow_symlinks=False)
            os.setxattr(target, name, value, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_ATTRIBUTES:
                raise


class _StoppedError(Exception):
    """A person stopped it before the step that counts."""


def run(plan: EditPlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    """Look again, write the new file aside, and exchange; or leave everything as it is.

    Raises `OSError` where the disk refuses: then everything is as it was too.
    """
    store = context.store
    place = _current_target(plan, store)
    if isinstance(place, Refusal):
        return refused(place)
    unable: OSError | None = None
    for trash in trash_of(place.path, store):
        try:
            with transaction(store, _entry(plan, place)) as current:
                current.open_item(trash)
                current.describe(_manifest(plan, place, store))
                tell(StepStarted(0, plan.steps[0].title))
                _write(plan, place, current)
                if stopped():
                    raise _StoppedError("cancelled")
                tell(StepStarted(1, plan.steps[1].title))
                current.swap_in(lambda path: _is_before(plan, place, path))
        except _StoppedError as error:
            return Result(Ending.ROLLED_BACK, f"nothing changed: {error}", stopped=True)
        except FileExistsError:
            if place.status is not None:
                raise
            return refused(changed(place.path))
        except ReplacedError:
            return refused(changed_file(place.path))
        except OSError as error:
            if error.errno != errno.EXDEV:  # another trash may do
                raise
            unable = error
        else:
            still = ""
            if plan.remedy.kind is RemedyKind.IGNORE:
                still = still_not_ignored(plan.remedy, store.host)
            return Result(Ending.DONE, plan.done, hint=still, verified=plan.verified)
    raise unable or OSError(errno.ENOENT, "no location available for staging")


def _current_target(plan: EditPlan, store: OperationStore) -> EditTarget | Refusal:
    """Return the file, if it is still the one that was shown, and holds what it held then."""
    target = plan.targets[0]
    place = place_of(plan.named, plan.remedy.project, store.host)
    if isinstance(place, Refusal):
        return place
    told = (target.path, target.identity, target.mark)
    if (place.path, place.identity, place.mark) != told or not _is_before(plan, place, place.path):
        return changed(plan.named)
    against = obstacles_at(place)
    return against[0] if against else place


def _is_before(plan: EditPlan, place: EditTarget, path: str) -> bool:
    """Tell whether a file holds what it held when the edit was planned: a clock is too coarse to
    tell that alone."""
    if plan.before is None:
        return place.status is None
    return mark_of_file(path) == place.mark and read_bounded(path, LIMIT) == plan.before.open()


def _write(plan: EditPlan, place: EditTarget, current: Transaction) -> None:
    data = plan.content.open()
    stage_file(current, data, place.status, plan.mode)
    if read_bounded(current.staged, len(data) + 1) != data:
        raise OSError(errno.EIO, "the written file could not be verified", current.staged)
    current.note(Phase.STAGING, mark=mark_of_file(current.staged))


def _entry(plan: EditPlan, place: EditTarget) -> Entry:
    return Entry(
        id=plan.id,
        group=plan.id,
        operation=plan.operation,
        move=Move.EXCHANGE,
        path=place.path,
        old=place.identity,
        name=plan.targets[0].name,
        bytes_aside=_bytes(place),
        is_file=True,
    )


def _manifest(plan: EditPlan, place: EditTarget, store: OperationStore) -> TrashManifest:
    return TrashManifest(
        id=plan.id,
        operation=plan.operation,
        path=place.path,
        name=plan.targets[0].name,
        manager="",
        python="",
        put_at=store.host.now(),
        disk_bytes=_bytes(place),
        reclaimable_bytes=_bytes(place),
        project=reach.realpath(plan.remedy.project),
    )


def _bytes(place: EditTarget) -> int | None:
    if place.status is None:
        return None
    blocks: int | None = getattr(place.status, "st_blocks", None)
    return place.status.st_size if blocks is None else blocks * 512
