"""Clearing caches and debris as it was planned: by the tool's own command, into the trash, or for
good where a tool writes it again by itself."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import ClassVar

from envdeck.core.caches import Cache
from envdeck.core.git import Git
from envdeck.core.inspection.size import joint_size
from envdeck.core.inspection.size_pool import Sizer
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
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
from envdeck.core.operations.engine.runner import Runner
from envdeck.core.operations.guards.check import guard_context
from envdeck.core.operations.guards.context import GuardContext, GuardRequest, read_only
from envdeck.core.operations.guards.rules import InUse, Mounted, OwnEnvironment
from envdeck.core.operations.shared.context import Context, Stopped, Tell
from envdeck.core.operations.shared.describe import manifest_of
from envdeck.core.operations.transaction.journal import Entry, Move, new_id
from envdeck.core.operations.transaction.places import LockHeld, lock_of_uv
from envdeck.core.operations.transaction.spare import PurgeRequest
from envdeck.core.operations.transaction.transaction import (
    BusyError,
    ReplacedError,
    UnclearError,
    transaction,
    trash_of,
)
from envdeck.core.operations.transaction.trash import read_item
from envdeck.core.system import reach
from envdeck.core.system.files import reason_of
from envdeck.core.system.host import lies_under
from envdeck.core.system.mounts import read_mounts
from envdeck.core.system.reach import Scope
from envdeck.core.system.words import amount, join_some


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


def plan_clear(context: Context, caches: Sequence[Cache], *, purge: bool = False) -> ClearPlan:
    """Plan to clear caches; with `purge`, none of it goes to the trash."""
    host, disk = context.catalog.host, context.store.disk
    machine = guard_context(context)
    clearings, refusals, warnings, steps = [], [], [], []
    for cache in caches:
        path = cache.root or (cache.folders[0].path if cache.folders else "")
        facts = [Fact("lost", cache.loses)]
        if len(cache.folders) > 1 and not cache.root:
            names = (folder.path for folder in cache.folders)
            facts.append(Fact("folders", join_some(names, 5, count=len(cache.folders))))
        size = cache.size
        facts.append(
            Fact("frees", f"{amount(size.reclaimable_bytes)} of {amount(size.disk_bytes)} on disk")
        )
        target = Target(path, disk.identity(path) if path else None, cache.title, tuple(facts))
        identities = tuple(disk.identity(folder.path) for folder in cache.folders)
        clearing = Clearing(cache, target, identities)
        clearings.append(clearing)
        refusals += _obstacles(clearing, machine, context)
        steps += _steps(clearing, purge=purge)
        if cache.command:
            warnings.append(f"{cache.command[0]} clears {cache.title} itself: cannot be undone")
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
        return [Step(f"Clear {title} with {clearing.cache.command[0]}", clearing.cache.command)]
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
        if shown is None or context.store.disk.identity(path) != shown:
            found.append(refusal("not-an-environment", "changed since the preview", "run it again"))
            continue
        if reach.realpath(path) != path:
            found.append(refusal("symlink", f"a parent folder is now a symlink: {path}"))
        request = GuardRequest(
            operation=Operation.DELETE,
            target=Target(path, shown),
            environment=None,
            machine=machine,
        )
        guards = (Mounted(), OwnEnvironment(), *(() if cache.forever else (InUse(),)))
        for each in filter(None, (guard.refuses(request) for guard in guards)):
            hint = "wait until it finishes" if each.guard == InUse.name else each.hint
            found.append(refusal(each.guard, each.message, hint))
    if found or cache.forever:
        return found
    if writer := _writer(cache, machine):
        found.append(refusal(InUse.name, writer, "wait until it finishes"))
    return found


def _writer(cache: Cache, machine: GuardContext) -> str:
    """Return which program works in a cache: who holds uv's lock, or has a file in it open."""
    held = lock_of_uv(cache.root) if cache.root else None
    if isinstance(held, LockHeld):
        return "another program is writing it"
    if held is not None:
        with held:
            pass
    places = tuple(folder.path for folder in cache.folders)
    processes = machine.processes
    for process in processes.all if processes.proc is not None else ():
        folder = os.path.join(processes.proc or "", str(process.pid), "fd")
        if process.pid == machine.pid or process.hidden:
            continue
        for path in _opened(folder):
            if any(lies_under(path, place) for place in places):
                return f"in use by a process: {process.name} ({process.pid}: open file)"
    return ""


def _opened(folder: str) -> Iterator[str]:
    try:
        names = os.listdir(folder)
    except OSError:  # another user's, or over by now
        return
    for name in names:
        with suppress(OSError):
            yield os.readlink(os.path.join(folder, name))


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
        for clearing in plan.clearings
        if plan.purge or clearing.cache.forever
        for folder, shown in zip(clearing.cache.folders, clearing.identities, strict=True)
    ]
    results: list[ItemResult] = []
    with context.store.spare.giving(going):
        for index, clearing in enumerate(plan.clearings):
            if stopped():
                break
            tell(StepStarted(index, plan.steps[index].title))
            results.append(_clear(clearing, index, plan, context, tell, stopped))
    _forget_environments(plan, context)
    return _conclude(plan, results, stopped=len(results) < len(plan.clearings))


def _forget_environments(plan: ClearPlan, context: Context) -> None:
    """Have the index follow where environments were in what was cleared: tox's, those of hooks."""
    places = [folder.path for one in plan.clearings for folder in one.cache.folders]
    for known in context.catalog.remembered(Scope()):
        if any(lies_under(known.path, place) for place in places):
            context.catalog.changed(known.path)


def _clear(
    clearing: Clearing,
    index: int,
    plan: ClearPlan,
    context: Context,
    tell: Tell,
    stopped: Stopped,
) -> ItemResult:
    identifier = plan.id if len(plan.clearings) == 1 else f"{plan.id}-{index + 1}"
    try:
        if clearing.cache.command:
            return _clear_by_owner(clearing, identifier, context, tell, stopped)
        if clearing.cache.forever:
            return _remove(clearing, identifier, context, tell)
        return _put_aside(clearing, identifier, plan, context, tell)
    except (OSError, BusyError, ReplacedError, UnclearError) as error:
        why = reason_of(error) if isinstance(error, OSError) else str(error)
        return _result(clearing, identifier, Ending.FAILED, why)


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
    environ = {"HOME": host.home, **command.environ, **cache.variables}
    sizer = Sizer(host, read_mounts(host), lambda: False)
    before = sizer.measure(cache.root)[1]
    ended = Runner(host).run(replace(command, environ=environ), tell, stopped)
    after = sizer.measure(cache.root)[1]
    freed = (before.reclaimable_bytes if before else 0) - (after.reclaimable_bytes if after else 0)
    if ended.ok:
        message = f"cleared by {clearing.cache.command[0]}"
        return _result(clearing, identifier, Ending.DONE, message, freed=max(freed, 0))
    why = "cancelled" if ended.stopped else ended.tail[-1] if ended.tail else f"exit {ended.code}"
    message = f"{clearing.cache.command[0]} failed to clear it: {why}"
    hint = f"run it manually for details: {' '.join(clearing.cache.command)}"
    return _result(clearing, identifier, Ending.FAILED, message, hint, max(freed, 0))


def _remove(clearing: Clearing, identifier: str, context: Context, tell: Tell) -> ItemResult:
    freed, total = 0, clearing.cache.size.disk_bytes
    for folder in clearing.cache.folders:
        with suppress(FileNotFoundError):  # the tool itself was faster
            freed += context.store.disk.remove_tree(folder.path)
        tell(StepProgress(freed, total, "bytes"))
    return _result(clearing, identifier, Ending.DONE, "permanently deleted", freed=freed)


def _put_aside(
    clearing: Clearing, identifier: str, plan: ClearPlan, context: Context, tell: Tell
) -> ItemResult:
    """Move each folder to the trash, and remove it from there where that was asked for."""
    store, folders, freed = context.store, clearing.cache.folders, 0
    for number, (folder, shown) in enumerate(zip(folders, clearing.identities, strict=True), 1):
        name = identifier if len(folders) == 1 else f"{identifier}-{number}"
        stand_in = _stand_in(clearing, folder.path, folder.size)
        target = Target(folder.path, shown, clearing.cache.title)
        entry = Entry.begin(plan, name, Move.ASIDE, target, stand_in)
        if folder.size is not None:
            entry = replace(entry, bytes_aside=folder.size.reclaimable_bytes)
        moved = _move(entry, stand_in, context, needed=not plan.purge)
        if plan.purge:
            item = read_item(moved.item, store.disk)
            purged = purge_one(item, f"{name}-purge", plan.id, store, tell)
            bound = purged.freed_bytes or 0
            if folder.size is not None:  # less what the trash itself wrote of it
                bound = min(bound, folder.size.reclaimable_bytes)
            freed += bound
            if purged.status is not Ending.DONE:
                return replace(purged, name=clearing.cache.title, path=folder.path)
    if plan.purge:
        return _result(clearing, identifier, Ending.DONE, "permanently deleted", freed=freed)
    return _result(clearing, identifier, Ending.DONE, "moved to trash")


def _move(entry: Entry, stand_in: Environment, context: Context, *, needed: bool) -> Entry:
    store = context.store
    unable: OSError | None = None
    for trash in trash_of(entry.path, store):
        try:
            with transaction(store, entry) as current:
                current.open_item(trash)
                current.describe(manifest_of(current.entry, stand_in, store, ()), needed=needed)
                current.put_aside()
        except OSError as error:
            unable = error
            continue
        return current.entry
    raise unable or OSError(errno.ENOENT, "no location available for a trash", entry.path)


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
        status = Ending.FAILED if done or freed else Ending.ROLLED_BACK
    return Result(
        status,
        "; ".join(said),
        hint=failed[0].hint if failed else "",
        freed_bytes=freed,
        stopped=stopped,
        items=tuple(results),
    )
