"""Taking an operation back: what was put aside returns to its place."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envdeck.core.model import (
    Ending,
    Fact,
    Identity,
    NoPlan,
    Operation,
    Plan,
    Refusal,
    Result,
    Step,
    StepStarted,
    Target,
)
from envdeck.core.operations.history import undo_obstacle
from envdeck.core.operations.journal import Entry, Move, Phase, Unreadable, new_id
from envdeck.core.operations.places import ENVIRONMENT
from envdeck.core.operations.transaction import Ground, first_trash, transaction
from envdeck.core.operations.trash import Manifest

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations, Stopped, Tell


@dataclass(frozen=True, slots=True)
class Return:
    """One operation that is taken back."""

    entry: Entry
    """The one that is taken back."""
    path: str
    """Where what was put aside goes."""
    here: Identity | None
    """What is there now."""
    there: Identity | None
    """What is in the item now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoPlan(Plan):
    """Operations to take back, newest first."""

    returns: tuple[Return, ...]


def plan_undo(
    operations: "Operations", identifier: str | None, to: str | None
) -> UndoPlan | NoPlan:
    """Plan to take back the last operation that can be, or the one named."""
    ground = operations.ground
    entries, unreadable = ground.journal.read_all()
    chosen = _named(identifier, entries) if identifier else _last(entries, ground)
    if not chosen:
        return _none(identifier, unreadable)
    obstacle = next(filter(None, (undo_obstacle(entry, ground) for entry in chosen)), "")
    if obstacle:
        return NoPlan(f"operation {chosen[0].group} cannot be taken back: {obstacle}")
    if to is not None and len(chosen) > 1:
        return NoPlan(
            "it was done to several environments, which cannot all go to one path",
            hint=f"restore one, for instance `envdeck undo {chosen[0].id} --to {to}`",
        )
    returns = tuple(_return(entry, to, ground) for entry in reversed(chosen))
    return UndoPlan(
        id=new_id(ground.host),
        operation=Operation.UNDO,
        targets=tuple(_target(each) for each in returns),
        steps=tuple(Step(_title(each)) for each in returns),
        refusals=tuple(filter(None, (_refusal(each, ground) for each in returns))),
        frees_now_bytes=0,
        returns=returns,
    )


def _last(entries: Sequence[Entry], ground: Ground) -> list[Entry]:
    """Return the newest plan that can be taken back. An undo is not: asked twice, a person means
    the operation before."""
    for entry in reversed(entries):
        if entry.operation is not Operation.UNDO and not undo_obstacle(entry, ground):
            return [
                each
                for each in entries
                if each.group == entry.group and not undo_obstacle(each, ground)
            ]
    return []


def _named(identifier: str, entries: Sequence[Entry]) -> list[Entry]:
    exact = [entry for entry in entries if entry.id == identifier]
    return exact or [entry for entry in entries if entry.group == identifier]


def _none(identifier: str | None, unreadable: Sequence[Unreadable]) -> NoPlan:
    if identifier is None:
        return NoPlan("there is nothing to take back", hint="`envdeck history` lists what was done")
    for each in unreadable:
        if os.path.basename(each.path) == f"{identifier}.json":
            return NoPlan(f"the journal of {identifier} cannot be used: {each.reason}")
    return NoPlan(
        f"there is no operation `{identifier}`", hint="`envdeck history` lists them", missing=True
    )


def _return(entry: Entry, to: str | None, ground: Ground) -> Return:
    path = entry.path if to is None else to
    there = ground.disk.identity(os.path.join(entry.item, ENVIRONMENT)) if entry.item else None
    return Return(entry, path, ground.disk.identity(path), there)


def _target(each: Return) -> Target:
    facts = [Fact("takes back", f"{each.entry.operation} ({each.entry.id})")]
    if each.path != each.entry.path:
        facts.append(Fact("was at", f"{each.entry.path}: its scripts still name that place"))
    if each.entry.file:
        facts.append(Fact("with it", f"{each.entry.file} returns to what it was"))
    return Target(each.path, each.here, each.entry.name, tuple(facts))


def _title(each: Return) -> str:
    if each.entry.move is Move.ASIDE:
        return "move it from the trash back to its place"
    if each.entry.old is None:
        return "move what was created to the trash"
    return "exchange it for the one in the trash, which was there before"


def _refusal(each: Return, ground: Ground) -> Refusal | None:
    entry = each.entry
    if entry.move is Move.ASIDE:
        if each.here is not None:
            return Refusal(
                "place-taken",
                f"something else is at {each.path} now",
                hint=f"move that away, or `envdeck undo {entry.id} --to OTHER`",
                path=each.path,
            )
        parent = os.path.dirname(each.path)
        if not os.path.isdir(parent):
            return Refusal(
                "place-taken",
                f"the folder {parent} is no longer there",
                hint=f"make it again, or `envdeck undo {entry.id} --to OTHER`",
                path=each.path,
            )
        return None
    if each.here != entry.new:
        return Refusal(
            "not-an-environment",
            f"what is at {each.path} now is not what that operation made",
            hint=f"`envdeck history` tells what happened since; its old state is in {entry.item}",
            path=each.path,
        )
    return None


def run_undo(plan: UndoPlan, operations: "Operations", tell: "Tell", stopped: "Stopped") -> Result:
    """Take them back, newest first. Each is whole by itself: what was taken back stays so."""
    ground = operations.ground
    done = 0
    for index, each in enumerate(plan.returns):
        if stopped():
            return Result(
                Ending.DONE if done else Ending.ROLLED_BACK,
                f"stopped: {done} of {len(plan.returns)} taken back",
                stopped=True,
            )
        now = replace(
            each,
            here=ground.disk.identity(each.path),
            there=ground.disk.identity(os.path.join(each.entry.item, ENVIRONMENT))
            if each.entry.item
            else None,
        )
        refusal = _refusal(now, ground)
        if refusal is not None:
            return Result(Ending.REFUSED, refusal.message, hint=refusal.hint, guard=refusal.guard)
        tell(StepStarted(index, plan.steps[index].title))
        number = f"-{index + 1}" if len(plan.returns) > 1 else ""
        take_back(now, f"{plan.id}{number}", plan.id, ground)
        done += 1
    what = plan.returns[0].path if done == 1 else f"{done} environments"
    return Result(Ending.DONE, f"{what} is as it was" if done == 1 else f"{what} are as they were")


def take_back(each: Return, identifier: str, group: str, ground: Ground) -> None:
    """Take one operation back, as one of its own. Raises `OSError`, `BusyError`."""
    before = each.entry
    entry = Entry(
        id=identifier,
        group=group,
        operation=Operation.UNDO,
        move=Move.BACK if before.move is Move.ASIDE else Move.EXCHANGE,
        phase=Phase.PREPARED,
        path=each.path,
        item=before.item,
        old=each.here,
        new=each.there,
        keep_new=True,
        name=before.name,
        manager=before.manager,
        python=before.python,
        bytes_aside=before.bytes_aside,
        undoes=before.id,
    )
    if before.move is Move.EXCHANGE and before.old is None:
        _discard(replace(entry, move=Move.ASIDE, item="", new=None), ground)
        return
    with transaction(ground, entry) as current:
        if current.entry.move is Move.BACK:
            current.put_back()
        else:
            if before.file:
                current.swap_file(before.file, before.file_if_not)
            current.put_in_place()


def _discard(entry: Entry, ground: Ground) -> None:
    """Put aside what had been created."""
    with transaction(ground, entry) as current:
        current.open_item(first_trash(entry.path, ground))
        current.describe(
            Manifest(
                id=entry.id,
                operation=entry.operation,
                path=entry.path,
                name=entry.name,
                manager=entry.manager,
                python=entry.python,
                put_at=ground.host.now(),
            )
        )
        current.put_aside()
