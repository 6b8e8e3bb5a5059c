"""One operation on one environment, from the first journal entry to its end."""

import errno
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from envdeck.core.inspection.protection import TRASH
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Identity
from envdeck.core.operations.disk import Disk, disk_for
from envdeck.core.operations.transaction.clock import Clock
from envdeck.core.operations.transaction.journal import Entry, Journal, Phase, opened
from envdeck.core.operations.transaction.picture import Picture, keep_picture
from envdeck.core.operations.transaction.places import (
    BEFORE,
    ENVIRONMENT,
    FILE_AFTER,
    FILE_BEFORE,
    NEXT,
    FileLock,
    LockHeld,
    Places,
    lock,
    lock_folder,
    lock_of_uv,
    stranger,
    trashes_for,
)
from envdeck.core.operations.transaction.resolve import finish, settle
from envdeck.core.operations.transaction.spare import Spare
from envdeck.core.operations.transaction.trash import (
    TrashManifest,
    prepare_item,
    purge_name,
    write_manifest,
)
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import Host
from envdeck.core.system.mounts import read_mounts

_TRIES, _PAUSE = 50, 0.02
"""How often, and with how many seconds between, the lock of the journal's order is asked for."""


def _always(_path: str) -> bool:
    return True


class BusyError(Exception):
    """Somebody else works on the environment; the text says who."""


class HalfPurgedError(Exception):
    """Its removal began, and could not be ended: nothing of it can be put back.

    The text says what is left, and why.
    """

    def __init__(self, message: str, hint: str, freed: int) -> None:
        super().__init__(message)
        self.hint = hint
        """What helps."""
        self.freed = freed
        """Bytes that are free now."""


class ReplacedError(Exception):
    """Something else is at the path than what was shown; nothing was changed."""


class UnclearError(Exception):
    """Somebody else changed the place in the midst of it; the text says what is left where."""


@dataclass(slots=True)
class OperationStore:
    """What every operation stands on: the host, its disk, its journal, its places, its clock."""

    host: Host
    disk: Disk
    journal: Journal = field(init=False)
    places: Places = field(init=False)
    spare: Spare = field(init=False)
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self.places = Places.find(self.host)
        self.journal = Journal(self.places.journal, self.disk)
        self.spare = Spare(self.places, self.disk, self.journal.trashes)
        self.disk.spare = self.spare.free
        self.clock = Clock(self.places.clock, self.disk)

    @classmethod
    def open(cls, host: Host) -> "OperationStore":
        """Return the real one."""
        return cls(host, disk_for(host))


def digest_of(path: str) -> str:
    """Return the SHA-256 of a file; empty where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


class Transaction:
    """Steps that are journalled before they are taken. Use :func:`transaction` to get one."""

    def __init__(self, store: OperationStore, entry: Entry, held: FileLock) -> None:
        self._store = store
        self._held = held
        before = store.journal.read(entry.id)
        if before is not None and not (
            isinstance(before, Entry) and before.phase is Phase.ROLLED_BACK
        ):
            raise BusyError("already run")
        with _numbered(entry, store) as numbered:
            self.entry = store.journal.write(opened(numbered, store.host))

    @property
    def keep(self) -> tuple[int, ...]:
        """The descriptors that children must inherit, so that the lock outlives us with them."""
        return (self._held.descriptor,)

    @property
    def staged(self) -> str:
        """Where the new environment is made."""
        return os.path.join(self.entry.item, ENVIRONMENT)

    def note(self, phase: Phase, **changes: object) -> None:
        """Journal how far it is."""
        self.entry = self._store.journal.write(
            replace(self.entry, phase=phase, **changes)  # type: ignore[arg-type]  # checked there
        )

    def open_item(self, trash: str) -> None:
        """Make the item in `trash`. Raises `OSError`."""
        item = os.path.join(trash, self.entry.id)
        if self._store.disk.identity(item) is not None:  # another's: not to be cleared as ours
            raise FileExistsError(17, "an item with this name is already in the trash", item)
        problem = stranger(item, [self.entry.path], self._store.host)
        if problem:
            raise PermissionError(13, problem, trash)
        self.note(self.entry.phase, item=item)
        prepare_item(trash, self.entry.id, self._store.disk)
        self._store.spare.keep_in(trash)

    def describe(self, manifest: TrashManifest, *, needed: bool = True) -> None:
        """Write the item's manifest; on a full disk a short one, or none if none is `needed`."""
        timed = replace(manifest, seen_at=self._store.clock.seen())
        write_manifest(self.entry.item, timed, self._store.disk, needed=needed)

    def take_picture(self, taken: Picture | None = None) -> Picture:
        """Keep how the environment is, so that a rollback can be proved, and return it; by default,
        how it is now. Where the disk is full nothing is kept, and nothing proved."""
        picture = taken or Picture.take(self.entry.path)
        with suppress(OSError):
            keep_picture(self.entry.item, picture, self._store.disk)
        return picture

    def describe_next(self, manifest: TrashManifest) -> None:
        """Write the manifest that the item has when this is done."""
        timed = replace(manifest, seen_at=self._store.clock.seen())
        write_manifest(self.entry.item, timed, self._store.disk, NEXT)

    def make_staged(self) -> Identity:
        """Make the folder of the new environment, and journal what it is before it is filled."""
        self.note(Phase.STAGING)
        identity = self._store.disk.make_folder(self.staged)
        self.note(Phase.STAGING, new=identity)
        return identity

    def save_file(self, path: str) -> None:
        """Keep a copy of a file outside the environment, which returns if this is given up."""
        path = os.path.realpath(path)
        with open(path, "rb") as file:
            data = file.read()
        self._store.disk.write(os.path.join(self.entry.item, FILE_BEFORE), data)
        folder = self._store.disk.identity(os.path.dirname(path))
        self.note(self.entry.phase, file=path, file_folder=folder, file_if_not=FILE_BEFORE)

    def swap_file(self, path: str, kept: str) -> None:
        """Have a file outside the environment return to what the item keeps of it, when this is
        done; what it holds now is kept for the way back."""
        now = FILE_AFTER if kept == FILE_BEFORE else FILE_BEFORE
        with open(path, "rb") as file:
            data = file.read()
        self._store.disk.write(os.path.join(self.entry.item, now), data)
        self.note(
            self.entry.phase,
            file=path,
            file_folder=self._store.disk.identity(os.path.dirname(path)),
            file_if_done=kept,
            file_if_not=now,
            file_digest=digest_of(os.path.join(self.entry.item, kept)),
        )

    def move_to_trash(self) -> None:
        """Move the environment into its item."""
        disk, path = self._store.disk, self.entry.path
        self._expect(path)
        self.note(Phase.MOVING)
        disk.move(path, self.staged)
        if disk.identity(self.staged) != self.entry.old:
            disk.move(self.staged, path)
            raise ReplacedError(path)
        self._end()

    def restore(self) -> None:
        """Move what is in the item to its place, which was empty when it was looked at; what a
        recovery has put back there since, or somebody else, stays."""
        self.note(Phase.MOVING)
        try:
            self._store.disk.move(self.staged, self.entry.path)
        except FileExistsError:
            raise ReplacedError(self.entry.path) from None
        self._end()

    def swap_in(self, is_as_shown: Callable[[str], bool] = _always) -> None:
        """Exchange the staged environment for the one in its place, or move it where none is.

        `is_as_shown` is asked about the old one once it is aside: where it says no, everything
        returns, as where something else is there.
        """
        disk, entry = self._store.disk, self.entry
        staged = disk.identity(self.staged)  # a tool may have recreated the folder
        self._expect(entry.path)
        if entry.old is None:
            self.note(Phase.MOVING, new=staged)
            disk.move(self.staged, entry.path)
        else:
            two_steps = not disk.can_exchange(entry.item)
            self.note(Phase.MOVING, new=staged, two_steps=two_steps)
            if two_steps:
                before = os.path.join(entry.item, BEFORE)
                disk.move(entry.path, before)
                if disk.identity(before) != entry.old or not is_as_shown(before):
                    disk.move(before, entry.path)
                    raise ReplacedError(entry.path)
                disk.move(self.staged, entry.path)
            elif not disk.exchange(self.staged, entry.path):
                raise OSError(errno.EOPNOTSUPP, "the file system cannot swap folders atomically")
            elif disk.identity(self.staged) != entry.old or not is_as_shown(self.staged):
                disk.exchange(self.staged, entry.path)
                raise ReplacedError(entry.path)
        self._end()

    def set_going(self) -> bool:
        """Rename the item so that it is one of the trash no more; removing it is the caller's.

        Return whether it had its own name until now.
        """
        self.note(Phase.MOVING)
        disk, item, going = self._store.disk, self.entry.item, purge_name(self.entry.item)
        if disk.identity(item) is None and disk.identity(going) == self.entry.old:
            return False  # an earlier purge could not remove all of it
        disk.move(item, going)
        if disk.identity(going) != self.entry.old:
            disk.move(going, item)
            raise ReplacedError(item)
        return True

    def keep_item(self) -> None:
        """Let an item be one of the trash again, of which nothing could be removed."""
        self._store.disk.move(purge_name(self.entry.item), self.entry.item)

    def _expect(self, path: str) -> None:
        """Look once more, for what somebody did while it was prepared."""
        if self._store.disk.identity(path) != self.entry.old:
            raise ReplacedError(path)

    def _end(self) -> None:
        self.entry = settle(self.entry, self._store.disk, self._store.journal)
        if self.entry.phase is Phase.ATTENTION:
            raise UnclearError(self.entry.message)

    def give_up(self, message: str) -> Entry:
        """Bring it to the end that the disk allows, after a failure. Raises `OSError`."""
        self.entry = settle(self.entry, self._store.disk, self._store.journal, message)
        return self.entry

    def close(self, phase: Phase, message: str) -> None:
        """Journal an end that needs no look at the disk."""
        ended = replace(self.entry, phase=phase, message=message, ended_at=self._store.host.now())
        self.entry = finish(ended, self._store.journal)


class TransactionPart(Transaction):
    """One of several environments that are made in the staged folder of a transaction, under its
    entry and its lock."""

    def __init__(self, whole: Transaction, folder: str) -> None:
        self._store = whole._store  # noqa: SLF001 - a part of it
        self._held = whole._held  # noqa: SLF001 - a part of it
        self.entry = whole.entry
        self._folder = folder

    @property
    def staged(self) -> str:
        """Where this one is made."""
        return os.path.join(self._folder, ENVIRONMENT)

    def make_staged(self) -> Identity:
        """Make its folder, and the one around it."""
        os.mkdir(self._folder, 0o700)
        os.mkdir(self.staged, 0o700)
        status = os.lstat(self.staged)
        return Identity(status.st_dev, status.st_ino)


@contextmanager
def _numbered(entry: Entry, store: OperationStore) -> Iterator[Entry]:
    """Give an entry the next number in the order, which nobody else gets until it is written.

    Whoever holds that lock for longer than a moment is stopped or hangs: then two may get the
    same one, and their times tell which was first.
    """
    held: FileLock | LockHeld | None = None
    try:
        for _ in range(_TRIES):
            held = lock_folder(store.places.journal)
            if not isinstance(held, LockHeld):
                break
            time.sleep(_PAUSE)
        yield replace(entry, sequence=store.journal.next_sequence())
    finally:
        if isinstance(held, FileLock):
            held.release()


@contextmanager
def transaction(store: OperationStore, entry: Entry) -> Iterator[Transaction]:
    """Open a transaction under the environment's lock; whatever leaves the block by an exception
    is rolled back, or finished where the step that counts was taken: what the system refused
    after that (a sync of the folder, say) is no failure any more, and not raised.

    Raises :class:`BusyError` when somebody else works on it.
    """
    held = lock(entry.path, store.places.locks, store.disk, entry.id)
    if isinstance(held, LockHeld):
        raise BusyError(str(held))
    with held:
        for each in store.journal.pending_at(entry.path):  # its installer has only just ended
            settle(each, store.disk, store.journal)
        other = lock_of_uv(entry.path) if entry.old is not None else None
        if isinstance(other, LockHeld):
            raise BusyError("in use by uv")
        try:
            current = Transaction(store, entry, held)
            try:
                yield current
            except BaseException as error:
                if not current.entry.phase.over:
                    current.give_up(_describe_error(error))
                if not isinstance(error, OSError) or current.entry.phase is not Phase.DONE:
                    raise
        finally:
            if other is not None:
                other.release()


def trash_of(path: str, store: OperationStore) -> Iterator[str]:
    """Yield the trashes that `path` can be renamed into, best first."""
    yield from trashes_for(path, store.host, read_mounts(store.host))


def first_trash(path: str, store: OperationStore) -> str:
    """Return the trash that is tried first for `path`."""
    beside = os.path.join(os.path.dirname(path), TRASH)
    return next(trash_of(path, store), beside)


def _describe_error(error: BaseException) -> str:
    if isinstance(error, OSError):
        return reason_of(error)
    if isinstance(error, ReplacedError):
        return "replaced by something else"
    return str(error) or type(error).__name__
