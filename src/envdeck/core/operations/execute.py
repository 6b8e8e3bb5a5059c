"""Run any plan: refusals, command log, errors as results; recovery at start."""

import errno
import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import import_module

from envdeck.core.inspection.packages.distributions import read_distributions
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import (
    CommandEnded,
    CommandStarted,
    Ending,
    Environment,
    Notice,
    Operation,
    OperationEvent,
    OutputLine,
    Plan,
    Refusal,
    Result,
    Target,
    refused,
)
from envdeck.core.operations.disk import NotOneDiskError, is_full
from envdeck.core.operations.guards.check import replaced
from envdeck.core.operations.guards.context import read_only
from envdeck.core.operations.shared.context import Context, Stopped, Tell, read_environment
from envdeck.core.operations.shared.space import find_shortage, hint_for, hint_for_plan
from envdeck.core.operations.transaction.journal import Entry, Move
from envdeck.core.operations.transaction.places import (
    LockHeld,
    former_trash,
    is_ours_alone,
    lock,
    parse_temporary,
    process_exists,
)
from envdeck.core.operations.transaction.resolve import item_problem, settle
from envdeck.core.operations.transaction.spare import PurgeRequest
from envdeck.core.operations.transaction.transaction import (
    BusyError,
    OperationStore,
    ReplacedError,
    UnclearError,
)
from envdeck.core.system.files import existing_folder, reason_of
from envdeck.core.system.host import Host
from envdeck.core.system.mounts import mount_of, read_mounts
from envdeck.core.timeline.store import SnapshotStore


def run(context: Context, plan: Plan, tell: Tell, stopped: Stopped) -> Result:
    """Run a plan to its end, and keep the log of every command that it really ran."""
    if context.policy.read_only:
        return refused(read_only())
    if plan.refusals:
        return refused(plan.refusals[0])
    store = context.store
    # What a project's own command prints is its own: it may well be a secret.
    logged = plan.operation is not Operation.RUN
    log = CommandLog(store.journal.log_file(plan.id), store.host)

    def log_event(event: OperationEvent) -> None:
        if logged and isinstance(event, CommandStarted | CommandEnded | OutputLine):
            log.write(event)
        tell(event)

    store.spare.keep()
    of_environments = plan.operation not in _OF_NO_ENVIRONMENT
    if of_environments:
        _keep_snapshots(plan, context)
    try:
        result: Result = import_module(plan.runner).run(plan, context, log_event, stopped)
    except BusyError as error:
        return refused(Refusal("in-use", str(error), hint="wait until it finishes"))
    except ReplacedError as error:
        return refused(replaced(Target(str(error))))
    except UnclearError as error:
        return Result(Ending.ROLLED_BACK, str(error), hint=f"`envdeck history` lists {plan.id}")
    except OSError as error:
        if is_full(error):
            return _report_full_disk(error, plan, store)
        return Result(
            Ending.ROLLED_BACK,
            _sentence(error),
            hint=_layer_hint(error, plan, store) or _hint(error, plan.operation),
        )
    finally:
        log.close()
        store.spare.keep()
    with suppress(OSError):  # a long history is no reason for a done operation to fail
        store.journal.forget_oldest()
        store.clock.keep(store.clock.now())
    if plan.operation in _OF_THE_DISK:
        with suppress(OSError):  # a disk that went away by then
            folder = existing_folder(plan.targets[0].path)
            result = replace(result, free_bytes=store.disk.free_bytes(folder))
    if result.status is Ending.DONE and of_environments:
        after = {target.path: context.catalog.changed(target.path) for target in plan.targets}
        return replace(result, notice=_keep_snapshots(plan, context, after))
    return result


def _keep_snapshots(
    plan: Plan, context: Context, after: Mapping[str, Environment | None] | None = None
) -> Notice | None:
    """Keep what the environments of a plan hold: before it, so that what was changed by others is
    told from what it changes, and `after` it, as they were read then, by path. Return why something
    could not be kept."""
    store = SnapshotStore(context.catalog.host)
    for target in plan.targets:
        if after is not None:
            environment = after[target.path]
        elif plan.operation is Operation.DELETE and store.knows(target.path):
            continue  # there may be a hundred, and nothing in them changes
        elif (known := plan.read_result()) is not None:
            store.keep(*known, source="scan")
            continue
        else:
            environment = read_environment(target.path, context.catalog.host)
        if environment is not None and environment.site_packages:
            source = "scan" if after is None else plan.operation.value
            store.keep(environment, read_distributions(environment), source=source)
    return store.notice


_LOG_LIMIT = 4 * 1024 * 1024
"""Bytes; what goes on for ever is cut."""
_OF_THE_DISK = frozenset({Operation.DELETE, Operation.PURGE})
_OF_NO_ENVIRONMENT = frozenset(
    {Operation.PURGE, Operation.EDIT, Operation.RUN, Operation.BISECT, Operation.MATRIX}
)
"""Operations that leave every environment as it is, or without one."""


class CommandLog:
    """A text file that is made when the first command is run.

    A log that cannot be written never ends an operation: it is dropped.
    """

    def __init__(self, path: str, host: Host) -> None:
        self._path = path
        self._host = host
        self._descriptor = -1
        self._room = _LOG_LIMIT

    def write(self, event: CommandStarted | CommandEnded | OutputLine) -> None:
        """Add what a command said of itself."""
        match event:
            case CommandStarted(command, folder):
                moment = time.strftime("%H:%M:%S", time.gmtime(self._host.now()))
                self._add(f"{moment} $ {json.dumps(list(command))}  in {folder}")
            case CommandEnded(_, code, seconds):
                self._add(f"         exit code {code} after {seconds:.2f} s")
            case OutputLine(text):
                self._add(f"  {text}")

    def close(self) -> None:
        """Nothing more comes."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _add(self, line: str) -> None:
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        if len(data) > self._room:
            return
        self._room -= len(data)
        try:
            if self._descriptor < 0:
                os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                self._descriptor = os.open(self._path, flags, 0o600)
            os.write(self._descriptor, data)
        except OSError:
            self._room = 0


def _sentence(error: OSError) -> str:
    named = f": {error.filename}" if isinstance(error.filename, str) else ""
    return f"system error, nothing changed: {reason_of(error)}{named}"


def _report_full_disk(error: OSError, plan: Plan, store: OperationStore) -> Result:
    """Return the result where a disk is full and no room could be found for the journal."""
    shortage = find_shortage(error, plan.targets[0].path, store)
    return Result(
        Ending.ROLLED_BACK,
        f"nothing changed: {shortage}",
        hint=hint_for_plan(shortage, plan, store),
    )


def _layer_hint(error: OSError, plan: Plan, store: OperationStore) -> str:
    """Say what can be done about a folder that is part of a container's image: nothing in there
    can be renamed, and so neither moved aside nor deleted as a whole."""
    path = plan.targets[0].path
    mount = mount_of(os.path.realpath(path), read_mounts(store.host))
    if error.errno != errno.EXDEV or mount is None or mount.kind != "overlay":
        return ""
    return "it is part of the container's image: change it where that is built"


def _hint(error: OSError, operation: Operation) -> str:
    if isinstance(error, NotOneDiskError):
        return "unmount what is mounted there"
    match error.errno:
        case errno.EXDEV:
            return _OTHER_DISK.get(operation, "")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "check the permissions of the folder and its parent"
    return ""


_OTHER_DISK = {
    Operation.DELETE: "no trash possible there; use `--purge` to delete permanently",
    Operation.UNDO: "use a path on the same disk as its trash (see `envdeck trash`)",
}


def list_pending(store: OperationStore) -> tuple[Entry, ...]:
    """Return the operations that are not over, oldest first."""
    entries, _ = store.journal.read_all()
    return tuple(entry for entry in entries if not entry.phase.over)


def recover(store: OperationStore) -> tuple[Entry, ...]:
    """Bring to an end what nobody works on any more, and return what is over now.

    The lock tells whether somebody does: children of a program that was killed hold it on. One
    that the disk refuses to settle stays pending, and comes back with the reason as its message.
    """
    sweep(store)
    waiting = list_pending(store)
    with store.spare.lend_room(
        PurgeRequest(entry.item, entry.old) for entry in waiting if entry.move is Move.REMOVE
    ):
        return _settle_all(waiting, store)


def _settle_all(waiting: Iterable[Entry], store: OperationStore) -> tuple[Entry, ...]:
    done = []
    for entry in waiting:
        try:
            held = lock(entry.path, store.places.locks, store.disk, entry.id)
        except OSError as error:
            done.append(_stuck(entry, error, store))
            continue
        if isinstance(held, LockHeld):
            continue
        with held:
            current = store.journal.read(entry.id)  # it may have ended since it was read
            if not isinstance(current, Entry) or current.phase.over:
                continue
            try:
                done.append(settle(current, store.disk, store.journal))
            except OSError as error:
                done.append(_stuck(current, error, store))
    return tuple(done)


def _stuck(entry: Entry, error: OSError, store: OperationStore) -> Entry:
    why = reason_of(error)
    if is_full(error):
        shortage = find_shortage(error, entry.path, store)
        why = f"{shortage}; {hint_for(shortage, store)}"
    return replace(entry, message=f"cannot be recovered: {why}")


def sweep(store: OperationStore) -> None:
    """Remove what a program that was killed while it wrote a file left beside that file."""
    clock = os.path.dirname(store.places.clock)
    folders = [store.places.journal, clock, store.places.trash]
    if (former := former_trash(store.host)) is not None:
        folders.append(former)
    for entry in list_pending(store):
        if entry.item and not item_problem(entry, store.journal):
            folders += [os.path.dirname(entry.item), entry.item]
    for folder in dict.fromkeys(folders):
        if not is_ours_alone(folder):
            continue
        try:
            names = os.listdir(folder)
        except OSError:  # not there yet, or not ours to list: then there is nothing to sweep
            continue
        for name in names:
            found = parse_temporary(name)
            if found is not None and not process_exists(found[1]):  # reused: it stays a while
                with suppress(OSError):  # it does no harm; the next recovery tries again
                    store.disk.remove_file(os.path.join(folder, name))
