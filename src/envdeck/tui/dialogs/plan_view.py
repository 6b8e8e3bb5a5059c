"""What a plan says before it is run, as lines: objects, cost, risks, the way back, the commands."""

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from envdeck.core.lazy_dataclasses import dataclass
from envdeck.core.model import UNPROVED, NoPlan, Operation, Plan, Refusal, Target
from envdeck.text import clip, join_some, pad, size, time_left, width
from envdeck.text.operation import (
    CHANGE_COLUMNS,
    CHANGES_SHOWN,
    OPERATION_WORDS,
    change_words,
)
from envdeck.tui.widgets.line import (
    Line,
    Look,
    Part,
    Tone,
    clipped,
    flowed,
    glued,
    joined,
    line_width,
    wrapped,
)

_FEW = 3
"""Targets up to which each fact has a line of its own."""
_MANY = 50
"""Targets from which each is laid out when it is seen: thousands would stall the screen."""
_ROOM_FOR_KEY = 60
"""Cells from which a switch says how to turn it."""
_NAMED = 4
"""Packages that a switch names; more are counted."""
_LABEL = 13
"""Cells of the label of a fact."""

ACT = {
    Operation.DELETE: "Delete",
    Operation.RECREATE: "Recreate",
    Operation.UPGRADE: "Upgrade",
    Operation.INSTALL: "Install",
    Operation.UNINSTALL: "Uninstall",
    Operation.CREATE: "Create",
    Operation.UNDO: "Undo",
    Operation.PURGE: "Delete permanently",
    Operation.EDIT: "Write it",
    Operation.RUN: "Run it",
}
"""The word on the button that says yes."""
_FOR_GOOD = "Deletes permanently, not to the trash: cannot be undone"


class PlanRow(NamedTuple):
    """A line of the dialog, and the guard that it overrules where it is a switch."""

    line: Line
    guard: str | None = None
    target: Target | None = None
    """One of so many that its line is made when it is seen (:func:`target_row`)."""
    facts: bool = False
    """Whether that is the line of its facts, and not of its path."""
    keeps: bool = False
    """Whether it is the switch by which edited files are kept, or more goes."""


@dataclass(frozen=True, slots=True)
class CombinedPlan:
    """Each wish by its title with what was planned for it."""

    planned: tuple[tuple[str, Plan | NoPlan], ...]
    allowed: frozenset[str] = frozenset()
    """Guards that were overruled for all of them."""

    @property
    def possible(self) -> tuple[Plan, ...]:
        """What a yes does; the others are left out."""
        return tuple(
            plan for _, plan in self.planned if isinstance(plan, Plan) and not plan.refusals
        )

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """What stands in the way of the others."""
        return tuple(
            refusal
            for _, plan in self.planned
            if isinstance(plan, Plan)
            for refusal in plan.refusals
        )

    @property
    def offers(self) -> tuple[Refusal, ...]:
        """What stood in the way of those that are possible at the last attempt."""
        return tuple(offer for plan in self.possible for offer in plan.offers)

    @property
    def left_out(self) -> int:
        """How many a yes would not do."""
        return len(self.planned) - len(self.possible)

    def whole(self) -> Plan | None:
        """Return one plan with what all that is possible costs and frees; for showing alone."""
        plans = self.possible
        if not plans:
            return None
        kept = [plan.kept_until for plan in plans if plan.kept_until is not None]
        return Plan(
            id="",
            operation=plans[0].operation,
            targets=tuple(target for plan in plans for target in plan.targets),
            needs_bytes=_sum(plan.needs_bytes for plan in plans),
            frees_now_bytes=_sum(plan.frees_now_bytes for plan in plans),
            reclaims_bytes=_sum(plan.reclaims_bytes for plan in plans),
            undo=None if any(plan.undo is None for plan in plans) else plans[0].undo,
            kept_until=min(kept) if len(kept) == len(plans) else None,
        )


def _sum(figures: Iterable[int | None]) -> int | None:
    known = list(figures)
    return None if None in known else sum(each for each in known if each is not None)


Planned: TypeAlias = Plan | NoPlan | CombinedPlan


def plan_rows(
    plan: Plan,
    refusals: Mapping[str, Sequence[Refusal]],
    look: Look,
    cells: int,
    *,
    for_good: bool = False,
    can_keep: bool = False,
) -> list[PlanRow]:
    """Return all that a plan says. `refusals` are those by guard that have been met so far, the
    overruled ones among them; `for_good` tells that the person asked for no way back, and
    `can_keep` that edited files may be kept."""
    warned = (Part(f"{look.signs.warning} ", Tone.ERROR), Part(_FOR_GOOD, Tone.WARNING))
    rows = [
        *(PlanRow(line) for line in (*indented(warned, 1, 3, cells), ()) if for_good),
        *refusal_rows(refusals, plan.allowed, look, cells),
        *(PlanRow(line) for line in warning_lines(plan, look, cells)),
        *(_alternative_rows(plan, look, cells) if can_keep else ()),
        *_target_rows(plan.targets, look, cells),
        *(PlanRow(line) for line in package_lines(plan, look, cells)),
        *(PlanRow(line) for line in step_lines(plan, look, cells)),
    ]
    while rows and not rows[-1].line and rows[-1].target is None:
        rows.pop()
    return rows


def no_plan_rows(nothing: NoPlan, look: Look, cells: int) -> list[PlanRow]:
    """Return why there is no plan, and a way out."""
    said = Part(look.sentence(nothing.message))
    why = (said,) if nothing.nothing else (Part(f"{look.signs.broken} ", Tone.ERROR), said)
    lines = indented(why, 1, 3, cells)
    if nothing.hint:
        lines += indented((Part(look.sentence(nothing.hint), Tone.MUTED),), 3, 3, cells)
    return [PlanRow(line) for line in lines]


def final(refusals: Collection[Refusal]) -> Refusal | None:
    """Return the first refusal that nobody may overrule."""
    return next((each for each in refusals if not each.overrulable), None)


def cost_line(plan: Plan, look: Look, cells: int, *, each: bool = False) -> Line:
    """Return what it costs, what it frees, and for how long it can be taken back; in less room
    the way back is what stays.

    `each` tells that it stands for several, each of which is taken back by itself.
    """
    needed = "" if plan.needs_bytes is None else f"needs {size(plan.needs_bytes)}"
    freed: Line = (Part(_freed(plan), Tone.STRONG),)
    back, brief = _way_back(plan, look, "history" if each else "undo")
    ways: list[list[Line]] = [
        [(Part(needed),), freed, back],
        [freed, back],
        [freed, brief],
        [brief],
    ]
    lines = [joined([piece for piece in way if line_width(piece)]) for way in ways]
    return next((line for line in lines if line_width(line) <= cells), lines[-1])


def _way_back(plan: Plan, look: Look, action: str) -> tuple[Line, Line]:
    if plan.undo is None:
        said = "" if plan.operation is Operation.UNDO else "cannot be undone"
        return (Part(said, Tone.WARNING),), (Part(said, Tone.WARNING),)
    key = Part(look.key(action), Tone.HEADING)
    kept = "" if plan.kept_until is None else f" ({time_left(plan.kept_until - look.clock())})"
    said = " to undo" if action == "undo" else " to undo each"
    return (key, Part(f"{said}{kept}")), (key, Part(said))


def _freed(plan: Plan) -> str:
    now, later = plan.frees_now_bytes, plan.reclaims_bytes
    frees_nothing = {Operation.CREATE, Operation.UNDO, Operation.EDIT, Operation.RUN}
    if plan.operation in frees_nothing or (now is None and later is None):
        return ""
    if later is None or later == now or plan.operation is Operation.PURGE:
        return f"frees {size(now, unknown='an unknown amount')}"
    at_once = f"{size(now)} now, " if now else ""
    return f"frees {at_once}{size(later)} when the trash is emptied"


def refusal_rows(
    refusals: Mapping[str, Sequence[Refusal]], allowed: Collection[str], look: Look, cells: int
) -> Iterator[PlanRow]:
    """Yield what stands in the way, each guard that may be overruled with its switch."""
    for guard, each in refusals.items():
        overruled = guard in allowed
        tone = Tone.WARNING if each[0].overrulable else Tone.ERROR
        for one in each:
            where = f"{look.path(one.path)}: " if one.path else ""
            line = (
                Part(f"{look.signs.warning if overruled else look.signs.broken} ", tone),
                Part(where, path=bool(where)),
                Part(look.sentence(one.message)),
            )
            yield from (PlanRow(told) for told in indented(line, 1, 3, cells))
            if one.hint and not overruled:
                hint: Line = (Part(look.sentence(one.hint), Tone.MUTED),)
                yield from (PlanRow(told) for told in indented(hint, 3, 3, cells))
        if each[0].overrulable:
            box = "[x]" if overruled else "[ ]"
            said = "overridden" if overruled else "space: override"
            said = said if cells >= _ROOM_FOR_KEY else ""
            yield PlanRow(
                (
                    Part(f"   {box} override ", Tone.PLAIN),
                    Part(guard, Tone.STRONG),
                    Part(f"   {said}", Tone.MUTED),
                ),
                guard,
            )
        else:
            said = "cannot be overridden"
            if guard == UNPROVED:
                said = f"recreate it alone ({look.key('recreate')}) to decide"
            yield PlanRow((Part(f"   {guard}: {said}", Tone.MUTED),))
        yield PlanRow(())


def _alternative_rows(plan: Plan, look: Look, cells: int) -> Iterator[PlanRow]:
    """Yield the switch for planning it the other way: with edited files kept, or with what only
    the packages that go need."""
    if plan.operation is not Operation.UNINSTALL:
        yield from keep_rows(plan.replaced_edits, cells, kept=plan.keep_edits)
    elif plan.unneeded:
        going = {one.name for one in plan.package_changes or ()}
        box = "[x]" if going.issuperset(plan.unneeded) else "[ ]"
        names = look.sentence(join_some(plan.unneeded, _NAMED))
        line: Line = (
            Part(f"   {box} "),
            Part("also uninstall what only they need: ", Tone.STRONG),
            Part(names),
        )
        yield PlanRow(clipped(line, max(cells - 1, 8), look.signs.ellipsis), keeps=True)
        yield PlanRow(())


def keep_rows(replaced: int, cells: int, *, kept: bool) -> Iterator[PlanRow]:
    """Yield the switch by which edited files are kept, where any are replaced."""
    if not replaced:
        return
    key = "   space: keep" if not kept else "   kept"
    yield PlanRow(
        (
            Part(f"   {'[x]' if kept else '[ ]'} "),
            Part("keep edited files", Tone.STRONG),
            Part(key if cells >= _ROOM_FOR_KEY else "", Tone.MUTED),
        ),
        keeps=True,
    )
    yield PlanRow(())


def together_rows(
    plans: CombinedPlan,
    refusals: Mapping[str, Sequence[Refusal]],
    allowed: Collection[str],
    look: Look,
    cells: int,
    *,
    can_keep: bool = False,
) -> list[PlanRow]:
    """Return what stands in the way first, then what is left out, then each plan below the one
    before."""
    rows = list(refusal_rows(refusals, allowed, look, cells))
    impossible = [(title, each) for title, each in plans.planned if isinstance(each, NoPlan)]
    for title, nothing in impossible:
        why: Line = (
            Part(f"{look.signs.broken} ", Tone.ERROR),
            Part(f"{title}: "),
            Part(look.sentence(nothing.message)),
        )
        rows += [PlanRow(line) for line in indented(why, 1, 3, cells)]
        if nothing.hint:
            hint: Line = (Part(look.sentence(nothing.hint), Tone.MUTED),)
            rows += [PlanRow(line) for line in indented(hint, 3, 3, cells)]
        rows.append(PlanRow(()))
    possible = plans.possible
    if plans.left_out:
        word = OPERATION_WORDS[possible[0].operation].done if possible else "done"
        said = f" {len(possible):,} of {len(plans.planned):,} can be {word}; the others are"
        rows += [PlanRow((Part(f"{said} skipped", Tone.HEADING),)), PlanRow(())]
    if can_keep:
        replaced = sum(plan.replaced_edits for plan in possible)
        rows += keep_rows(replaced, cells, kept=any(plan.keep_edits for plan in possible))
    for number, plan in enumerate(possible, 1):
        count: Line = (Part(f" {number:,} of {len(possible):,}", Tone.HEADING),)
        rows.append(PlanRow(count))
        lines = [
            *target_lines(plan.targets, look, cells),
            *package_lines(plan, look, cells),
            *warning_lines(plan, look, cells),
            *step_lines(plan, look, cells),
            (),
        ]
        rows += [PlanRow(line) for line in lines]
    while rows and not rows[-1].line:
        rows.pop()
    return rows


def warning_lines(plan: Plan, look: Look, cells: int) -> list[Line]:
    """Return why it may be a bad idea, and a blank."""
    lines: list[Line] = []
    for warning in plan.warnings:
        said = (Part(f"{look.signs.warning} ", Tone.WARNING), Part(look.sentence(warning)))
        lines += indented(said, 1, 3, cells)
    return [*lines, ()] if lines else []


def target_row(row: PlanRow, look: Look, cells: int) -> Line:
    """Return the line of a row, made now where that was left until it is seen."""
    target = row.target
    if target is None:
        return row.line
    if not row.facts:
        return _named(target, look, cells)
    facts = [
        (Part(look.sentence(f"{fact.label} {fact.text}"), Tone.MUTED),) for fact in target.facts
    ]
    return (Part("   "), *clipped(joined(facts), max(cells - 4, 8), look.signs.ellipsis))


def _target_rows(targets: Sequence[Target], look: Look, cells: int) -> Iterator[PlanRow]:
    if len(targets) <= _MANY:
        yield from (PlanRow(line) for line in target_lines(targets, look, cells))
        return
    for target in targets:
        yield PlanRow((), target=target)
        if target.facts:
            yield PlanRow((), target=target, facts=True)
    yield PlanRow(())


def _named(target: Target, look: Look, cells: int) -> Line:
    return (Part(" "), Part(look.short_path(target.path, cells - 2), Tone.STRONG))


def target_lines(targets: Sequence[Target], look: Look, cells: int) -> list[Line]:
    """Return what is acted on, each with its facts."""
    lines: list[Line] = []
    for target in targets:
        lines.append(_named(target, look, cells))
        if len(targets) <= _FEW:
            for fact in target.facts:
                label = pad(look.sentence(fact.label), _LABEL)
                told = wrapped((Part(look.sentence(fact.text)),), max(cells - _LABEL - 4, 8))
                lines.append((Part(f"   {label} ", Tone.MUTED), *told[0]))
                lines += [(Part(" " * (_LABEL + 4)), *more) for more in told[1:]]
            lines.append(())
        elif target.facts:
            facts = [
                (Part(glued(look.sentence(f"{fact.label} {fact.text}")), Tone.MUTED),)
                for fact in target.facts
            ]
            lines += [(Part("   "), *line) for line in flowed(facts, max(cells - 4, 8))]
    return lines if len(targets) <= _FEW else [*lines, ()]


def package_lines(plan: Plan, look: Look, cells: int) -> list[Line]:
    """Return what becomes of packages as a table, the first of many, and a blank."""
    changes = plan.package_changes or ()
    if not changes:
        return []
    rows = [CHANGE_COLUMNS, *map(change_words, changes[:CHANGES_SHOWN])]
    told = [[look.sentence(cell) for cell in row] for row in rows]
    room = max(cells - 8, 12)
    first, second = (min(max(width(row[column]) for row in told), room // 3) for column in (0, 1))
    lines: list[Line] = []
    cut = look.signs.ellipsis
    for number, (name, now, after) in enumerate(told):
        before = f"{pad(clip(name, first, cut), first)}  {pad(clip(now, second, cut), second)}"
        line: Line = (Part(f"   {before}  {after}", Tone.PLAIN if number else Tone.MUTED),)
        lines.append(clipped(line, max(cells - 1, 8), cut))
    if len(changes) > CHANGES_SHOWN:
        lines.append((Part(f"   and {len(changes) - CHANGES_SHOWN:,} more", Tone.MUTED),))
    return [*lines, ()]


def step_lines(plan: Plan, look: Look, cells: int) -> Iterator[Line]:
    """Yield what is done, with the commands, and the way back."""
    if plan.steps:
        yield (Part(" Steps", Tone.HEADING),)
    for number, step in enumerate(plan.steps, 1):
        said = (Part(f"{number:>2} ", Tone.MUTED), Part(look.sentence(step.title)))
        yield from indented(said, 1, 4, cells)
        if step.command:
            command = (Part(f"$ {look.sentence(shlex.join(step.command))}", Tone.MUTED),)
            yield from indented(command, 4, 6, cells)
    if plan.undo:
        yield ()
        back = joined([(Part(" Undo", Tone.HEADING),), (Part(look.sentence(plan.undo)),)], "  ")
        yield from indented(back, 0, 4, cells)


def indented(line: Line, first: int, other: int, cells: int) -> list[Line]:
    """Return a line in as many as it takes, the first one indented otherwise than the others."""
    told = wrapped(line, max(cells - other - 1, 8))
    return [(Part(" " * (other if number else first)), *each) for number, each in enumerate(told)]
