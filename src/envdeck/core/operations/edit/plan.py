"""`EditPlan`: one dotenv file changed."""

import os
from collections.abc import Mapping
from typing import ClassVar

from envdeck.core.dotenv import Remedy
from envdeck.core.dotenv.files import LIMIT
from envdeck.core.dotenv.secrets import is_secret_text
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import Claims, Fact, NoPlan, Operation, Plan, Refusal, Step, Target
from envdeck.core.operations.edit.remedies import (
    Draft,
    EditTarget,
    draft_of,
    file_of,
    obstacles_at,
    place_of,
)
from envdeck.core.operations.shared.context import Context
from envdeck.core.operations.shared.space import no_room
from envdeck.core.operations.transaction.journal import new_id
from envdeck.core.system import reach
from envdeck.core.system.files import Unread, read_bounded


class Sealed:
    """Bytes with values in them: no `repr`, no `asdict` and no pickle of a plan shows them."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def open(self) -> bytes:
        """Return them, for the file alone."""
        return self._data

    def __repr__(self) -> str:
        return "Sealed()"

    def __reduce__(self) -> str:
        raise TypeError("hidden values are not copied")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPlan(Plan):
    """One file that another takes the place of, or that is made."""

    runner: ClassVar[str] = "envdeck.core.operations.edit.run"
    remedy: Remedy
    named: str
    """The path by which the file was asked for: a link, perhaps, to the one that is edited."""
    content: Sealed = field(repr=False, compare=False)
    """What it is to hold."""
    before: Sealed | None = field(repr=False, compare=False)
    """What it held when it was shown; None where there was none."""
    mode: int | None
    """Its permission bits; None leaves them as they are, or to the umask where it is made."""
    done: str
    """What is said when it is done."""
    verified: tuple[str, ...] = ()

    @property
    def claims(self) -> Claims:
        """What it needs for itself while it runs."""
        files = frozenset(target.path for target in self.targets)
        return Claims(changes=files, alone=frozenset({self.remedy.project}))


_KEPT = "the current file, in the trash (readable only by you)"
_KEPT_VALUES = "the current file with its values, in the trash (readable only by you)"


def plan_remedy(context: Context, remedy: Remedy, values: Mapping[str, str]) -> EditPlan | NoPlan:
    """Plan what fixes a finding; see :meth:`Operations.plan_remedy`."""
    host = context.catalog.host
    if not reach.isdir(remedy.project):
        return NoPlan(f"`{remedy.project}` is not a folder", missing=True)
    if any(map(is_secret_text, values)):  # a value with line ends and no quotes, perhaps
        return NoPlan("invalid key name: it looks like part of a value")
    named = file_of(remedy)
    place = place_of(named, remedy.project, host)
    if isinstance(place, Refusal):
        return _refused(context, remedy, place)
    old = None if place.status is None else read_bounded(place.path, LIMIT)
    if isinstance(old, Unread):
        said = f"{named} cannot be read: {old.reason}"
        return _refused(context, remedy, Refusal("not-readable", said, "", place.path))
    draft = draft_of(remedy, place, old, values, host)
    if isinstance(draft, NoPlan):
        return draft
    if isinstance(draft, Draft) and len(draft.content) > LIMIT:
        return NoPlan(f"{named} would exceed {LIMIT // 1024} KiB, the limit for reading it")
    if isinstance(draft, Refusal):
        return _refused(context, remedy, draft)
    return _planned(context, remedy, place, old, draft)


def _planned(
    context: Context, remedy: Remedy, place: EditTarget, old: bytes | None, draft: Draft
) -> EditPlan:
    store, named = context.store, file_of(remedy)
    identifier = new_id(store.host)
    facts = list(draft.facts)
    if os.path.normpath(named) != place.path:
        facts.append(Fact("named", named))
    if old is not None:
        ours = os.path.basename(place.path) == ".gitignore"
        facts.append(Fact("backup", _KEPT if ours else _KEPT_VALUES))
    undoing = context.policy.kept_until(store.host.now()) if old is not None else None
    return EditPlan(
        id=identifier,
        operation=Operation.EDIT,
        targets=(
            Target(place.path, place.identity, short_name(place.path), tuple(facts), place.mark),
        ),
        steps=(
            Step("Write the new file to staging and verify it"),
            Step(
                "Move it into place"
                if old is None
                else "Swap it in and move the old file to the trash"
            ),
        ),
        warnings=(*draft.warnings, *_linked(place)),
        refusals=(*obstacles_at(place), *no_room(place.path, len(draft.content), store)),
        frees_now_bytes=0,
        undo=f"envdeck undo {identifier}",
        kept_until=undoing,
        remedy=remedy,
        named=named,
        content=Sealed(draft.content),
        before=None if old is None else Sealed(old),
        mode=draft.mode,
        done=draft.done,
        verified=draft.verified,
    )


def short_name(path: str) -> str:
    """Return the last two parts of a path, which tell it from its neighbours."""
    return os.path.join(*path.split(os.sep)[-2:])


def _linked(place: EditTarget) -> tuple[str, ...]:
    """Say of a file with other names that those stay as they are."""
    count = place.status.st_nlink if place.status is not None else 1
    if count < 2:
        return ()
    others = "another name" if count == 2 else f"{count - 1:,} other names"
    return (f"the file has {others} (hard links), which keep the old content and mode",)


def _refused(context: Context, remedy: Remedy, refusal: Refusal) -> EditPlan:
    """Return a plan that shows why there is nothing to run."""
    named = file_of(remedy)
    shown = replace(refusal, path=refusal.path or named)
    return EditPlan(
        id=new_id(context.catalog.host),
        operation=Operation.EDIT,
        targets=(Target(named, None, short_name(named)),),
        refusals=(shown,),
        remedy=remedy,
        named=named,
        content=Sealed(b""),
        before=None,
        mode=None,
        done="",
    )
