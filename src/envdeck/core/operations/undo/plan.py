"""What undo means now, and what it would discard."""

import os
import stat
from collections.abc import Sequence
from typing import ClassVar

from envdeck.core.inspection.protection import own_place
from envdeck.core.inspection.unowned import Unowned
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    Claims,
    Fact,
    Identity,
    NoPlan,
    Operation,
    Plan,
    Refusal,
    Step,
    Target,
)
from envdeck.core.operations.guards.check import UNOWNED, guard_context
from envdeck.core.operations.guards.context import GuardContext, GuardRequest
from envdeck.core.operations.guards.rules import InUse, Mounted, ProtectedPath
from envdeck.core.operations.shared.context import Context
from envdeck.core.operations.shared.history import find_halves, undo_obstacle
from envdeck.core.operations.transaction.journal import Entry, Move, UnreadableEntry, new_id
from envdeck.core.operations.transaction.places import ENVIRONMENT
from envdeck.core.operations.transaction.resolve import is_same
from envdeck.core.operations.transaction.transaction import OperationStore, digest_of
from envdeck.core.system import reach
from envdeck.core.system.files import same_content
from envdeck.core.system.words import amount, counted, join_some

CHANGED = "changed"
"""The guard of a file that is not what was shown."""
CHANGED_LOCK = "changed-lock"
"""By this name a person has a lock file restored over what came since."""


@dataclass(frozen=True, slots=True)
class Discarded:
    """A person's own files that would be in the trash alone."""

    files: tuple[str, ...] = ()
    """Relative to the environment."""
    message: str = ""
    """What is said of them; empty where there is nothing to say."""


def mark_of_file(path: str) -> str:
    """Return what tells a file from itself after a change: when it was last written to, and its
    size; empty where there is no file."""
    try:
        status = reach.lstat(path)
    except OSError:
        return ""
    return f"{status.st_mtime_ns}.{status.st_size}" if stat.S_ISREG(status.st_mode) else ""


def changed_file(path: str) -> Refusal:
    """Return the refusal of a file that is no longer what was shown."""
    return Refusal(
        CHANGED,
        f"{path} changed since the preview; nothing changed",
        hint="run it again",
        path=path,
    )


def discarded(entry: Entry, path: str, machine: GuardContext) -> Discarded:
    """Return which unowned files of the environment at `path` the one that returns has not; of
    a file, itself where somebody has written to it since."""
    if entry.is_file:
        if mark_of_file(path) == entry.mark:
            return Discarded()
        told = "changed since; the changes move to the trash with it"
        return Discarded((os.path.basename(path),), told)
    found = machine.unowned(path)
    old = os.path.join(entry.item, ENVIRONMENT) if entry.old is not None else None
    missing = tuple(
        file
        for file in found.files
        if old is None or not _is_same_file(os.path.join(path, file.path), f"{old}/{file.path}")
    )
    files = tuple(file.path for file in missing)
    told = _unowned_words(
        replace(
            found,
            files=missing,
            count=found.count - len(found.files) + len(missing),
            bytes=sum(file.bytes for file in missing),
        )
    )
    return Discarded(files, told)


def _unowned_words(found: Unowned) -> str:
    told = []
    if found.count:
        names = join_some(file.path for file in found.files)
        what = f"{counted(found.count, 'file')} of yours {'moves' if found.count == 1 else 'move'}"
        told.append(f"{what} to the trash ({amount(found.bytes)}): {names}")
    if found.unread:
        told.append(f"partly unreadable: {join_some(found.unread)}")
    return "; ".join(told)


def _is_same_file(first: str, second: str) -> bool:
    """Tell whether two files hold the same; what cannot be read does not."""
    try:
        one, other = reach.lstat(first), reach.lstat(second)
        if (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino):
            return True
        if stat.S_IFMT(one.st_mode) != stat.S_IFMT(other.st_mode):
            return False
        if stat.S_ISLNK(one.st_mode):
            return os.readlink(first) == os.readlink(second)
        return stat.S_ISREG(one.st_mode) and same_content(first, second)
    except OSError:
        return False


def obstacles_to_discarding(
    entry: Entry,
    path: str,
    here: Identity | None,
    going: Discarded,
    machine: GuardContext,
    allow: frozenset[str],
) -> tuple[Refusal, ...]:
    """Return what stands in the way of putting aside what is in its place now."""
    question = GuardRequest(
        operation=Operation.UNDO,
        target=Target(path, here, entry.name),
        environment=None,
        machine=machine,
    )
    # A file was edited under rules of its own, wherever its project is: those let it return.
    guards = () if entry.is_file else (ProtectedPath(), Mounted())
    final = [guard.refuses(question) for guard in guards]
    if entry.old is None and not entry.is_file and machine.candidate(path) is None:
        why = "not an environment"
        final.append(Refusal("not-an-environment", why, path=path))
    against = [refusal for refusal in final if refusal is not None]
    if against:
        return tuple(against)
    if going.message and UNOWNED not in allow:
        against.append(
            Refusal(UNOWNED, going.message, _way(entry, UNOWNED), path, overrulable=True)
        )
    asked = not entry.is_file and InUse.name not in allow
    if asked and (used := InUse().refuses(question)) is not None:
        against.append(replace(used, hint=_way(entry, InUse.name)))
    return tuple(against)


def _way(entry: Entry, guard: str) -> str:
    return f"envdeck undo {entry.id} --allow {guard}"


@dataclass(frozen=True, slots=True)
class UndoAction:
    """One operation that is taken back."""

    entry: Entry
    """The one that is taken back."""
    path: str
    """Where what was put aside goes."""
    here: Identity | None
    """What is there now."""
    there: Identity | None
    """What is in the item now."""
    discarded: Discarded = field(default_factory=Discarded)
    """Whose files would go to the trash with what is there."""
    is_file_new: bool = False
    """Whether the file that was changed with it has been changed once more since: it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPlan(Plan):
    """Context to take back, newest first."""

    runner: ClassVar[str] = "envdeck.core.operations.undo.run"
    returns: tuple[UndoAction, ...]

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs."""
        entries = [each.entry for each in self.returns]
        places = {each.path for each in self.returns} | {each.path for each in entries}
        others = {path for each in entries for path in (each.item, each.file) if path}
        files = {each.path if each.is_file else each.file for each in entries}
        folders = {os.path.dirname(file) for file in files if os.path.dirname(file)}
        return Claims(changes=frozenset(places | others), alone=frozenset(folders))


def plan_undo(
    context: Context,
    identifier: str | None,
    to: str | None,
    allow: frozenset[str] = frozenset(),
) -> UndoPlan | NoPlan:
    """Plan to take back the last operation that can be, or the one named."""
    store = context.store
    entries, unreadable = store.journal.read_all()
    halves = find_halves(entries, store)
    asked = _find_entries(identifier, entries) if identifier else _last(entries, store, halves)
    if not asked:
        return _none(identifier, unreadable)
    obstacles = {entry.id: undo_obstacle(entry, store, halves) for entry in asked}
    chosen = [entry for entry in asked if not obstacles[entry.id]]
    if not chosen:
        first = asked[0]
        hint = ""
        if first.item in halves and not first.purged:
            hint = f"use `envdeck trash purge {os.path.basename(first.item)}` to delete the rest"
        return NoPlan(f"{first.group} cannot be undone: {obstacles[first.id]}", hint=hint)
    if to is not None and chosen[0].is_file and chosen[0].move is not Move.ASIDE:
        return NoPlan(
            f"the edit of {chosen[0].path} can only be undone at its original path",
            hint=f"the old version is in {chosen[0].item}" if chosen[0].old is not None else "",
        )
    if to is not None and len(chosen) > 1:
        return NoPlan(
            "the operation covers several environments, which cannot share one path",
            hint=f"restore one, such as `envdeck undo {chosen[0].id} --to {to}`",
        )
    machine = guard_context(context)
    outer_first = chosen[::-1]  # newest first, and what holds another before that
    outer_first.sort(key=lambda entry: entry.path.count(os.sep))
    returns = tuple(return_of(entry, _real(to), store, machine) for entry in outer_first)
    refusals: list[Refusal] = []
    for index, each in enumerate(returns):
        refusals += obstacles_to(each, returns[:index], machine, allow, store)
    return UndoPlan(
        id=new_id(store.host),
        operation=Operation.UNDO,
        targets=tuple(_target(each, allow) for each in returns),
        steps=tuple(Step(_title(each)) for each in returns),
        warnings=(
            *(
                f"{entry.path} is not restored: {obstacles[entry.id]}"
                for entry in asked
                if obstacles[entry.id] and entry.operation is chosen[0].operation
            ),
            *(
                f"{each.entry.file} changed since and is not restored"
                f" (`--allow {CHANGED_LOCK}` restores it)"
                for each in returns
                if each.is_file_new and CHANGED_LOCK not in allow
            ),
        ),
        refusals=tuple(refusals),
        allowed=allow,
        offers=tuple(
            Refusal(
                CHANGED_LOCK,
                f"{each.entry.file} changed since and is not restored",
                hint=f"restore it too: {_way(each.entry, CHANGED_LOCK)}",
                path=each.path,
                overrulable=True,
            )
            for each in returns
            if each.is_file_new and CHANGED_LOCK not in allow
        ),
        frees_now_bytes=0,
        returns=returns,
    )


def _last(entries: Sequence[Entry], store: OperationStore, halves: frozenset[str]) -> list[Entry]:
    """Return the newest plan of which anything can be taken back, with those that were answered
    by the same yes. An undo is not: asked twice, a person means the operation before."""
    for entry in reversed(entries):
        if entry.operation is not Operation.UNDO and not undo_obstacle(entry, store, halves):
            return [each for each in entries if each.tie == entry.tie]
    return []


def _find_entries(identifier: str, entries: Sequence[Entry]) -> list[Entry]:
    exact = [entry for entry in entries if entry.id == identifier]
    return exact or [entry for entry in entries if identifier in (entry.group, entry.batch)]


def _none(identifier: str | None, unreadable: Sequence[UnreadableEntry]) -> NoPlan:
    if identifier is None:
        return NoPlan("nothing to undo", hint="envdeck history", nothing=True)
    for each in unreadable:
        if os.path.basename(each.path) == f"{identifier}.json":
            return NoPlan(f"the journal of {identifier} cannot be used: {each.reason}")
    return NoPlan(f"operation not found: `{identifier}`", hint="envdeck history", missing=True)


def _real(to: str | None) -> str | None:
    """Return a path with the links above it followed."""
    if to is None:
        return None
    parent, name = os.path.split(os.path.normpath(to))
    return os.path.join(reach.realpath(parent), name)


def return_of(
    entry: Entry, to: str | None, store: OperationStore, machine: GuardContext
) -> UndoAction:
    """Return what taking an operation back means now. Raises `OSError`."""
    path = entry.path if to is None else to
    there = store.disk.identity(os.path.join(entry.item, ENVIRONMENT)) if entry.item else None
    here = store.disk.identity(path)
    is_to_go = here is not None and is_same(here, entry.new, entry, store.host)
    going = Discarded()
    if is_to_go and entry.move is Move.EXCHANGE:
        going = discarded(entry, path, machine)
    return UndoAction(entry, path, here, there, going, _has_new_file(entry))


def _has_new_file(entry: Entry) -> bool:
    if not entry.file or not entry.file_digest:
        return False
    return digest_of(entry.file) not in {"", entry.file_digest}


def _target(each: UndoAction, allow: frozenset[str]) -> Target:
    facts = [Fact("undoes", f"{each.entry.operation} ({each.entry.id})")]
    if each.path != each.entry.path:
        facts.append(Fact("original path", f"{each.entry.path} (scripts still use it)"))
    if each.discarded.files:
        facts.append(Fact("your files", ", ".join(each.discarded.files[:5])))
    if each.entry.file:
        kept = each.is_file_new and CHANGED_LOCK not in allow
        what = "changed since, not restored" if kept else "is restored"
        facts.append(Fact("lock file", f"{each.entry.file} {what}"))
    return Target(each.path, each.here, each.entry.name, tuple(facts))


def _title(each: UndoAction) -> str:
    if each.entry.is_file and each.entry.old is None and each.entry.move is Move.EXCHANGE:
        return "Move the created file to the trash"
    if each.entry.is_file and each.entry.move is Move.EXCHANGE:
        return "Restore the previous file from the trash"
    if each.entry.move is Move.ASIDE:
        return "Restore it from the trash"
    if each.entry.old is None:
        return "Move the created environment to the trash"
    return "Restore the previous environment from the trash"


def obstacles_to(
    each: UndoAction,
    earlier: Sequence[UndoAction],
    machine: GuardContext,
    allow: frozenset[str],
    store: OperationStore,
) -> tuple[Refusal, ...]:
    """Return what stands in the way of one, when those before it are back already."""
    entry = each.entry
    refusal = _own_place(each, store) or _another(each, store)
    if refusal is not None:
        return (refusal,)
    if entry.move is Move.ASIDE:
        refusal = _occupied(each, earlier)
        return () if refusal is None else (refusal,)
    return obstacles_to_discarding(entry, each.path, each.here, each.discarded, machine, allow)


def _own_place(each: UndoAction, store: OperationStore) -> Refusal | None:
    """Refuse to put it where we keep our own: what is cleared there would go with it."""
    why = own_place(each.path, store.host)
    if not why and each.path != each.entry.path and (above := _environment_above(each.path)):
        why = f"inside the environment {above}"
    said = f"cannot restore to {each.path}: {why}"
    return Refusal("protected-path", said, "use another path", each.path) if why else None


def _environment_above(path: str) -> str:
    while (parent := os.path.dirname(path)) != path:
        if any(reach.lexists(os.path.join(parent, it)) for it in ("pyvenv.cfg", "conda-meta")):
            return parent
        path = parent
    return ""


def _another(each: UndoAction, store: OperationStore) -> Refusal | None:
    """Refuse where something else is in its place, or in the trash, than the operation left."""
    entry, why, hint = each.entry, "", ""
    if entry.move is not Move.ASIDE and not is_same(each.here, entry.new, entry, store.host):
        why = f"{each.path} was replaced since that operation"
        if entry.is_file and each.here is None:
            why = f"file not found: {each.path}"
        elif entry.is_file:
            why = f"{each.path} was edited since that operation"
        hint = "see `envdeck history` for later operations"
        if entry.item:
            hint += f"; the old version is in {entry.item}"
    elif entry.old is not None and not is_same(each.there, entry.old, entry, store.host):
        why = f"{entry.item} was replaced since that operation"
        hint = "check it, and move it manually if it is the right one"
    guard = CHANGED if entry.is_file else "not-an-environment"
    return Refusal(guard, why, hint, each.path) if why else None


def _occupied(each: UndoAction, earlier: Sequence[UndoAction]) -> Refusal | None:
    entry, parent = each.entry, os.path.dirname(each.path)
    if each.here is not None:
        return Refusal(
            "place-taken",
            f"path exists again: {each.path}",
            hint="keep it (a cache needs no undo), move it away, "
            f"or use `envdeck undo {entry.id} --to OTHER`",
            path=each.path,
        )
    if reach.isdir(parent) or any(_brings(one, parent) for one in earlier):
        return None
    return Refusal(
        "place-taken",
        f"folder not found: {parent}",
        hint=f"create it, or use `envdeck undo {entry.id} --to OTHER`",
        path=each.path,
    )


def _brings(one: UndoAction, folder: str) -> bool:
    """Tell whether a folder is there again when `one` is taken back."""
    inner = os.path.relpath(folder, one.path)
    if inner.split(os.sep)[0] == os.pardir:
        return False
    return reach.isdir(os.path.join(one.entry.item, ENVIRONMENT, inner))
