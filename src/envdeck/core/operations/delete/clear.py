"""Clearing caches and debris as it was planned: by the tool's own command, into the trash, or for
good where a tool writes it again by itself."""

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import ClassVar

from envdeck.core.caches import Cache
from envdeck.core.git import Git
from envdeck.core.inspection.size import joint_size
from envdeck.core.inspection.size_pool import Sizer
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    CACHES,
    TRASH_EMPTIED,
    Claims,
    Ending,
    Environment,
    Fact,
    Identity,
    ItemResult,
    Operation,
    Plan,
    Refusal,
    Result,
    Size,
    Status,
    Step,
    StepProgress,
    StepStarted,
    Target,
    refused,
)
from envdeck.core.operations.delete.plan import command_of_owner
from envdeck.core.operations.delete.purge import purge_one
from envdeck.core.operations.delete.run import move_to_trash, restore_all
from envdeck.core.operations.disk import RemainderError
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.guards.check import guard_context
from envdeck.core.operations.guards.context import (
    WRITTEN,
    GuardContext,
    GuardRequest,
    find_writer,
    read_only,
)
from envdeck.core.operations.guards.rules import InUse, Mounted, OwnEnvironment
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.shared.describe import manifest_of
from envdeck.core.operations.transaction.journal import Entry, Move, new_id
from envdeck.core.operations.transaction.places import LockHeld, lock_of_uv
from envdeck.core.operations.transaction.spare import PurgeRequest
from envdeck.core.operations.transaction.transaction import (
    BusyError,
    OperationStore,
    ReplacedError,
    UnclearError,
)
from envdeck.core.operations.transaction.trash import TrashManifest, read_item
from envdeck.core.system import reach
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import lies_under
from envdeck.core.system.mounts import read_mounts
from envdeck.core.system.reach import Scope
from envdeck.core.system.words import amount, counted, join_some

_FAILURES = (OSError, BusyError, ReplacedError, UnclearError)
_WAIT = "wait until it finishes"


@dataclass(frozen=True, slots=True)
class Clearing:
    """One cache that is to be cleared, as it was shown."""

    cache: Cache
    target: Target
    identities: tuple[Identity | None, ...]
    """What its folders were then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearPlan(Plan):
    """Caches to clear."""

    runner: ClassVar[str] = "envdeck.core.operations.delete.clear"
    clearings: tuple[Clearing, ...] = field(default=(), repr=False)
    purge: bool = False

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs."""
        folders = (folder.path for one in self.clearings for folder in one.cache.folders)
        return Claims(changes=frozenset({CACHES, *folders}), alone=frozenset({TRASH_EMPTIED}))


def plan_clear(context: Context, caches: Sequence[Cache], *, purge: bool = False) -> ClearPlan:
    """Plan to clear caches; with `purge`, none of it goes to the trash."""
    host, disk = context.catalog.host, context.store.disk
    machine = guard_context(context)
    clearings, refusals, warnings, steps = [], [], [], []
    for cache in caches:
        path = cache.root or (cache.folders[0].path if cache.folders else "")
        facts = [Fact("lost", cache.loses)]
        if len(cache.folders) > 1 - bool(cache.root) and not cache.whole:
            facts.append(Fact("folders", join_some(cache.shown_paths, 5)))
        frees, of = amount(cache.size.reclaimable_bytes), amount(cache.size.disk_bytes)
        facts.append(Fact("frees", f"{frees} of {of} on disk"))
        target = Target(path, disk.identity(path) if path else None, cache.title, tuple(facts))
        identities = tuple(disk.identity(folder.path) for folder in cache.folders)
        clearing = Clearing(cache, target, identities)
        clearings.append(clearing)
        refusals += _obstacles(clearing, machine, context)
        steps += _steps(clearing, purge=purge)
        if unread := sum(folder.size.unreadable for folder in cache.folders if folder.size):
            told = f"{counted(unread, 'folder')} could not be read: more than shown is freed"
            warnings.append(f"{cache.title}: {told}")
        if cache.command:
            program = os.path.basename(cache.command[0])
            warnings.append(f"{program} clears {cache.title} itself: cannot be undone")
        elif cache.forever and not purge:
            warnings.append(f"{cache.title}: deleted permanently, and written again when needed")
    for_good = [one for one in clearings if purge or one.cache.command or one.cache.forever]
    identifier = new_id(host)
    undoable = len(for_good) < len(clearings)
    return ClearPlan(
        id=identifier,
        operation=Operation.DELETE,
        targets=tuple(target for one in clearings for target in _targets(one)),
        steps=tuple(steps),
        warnings=tuple(warnings),
        refusals=tuple(refusals),
        frees_now_bytes=_freed(for_good),
        reclaims_bytes=_freed(clearings),
        undo=f"envdeck undo {identifier}" if undoable else None,
        kept_until=context.policy.kept_until(host.now()) if undoable else None,
        clearings=tuple(clearings),
        purge=purge,
    )


def _targets(clearing: Clearing) -> Iterator[Target]:
    """Yield what is acted on: of byte code and the like, which may be in hundreds of folders, the
    first alone."""
    yield clearing.target
    cache = clearing.cache
    if not (cache.root or cache.forever):
        pairs = zip(cache.folders[1:], clearing.identities[1:], strict=True)
        yield from (Target(folder.path, shown, cache.title) for folder, shown in pairs)


def _freed(clearings: Sequence[Clearing]) -> int:
    folders = (folder for one in clearings for folder in one.cache.folders)
    return joint_size(folder.size for folder in folders).reclaimable_bytes


def _steps(clearing: Clearing, *, purge: bool) -> list[Step]:
    title = clearing.cache.title
    if clearing.cache.command:
        program = os.path.basename(clearing.cache.command[0])
        return [Step(f"Clear {title} with {program}", clearing.cache.command)]
    if purge or clearing.cache.forever:
        return [Step(f"Delete {title} permanently")]
    return [Step(f"Move {title} to the trash")]


def _obstacles(clearing: Clearing, machine: GuardContext, context: Context) -> list[Refusal]:
    """Return what stands in the way of clearing one now."""
    cache = clearing.cache

    def refusal(guard: str, message: str, hint: str = "") -> Refusal:
        return Refusal(guard, f"{cache.title}: {message}", hint, clearing.target.path)

    if cache.blocked:
        return [refusal(cache.guard, cache.blocked)]
    found: list[Refusal] = []
    if machine.read_only:
        found.append(read_only())
    for folder, shown in zip(cache.folders, clearing.identities, strict=True):
        path = folder.path
        more = not cache.forever and folder.has_more  # of many folders each is asked on its turn
        if shown is None or context.store.disk.identity(path) != shown or more:
            found.append(refusal("not-an-environment", "changed since the preview", "run it again"))
            continue
        if reach.realpath(path) != path:
            found.append(refusal("symlink", f"a parent folder is now a symlink: {path}"))
        target = Target(path, shown)
        request = GuardRequest(
            operation=Operation.DELETE, target=target, environment=None, machine=machine
        )
        guards = (Mounted(), OwnEnvironment(), *(() if cache.forever else (InUse(),)))
        for each in filter(None, (guard.refuses(request) for guard in guards)):
            hint = _WAIT if each.guard == InUse.name else each.hint
            found.append(refusal(each.guard, each.message, hint))
    if found or cache.forever:
        return found
    writer = find_writer(cache.root, (folder.path for folder in cache.folders), machine)
    return [refusal(InUse.name, writer, _WAIT)] if writer else []


def _stand_in(clearing: Clearing, path: str, size: Size | None) -> Environment:
    """Return a folder as the journal and the trash know what is put aside."""
    cache = clearing.cache
    identity = clearing.target.identity or Identity(0, 0)
    return Environment(path, identity, cache.title, cache.kind, Status.OK, size=size)


def run(plan: ClearPlan, context: Context, tell: Tell, stopped: Stopped) -> Result:
    """Ask again what stands in the way, and clear one after the other; one that fails keeps no
    other."""
    machine = guard_context(context)
    for clearing in plan.clearings:
        against = _obstacles(clearing, machine, context)
        if against:
            return refused(against[0])
    debris = (one for one in plan.clearings if not one.cache.root)
    kept = Git(context.catalog.host).tracked_in(
        folder.path for one in debris for folder in one.cache.folders
    )
    for path, why in kept.items():
        return refused(Refusal("tracked", f"{path}: {why}", "run it again", path))
    going = [
        PurgeRequest(folder.path, shown)
        for one in plan.clearings
        if plan.purge or one.cache.forever
        for folder, shown in zip(one.cache.folders, one.identities, strict=True)
    ]
    results: list[ItemResult] = []
    with context.store.spare.lend_room(going):
        for index, clearing in enumerate(plan.clearings):
            if stopped():
                break
            tell(StepStarted(index, plan.steps[index].title))
            results.append(_clear(clearing, index, plan, context, tell, stopped))
    _forget(plan, context)
    return _conclude(plan, results, stopped=len(results) < len(plan.clearings))


def _forget(plan: ClearPlan, context: Context) -> None:
    """Have the index follow: environments that were in what was cleared (tox's, those of hooks)
    are gone, and files that others shared with what went for good are theirs alone now."""
    places, devices = [], set()
    for one in plan.clearings:
        for_good = plan.purge or one.cache.command or one.cache.forever
        for folder, shown in zip(one.cache.folders, one.identities, strict=True):
            places.append(folder.path)
            if for_good and shown and folder.size and folder.size.shared:
                devices.add(shown.device)
    for known in context.catalog.remembered(Scope()):
        if any(lies_under(known.path, place) for place in places):
            context.catalog.changed(known.path)
    for device in devices:
        context.catalog.forget_sizes(device)


def _clear(
    clearing: Clearing,
    index: int,
    plan: ClearPlan,
    context: Context,
    tell: Tell,
    stopped: Stopped,
) -> ItemResult:
    identifier = plan.id if len(plan.clearings) == 1 else f"{plan.id}-{index + 1}"
    cache = clearing.cache
    try:
        if cache.command:
            if cache.has_more:
                raise ReplacedError(cache.root)
            return _clear_by_owner(clearing, identifier, context, tell, stopped)
        if cache.forever:
            return _remove(clearing, identifier, context, tell)
        # Who would write meanwhile waits; what goes as a whole is locked by its transaction.
        held = lock_of_uv(cache.root) if cache.root and not cache.whole else None
        if isinstance(held, LockHeld):
            return _result(clearing, identifier, Ending.ROLLED_BACK, WRITTEN, _WAIT)
        with held or nullcontext():
            return _move_folders(clearing, identifier, plan, context, tell)
    except _FAILURES as error:
        return _result(clearing, identifier, Ending.ROLLED_BACK, _reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        named = f": {error.filename}" if isinstance(error.filename, str) else ""
        return f"{reason_of(error)}{named}"
    return f"{error} changed since the preview" if isinstance(error, ReplacedError) else str(error)


def _result(
    clearing: Clearing,
    identifier: str,
    status: Ending,
    message: str,
    hint: str = "",
    freed: int | None = None,
) -> ItemResult:
    target = clearing.target
    return ItemResult(
        identifier, target.path, target.name, status, message, hint, freed_bytes=freed
    )


def _clear_by_owner(
    clearing: Clearing, identifier: str, context: Context, tell: Tell, stopped: Stopped
) -> ItemResult:
    """Have the tool clear its cache, and compare what that took before and after."""
    host, cache = context.catalog.host, clearing.cache
    stand_in = _stand_in(clearing, cache.root, None)
    command = command_of_owner(clearing.cache.command, stand_in, host)
    if isinstance(command, Refusal):
        return _result(clearing, identifier, Ending.REFUSED, command.message, command.hint)
    variables = {"HOME": host.home, **command.environ, **cache.variables}
    environ = {name: value for name, value in variables.items() if value}
    sizer = Sizer(host, read_mounts(host), lambda: False)
    before = sizer.measure(cache.root)[1]
    ended = Runner(host).run(replace(command, environ=environ), tell, stopped)
    if ended.ok:
        _remove_empty(cache)
    after = sizer.measure(cache.root)[1]
    freed = (before.reclaimable_bytes if before else 0) - (after.reclaimable_bytes if after else 0)
    freed, program = max(freed, 0), os.path.basename(cache.command[0])
    status = Ending.FAILED if freed else Ending.ROLLED_BACK
    if ended.ok and (freed or not cache.size.reclaimable_bytes):
        # An old pip knows nothing of a newer one's folders, and PDM keeps what is in use.
        sizes = [sizer.measure(folder.path)[1] for folder in cache.folders]
        left = joint_size(sizes).reclaimable_bytes
        kept = f", which kept {amount(left)}" if left > cache.size.reclaimable_bytes / 100 else ""
        return _result(
            clearing, identifier, Ending.DONE, f"cleared by {program}{kept}", freed=freed
        )
    why = "cancelled" if ended.stopped else ended.tail[-1] if ended.tail else f"exit {ended.code}"
    message = f"{program} " + (
        "cleared nothing of it" if ended.ok else f"failed to clear it: {why}"
    )
    hint = f"run it manually for details: {shlex.join(cache.command)}"
    return _result(clearing, identifier, status, message, hint, freed)


def _remove_empty(cache: Cache) -> None:
    """Remove the empty folders that a tool left: PDM, and pip before 25, remove files alone."""
    for part in () if cache.whole else cache.folders:
        for folder, _, _ in os.walk(part.path, topdown=False):
            with suppress(OSError):  # something is in it
                os.rmdir(folder)


def _remove(clearing: Clearing, identifier: str, context: Context, tell: Tell) -> ItemResult:
    """Remove each folder for good; one that cannot be removed keeps no other."""
    disk, folders = context.store.disk, clearing.cache.folders
    freed, total, failed = 0, clearing.cache.size.disk_bytes, ""
    for folder, shown in zip(folders, clearing.identities, strict=True):
        path = folder.path
        try:
            here = disk.identity(path)
            if here is None:  # the tool itself was faster
                continue
            if here != shown or reach.realpath(path) != path or folder.has_more:
                raise ReplacedError(path)
            freed += disk.remove_tree(path)
        except FileNotFoundError:
            continue
        except _FAILURES as error:
            freed += error.freed if isinstance(error, RemainderError) else 0
            failed = failed or _reason(error)
        tell(StepProgress(freed, total, "bytes"))
    if not failed:
        return _result(clearing, identifier, Ending.DONE, "permanently deleted", freed=freed)
    status = Ending.FAILED if freed else Ending.ROLLED_BACK
    return _result(clearing, identifier, status, failed, _WAIT, freed)


def _describe(stand_in: Environment, store: OperationStore, entry: Entry) -> TrashManifest:
    return manifest_of(entry, stand_in, store, ())


def _move_folders(
    clearing: Clearing, identifier: str, plan: ClearPlan, context: Context, tell: Tell
) -> ItemResult:
    """Move each folder to the trash, and remove it from there where that was asked for. The
    folders of one tool go together or not at all, those of projects each for itself."""
    store, cache = context.store, clearing.cache
    moved: list[tuple[Entry, Size | None]] = []
    failed = ""
    for number, (folder, shown) in enumerate(
        zip(cache.folders, clearing.identities, strict=True), 1
    ):
        name = identifier if len(cache.folders) == 1 else f"{identifier}-{number}"
        stand_in = _stand_in(clearing, folder.path, folder.size)
        describe = partial(_describe, stand_in, store)
        target = Target(folder.path, shown, cache.title)
        entry = Entry.begin(plan, name, Move.ASIDE, target, stand_in)
        if folder.size is not None:
            entry = replace(entry, bytes_aside=folder.size.reclaimable_bytes)
        try:
            if folder.has_more:
                raise ReplacedError(folder.path)
            aside = move_to_trash(entry, store, describe, needed=not plan.purge)
            moved.append((aside, folder.size))
        except _FAILURES as error:
            if cache.root:
                restore_all([entry for entry, _ in moved], store)
                raise
            failed = failed or f"{folder.path}: {_reason(error)}"
    freed = 0
    for entry, size in moved if plan.purge else ():
        item = read_item(entry.item, store.disk)
        purged = purge_one(item, f"{entry.id}-purge", plan.id, store, tell)
        bound = purged.freed_bytes or 0
        if size is not None and not size.unreadable:  # less what the trash itself wrote of it
            bound = min(bound, size.reclaimable_bytes)
        freed += bound
        if purged.status is not Ending.DONE:
            return replace(purged, name=cache.title, path=entry.path, freed_bytes=freed)
    word = "permanently deleted" if plan.purge else "moved to trash"
    known = freed if plan.purge else None
    if not failed:
        return _result(clearing, identifier, Ending.DONE, word, freed=known)
    message = f"{len(moved):,} of {counted(len(cache.folders), 'folder')} {word}; {failed}"
    status = Ending.FAILED if moved else Ending.ROLLED_BACK
    return _result(clearing, identifier, status, message, freed=known)


def _conclude(plan: ClearPlan, results: Sequence[ItemResult], *, stopped: bool) -> Result:
    done = [each for each in results if each.status is Ending.DONE]
    failed = [each for each in results if each.status is not Ending.DONE]
    known = [each.freed_bytes for each in results if each.freed_bytes is not None]
    freed = sum(known) if known else None
    said = []
    for word in dict.fromkeys(each.message for each in done):
        names = [each.name for each in done if each.message == word]
        said.append(f"{join_some(names, 3)} {word}")
    if failed:
        said.append(f"{failed[0].name}: {failed[0].message}")
    if stopped:
        said.append(f"cancelled: {len(results)} of {len(plan.clearings)} cleared")
    status = Ending.DONE
    if failed or stopped:
        changed = done or any(each.status is Ending.FAILED for each in failed)
        status = Ending.FAILED if changed else Ending.ROLLED_BACK
    return Result(
        status,
        "; ".join(said),
        hint=failed[0].hint if failed else "",
        freed_bytes=freed,
        stopped=stopped,
        items=tuple(results),
    )
