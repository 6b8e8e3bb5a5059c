"""The plans of several wishes that are answered at once, and what is said of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from envdeck.core.model import NoPlan, Plan, Refusal
from envdeck.tui.dialogs.plan_lines import (
    PlanRow,
    indented,
    keep_rows,
    refusal_rows,
    step_lines,
    target_lines,
    warning_lines,
)
from envdeck.tui.panes.operation_words import DONE
from envdeck.tui.widgets.line import Line, Part, Tone
from envdeck.tui.widgets.look import Look


@dataclass(frozen=True, slots=True)
class Together:
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


def together_rows(
    plans: Together,
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
        word = DONE[possible[0].operation] if possible else "done"
        said = f" {len(possible):,} of {len(plans.planned):,} can be {word}; the others are left"
        rows += [PlanRow((Part(f"{said} as they are", Tone.HEADING),)), PlanRow(())]
    if can_keep:
        replaced = sum(plan.replaced_edits for plan in possible)
        rows += keep_rows(replaced, cells, kept=any(plan.keep_edits for plan in possible))
    for number, plan in enumerate(possible, 1):
        count: Line = (Part(f" {number:,} of {len(possible):,}", Tone.HEADING),)
        rows.append(PlanRow(count))
        lines = [
            *target_lines(plan.targets, look, cells),
            *warning_lines(plan, look, cells),
            *step_lines(plan, look, cells),
            (),
        ]
        rows += [PlanRow(line) for line in lines]
    while rows and not rows[-1].line:
        rows.pop()
    return rows
