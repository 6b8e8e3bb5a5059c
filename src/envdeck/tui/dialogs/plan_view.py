"""What a plan says before it is run, as lines: objects, cost, risks, the way back, the commands."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import UNPROVED, Fact, NoPlan, Operation, Plan, Refusal, Step, Target
from envdeck.text import join_some, pad, size, time_left
from envdeck.text.operation import (
    ONE_BY_ONE,
    OPERATION_WORDS,
    count_held,
    gathered,
    shared_facts,
    shared_steps,
    shared_warnings,
    short_names,
)
from envdeck.tui.base.services import CombinedPlan
from envdeck.tui.widgets.line import (
    Display,
    Line,
    Part,
    Tone,
    clipped,
    flowed,
    glued,
    joined,
    line_width,
    wrapped,
)
from envdeck.tui.widgets.operation_words import indented, package_lines, step_lines, undo_lines

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


def plan_rows(
    plan: Plan,
    refusals: Mapping[str, Sequence[Refusal]],
    look: Display,
    cells: int,
    *,
    for_good: bool = False,
    can_keep: bool = False,
) -> list[PlanRow]:
    """Return all that a plan says. `refusals` are those by guard that have been met so far, the
    overruled ones among them; `for_good` tells that the person asked for no way back, and
    `can_keep` that edited files may be kept."""
    warned = (Part(f"{look.signs.warning} ", Tone.ERROR), Part(_FOR_GOOD, Tone.WARNING))
    names = short_names(plan.targets)
    many = len(plan.targets) > ONE_BY_ONE
    shared, targets = shared_facts(plan.targets, names) if many else ([], plan.targets)
    warnings = shared_warnings(plan, names) if many else plan.warnings
    steps = list(shared_steps(plan)) if many else plan.steps
    rows = [
        *(PlanRow(line) for line in (*indented(warned, 1, 3, cells), ()) if for_good),
        *_blocked_rows(plan, names, look, cells),
        *refusal_rows(refusals, plan.allowed, look, cells, names),
        *(PlanRow(line) for line in warning_lines(warnings, look, cells)),
        *(_alternative_rows(plan, look, cells) if can_keep else ()),
        *_shared_rows(shared, look, cells),
        *_target_rows(targets, look, cells),
        *(PlanRow(line) for line in package_lines(plan, look, cells)),
        *(PlanRow(line) for line in step_lines(steps, look, cells)),
        *(PlanRow(line) for line in undo_lines(plan.undo, look, cells)),
    ]
    while rows and not rows[-1].line and rows[-1].target is None:
        rows.pop()
    return rows


def _blocked_rows(
    plan: Plan, names: Mapping[str, str], look: Display, cells: int
) -> Iterator[PlanRow]:
    """Yield, before what blocks some of several, what all of them free, which are blocked, and by
    which key those are left out."""
    blocked = blocked_paths(plan)
    if not blocked:
        return
    total = f"{len(names):,} environments"
    head = joined([(Part(total, Tone.STRONG),), (Part(_freed(plan)),)])
    yield from (PlanRow(line) for line in indented(head, 1, 3, cells))
    said: Line = (
        Part(f"{look.signs.broken} ", Tone.ERROR),
        Part(f"blocked · {count_held([names[path] for path in blocked], len(names))}", Tone.STRONG),
    )
    yield from (PlanRow(line) for line in indented(said, 1, 3, cells))
    if len(blocked) < len(names):
        yield PlanRow(leave_out_line(len(blocked), look))
    yield PlanRow(())


def blocked_paths(plan: Plan) -> list[str]:
    """Return which of several targets are blocked; none where all of them are one question."""
    refused = {refusal.path for refusal in plan.refusals}
    return [one.path for one in plan.targets if one.path in refused and len(plan.targets) > 1]


def leave_out_line(count: int, look: Display) -> Line:
    """Return by which key those that are blocked are left out."""
    key = Part(f"   {look.key('leave_out')}", Tone.HEADING)
    return (key, Part(f": leave {'it' if count == 1 else 'them'} out and plan the rest"))


def _shared_rows(shared: Sequence[Fact], look: Display, cells: int) -> Iterator[PlanRow]:
    """Yield what several share, each once with those that it holds for, and a blank."""
    for fact in shared:
        said: Line = (Part(look.sentence(f"{fact.label} {fact.text}"), Tone.MUTED),)
        yield from (PlanRow(line) for line in indented(said, 1, 3, cells))
    if shared:
        yield PlanRow(())


def no_plan_rows(nothing: NoPlan, look: Display, cells: int) -> list[PlanRow]:
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


def cost_line(plan: Plan, look: Display, cells: int) -> Line:
    """Return what it costs, what it frees, and for how long it can be taken back; in less room
    the way back is what stays."""
    needed = "" if plan.needs_bytes is None else f"needs {size(plan.needs_bytes)}"
    freed: Line = (Part(_freed(plan), Tone.STRONG),)
    back, brief = _way_back(plan, look)
    ways: list[list[Line]] = [
        [(Part(needed),), freed, back],
        [freed, back],
        [freed, brief],
        [brief],
    ]
    lines = [joined([piece for piece in way if line_width(piece)]) for way in ways]
    return next((line for line in lines if line_width(line) <= cells), lines[-1])


def _way_back(plan: Plan, look: Display) -> tuple[Line, Line]:
    if plan.undo is None:
        said = "" if plan.operation is Operation.UNDO else "cannot be undone"
        return (Part(said, Tone.WARNING),), (Part(said, Tone.WARNING),)
    key = Part(look.key("undo"), Tone.HEADING)
    kept = "" if plan.kept_until is None else f" ({time_left(plan.kept_until - look.clock())})"
    return (key, Part(f" to undo{kept}")), (key, Part(" to undo"))


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
    refusals: Mapping[str, Sequence[Refusal]],
    allowed: Collection[str],
    look: Display,
    cells: int,
    names: Mapping[str, str],
) -> Iterator[PlanRow]:
    """Yield what stands in the way, each guard that may be overruled with its switch; what it
    refuses for several is told once, with their `names`."""
    for guard, each in refusals.items():
        overruled = guard in allowed
        tone = Tone.WARNING if each[0].overrulable else Tone.ERROR
        sign = Part(f"{look.signs.warning if overruled else look.signs.broken} ", tone)
        paths = dict.fromkeys(one.path for one in each if one.path in names)
        first = 1
        if len(paths) > 1:
            held = count_held([names[path] for path in paths], len(names))
            head: Line = (sign, Part(guard, Tone.STRONG), Part(f" · {held}"))
            yield from (PlanRow(told) for told in indented(head, 1, 3, cells))
            sign, first = Part(""), 3
        same = each[0].hint if len({one.hint for one in each}) == 1 else None
        reasons: dict[tuple[str, str], list[Refusal]] = {}
        for one in each:
            reasons.setdefault((one.message, one.hint), []).append(one)
        for (message, hint), ones in reasons.items():
            paths_of = {one.path for one in ones}
            where = f"{look.path(ones[0].path)}: " if len(paths_of) == 1 and ones[0].path else ""
            if len(paths) > 1 and where:
                where = f"{look.sentence(names.get(ones[0].path, ones[0].path))}: "
            line = (sign, Part(where, path=bool(where)), Part(look.sentence(message)))
            yield from (PlanRow(told) for told in indented(line, first, 3, cells))
            if hint and not overruled and not (hint == same and ones[-1] is not each[-1]):
                said: Line = (Part(look.sentence(hint), Tone.MUTED),)
                yield from (PlanRow(told) for told in indented(said, 3, 3, cells))
        if each[0].overrulable:
            box = "[x]" if overruled else "[ ]"
            key = "overridden" if overruled else "space: override"
            key = key if cells >= _ROOM_FOR_KEY else ""
            yield PlanRow(
                (
                    Part(f"   {box} override ", Tone.PLAIN),
                    Part(guard, Tone.STRONG),
                    Part(f"   {key}", Tone.MUTED),
                ),
                guard,
            )
        else:
            why = "cannot be overridden"
            if guard == UNPROVED:
                why = f"recreate it alone ({look.key('recreate')}) to decide"
            yield PlanRow((Part(f"   {guard}: {why}", Tone.MUTED),))
        yield PlanRow(())


def _alternative_rows(plan: Plan, look: Display, cells: int) -> Iterator[PlanRow]:
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
    look: Display,
    cells: int,
    *,
    can_keep: bool = False,
) -> list[PlanRow]:
    """Return what is skipped and by what, then each target with its packages, and once what they
    share."""
    possible = plans.possible
    rows: list[PlanRow] = []
    if plans.skipped:
        word = OPERATION_WORDS[possible[0].operation].done if possible else "done"
        said = f" {len(possible):,} of {len(plans.planned):,} can be {word}; the others are skipped"
        rows.append(PlanRow((Part(said, Tone.HEADING),)))
        rows += [PlanRow(leave_out_line(plans.skipped, look))] if possible else []
        rows.append(PlanRow(()))
    every = [one for _, plan in plans.planned if isinstance(plan, Plan) for one in plan.targets]
    rows += refusal_rows(refusals, allowed, look, cells, short_names(every))
    rows += _impossible_rows(plans, look, cells)
    if can_keep:
        replaced = sum(plan.replaced_edits for plan in possible)
        rows += keep_rows(replaced, cells, kept=any(plan.keep_edits for plan in possible))
    total, targets = len(possible), [one for plan in possible for one in plan.targets]
    names = short_names(targets)
    named = [(plan, names[plan.targets[0].path]) for plan in possible if plan.targets]
    warned = gathered(((one, name) for plan, name in named for one in plan.warnings), total)
    shared, alone = shared_facts(targets, names)
    rows += [PlanRow(line) for line in warning_lines(warned, look, cells)]
    rows += _shared_rows(shared, look, cells)
    facts = {one.path: one for one in alone}
    for number, plan in enumerate(possible, 1):
        count: Line = (Part(f" {number:,} of {total:,}", Tone.HEADING),)
        lines = target_lines([facts[one.path] for one in plan.targets], look, cells)
        rows += [PlanRow(line) for line in (count, *lines, *package_lines(plan, look, cells))]
    rows += [PlanRow(line) for line in _common_steps(named, look, cells)]
    while rows and not rows[-1].line:
        rows.pop()
    return rows


def _impossible_rows(plans: CombinedPlan, look: Display, cells: int) -> Iterator[PlanRow]:
    """Yield which of several cannot be planned, and why: the same reason once."""
    reasons: dict[NoPlan, list[str]] = {}
    for title, each in plans.planned:
        if isinstance(each, NoPlan):
            reasons.setdefault(each, []).append(title)
    for nothing, titles in reasons.items():
        count = f" · {len(titles):,} of {len(plans.planned):,}" if len(titles) > 1 else ""
        why: Line = (
            Part(f"{look.signs.broken} ", Tone.ERROR),
            Part(f"{titles[0]}: " if not count else ""),
            Part(f"{look.sentence(nothing.message)}{count}"),
        )
        yield from (PlanRow(line) for line in indented(why, 1, 3, cells))
        for title in titles if count else ():
            yield from (PlanRow(line) for line in indented((Part(title),), 3, 5, cells))
        if nothing.hint:
            hint: Line = (Part(look.sentence(nothing.hint), Tone.MUTED),)
            yield from (PlanRow(line) for line in indented(hint, 3, 3, cells))
        yield PlanRow(())


def _common_steps(named: Sequence[tuple[Plan, str]], look: Display, cells: int) -> Iterator[Line]:
    """Yield the steps of several plans, the same one once, with the commands of the first."""
    first: dict[str, Step] = {}
    said = []
    for plan, name in named:
        for step in plan.steps:
            title, own = step.title, plan.targets[0].name
            if len(named) > 1:  # whole words: `env` is in `environment`
                title = " ".join("each" if word == own else word for word in title.split(" "))
            first.setdefault(title, step)
            said.append((title, name))
    told = gathered(said, len(named))
    steps = [replace(one, title=title) for one, title in zip(first.values(), told, strict=True)]
    yield from step_lines(steps, look, cells)
    undo = [plan.undo for plan, _ in named if plan.undo]
    more = f" (first of {len(undo):,}, one each)" if len(undo) > 1 else ""
    yield from undo_lines(f"{undo[0]}{more}" if undo else None, look, cells)


def warning_lines(warnings: Sequence[str], look: Display, cells: int) -> list[Line]:
    """Return why it may be a bad idea, and a blank."""
    lines: list[Line] = []
    for warning in warnings:
        said = (Part(f"{look.signs.warning} ", Tone.WARNING), Part(look.sentence(warning)))
        lines += indented(said, 1, 3, cells)
    return [*lines, ()] if lines else []


def target_row(row: PlanRow, look: Display, cells: int) -> Line:
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


def _target_rows(targets: Sequence[Target], look: Display, cells: int) -> Iterator[PlanRow]:
    if len(targets) <= _MANY:
        yield from (PlanRow(line) for line in target_lines(targets, look, cells))
        return
    for target in targets:
        yield PlanRow((), target=target)
        if target.facts:
            yield PlanRow((), target=target, facts=True)
    yield PlanRow(())


def _named(target: Target, look: Display, cells: int) -> Line:
    return (Part(" "), Part(look.short_path(target.path, cells - 2), Tone.STRONG))


def target_lines(targets: Sequence[Target], look: Display, cells: int) -> list[Line]:
    """Return what is acted on, each with its facts."""
    lines: list[Line] = []
    for target in targets:
        lines.append(_named(target, look, cells))
        if len(targets) <= ONE_BY_ONE:
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
    return lines if len(targets) <= ONE_BY_ONE else [*lines, ()]
