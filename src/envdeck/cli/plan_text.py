"""A plan as text."""

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from envdeck.cli.console import TableCell, styled
from envdeck.cli.context import CommandContext
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.lazy_dataclasses import replace
from envdeck.core.model import Environment, Fact, Operation, PackageChange, Plan, Refusal, Step
from envdeck.text import (
    Signs,
    counted,
    exact_time,
    join_some,
    pad,
    plain,
    size,
    tilde,
    tilde_within,
    width,
)
from envdeck.text.environment import count_severities
from envdeck.text.operation import (
    CHANGE_COLUMNS,
    CHANGES_SHOWN,
    ONE_BY_ONE,
    STAGING,
    change_words,
    refusal_words,
    shared_facts,
    shared_steps,
    shared_warnings,
    short_names,
)

_KEEP_EDITS = {
    Operation.RECREATE: "use --keep-edits to keep the edited files",
    Operation.UPGRADE: "use --keep-edits to keep those whose original is unchanged",
}


def print_plan(plan: Plan, context: CommandContext, *, aside: bool) -> None:
    """Print a plan: as a result, or `aside` on the error stream where the results are JSON."""
    console = context.console
    for text, style in plan_lines(plan, context):
        if aside:
            console.aside(text, style)
        else:
            console.line(styled(text, style, colour=console.colour))


def plan_lines(plan: Plan, context: CommandContext) -> Iterator[tuple[str, str]]:
    """Yield the lines of a plan, each with its style; they are plain text."""
    names = short_names(plan.targets)
    many = len(plan.targets) > ONE_BY_ONE
    shared, targets = shared_facts(plan.targets, names) if many else ([], plan.targets)
    for target in targets:
        word = "write" if plan.operation is Operation.EDIT else plan.operation
        yield f"{word} {safe(tilde(target.path, context.host.home))}", "bold"
        yield from _rows(_facts(target.facts, context))
    if shared:
        yield "in common", "bold"
        yield from _rows(_facts(shared, context))
    yield from _packages(plan.package_changes or ())
    if plan.steps:
        yield "steps", "bold"
    steps = list(shared_steps(plan)) if many else plan.steps
    staging = next((step.staging for step in steps if step.command and step.staging), "")
    if staging:
        yield f"     {STAGING}  {sentence(staging, context)}", "dim"
    for number, step in enumerate(steps, start=1):
        yield from _step(number, step, context)
    costs = list(_costs(plan, context))
    if costs:
        yield "cost", "bold"
        yield from _rows(costs)
    for warning in shared_warnings(plan, names) if many else plan.warnings:
        yield f"warning: {sentence(warning, context)}", "yellow"
    if plan.replaced_edits and not plan.keep_edits and plan.operation in _KEEP_EDITS:
        yield f"hint: {_KEEP_EDITS[plan.operation]}", ""


def question(plan: Plan) -> str:
    """Return what a person is asked before a plan is run."""
    count = len(plan.targets)
    what = {
        Operation.UNDO: "undo it",
        Operation.EDIT: "write it",
        Operation.PURGE: "delete it permanently"
        if count == 1
        else f"permanently delete these {count}",
        Operation.INSTALL: f"install {_counted(plan)}",
        Operation.UNINSTALL: f"uninstall {_counted(plan)}",
    }.get(plan.operation, str(plan.operation))
    if plan.operation in {Operation.DELETE, Operation.RECREATE, Operation.UPGRADE}:
        what += " it" if count == 1 else f" these {count}"
        if plan.undo is None:
            what += " (cannot be undone)"
    if plan.operation is Operation.CREATE:
        what += " it"
    return f"{what}?"


def _counted(plan: Plan) -> str:
    return counted(len(plan.package_changes or ()), "package")


def blocked_reasons(refusals: Iterable[Refusal], home: str) -> Iterator[tuple[str, Refusal]]:
    """Yield why a plan is not run, the same reason once with all that it holds for."""
    alike: dict[Refusal, list[str]] = {}
    for refusal in refusals:
        alike.setdefault(replace(refusal, path=""), []).append(refusal.path)
    for same, paths in alike.items():
        one = same if len(paths) > 1 else replace(same, path=paths[0])
        named = ", ".join(tilde(path, home) for path in paths)
        also = f" · {len(paths):,}: {named}" if len(paths) > 1 else ""
        yield f"{refusal_words(one, home)}{also}", one


def way_out(refusal: Refusal) -> str:
    """Return the hint of a refusal, with the option that overrules it."""
    option = f"--allow {refusal.guard}"
    if not refusal.overrulable or option in refusal.hint:
        return refusal.hint
    overrule = f"use `{option}` to override"
    return f"{refusal.hint}; {overrule}" if refusal.hint else overrule


def blocked_count(plan: Plan) -> str:
    """Return how many of several are blocked, where the others are not; else an empty text."""
    blocked = {one.path for one in plan.targets} & {one.path for one in plan.refusals}
    count, total = len(blocked), len(plan.targets)
    return f"{count:,} of {total:,} blocked" if 0 < count < total else ""


def sentence(text: str, context: CommandContext) -> str:
    """Return a sentence of the core's, harmless, with `~` for the home folder."""
    return safe(tilde_within(text, context.host.home))


def safe(text: str) -> str:
    """Return hostile text with nothing in it that acts, and no secret."""
    return plain(mask_text(text))


def command_text(command: tuple[str, ...], home: str) -> str:
    """Return a command as it could be typed, as far as its words are plain."""
    return " ".join(tilde(safe(quote(word)), home) for word in command)


def _packages(changes: Sequence[PackageChange]) -> Iterator[tuple[str, str]]:
    """Yield what becomes of packages, as a table; the first of many."""
    if not changes:
        return
    rows = [CHANGE_COLUMNS, *map(change_words, changes[:CHANGES_SHOWN])]
    cells = [[safe(cell) for cell in row] for row in rows]
    first, second = (max(width(row[column]) for row in cells) for column in (0, 1))
    for number, row in enumerate(cells):
        line = f"  {pad(row[0], first)}  {pad(row[1], second)}  {row[2]}"
        yield line, "" if number else "bold"
    if len(changes) > CHANGES_SHOWN:
        yield f"  and {len(changes) - CHANGES_SHOWN:,} more (`--json` lists all)", "dim"


def _facts(facts: Sequence[Fact], context: CommandContext) -> list[tuple[str, str]]:
    return [(safe(fact.label), sentence(fact.text, context)) for fact in facts]


def _step(number: int, step: Step, context: CommandContext) -> Iterator[tuple[str, str]]:
    yield f"  {number}. {sentence(step.title, context)}", ""
    if step.command:
        home = context.host.home
        line = command_text(step.command, home)
        if step.staging:
            line = line.replace(tilde(safe(step.staging), home), STAGING)
        yield f"     $ {line}", "dim"


def _costs(plan: Plan, context: CommandContext) -> Iterator[tuple[str, str]]:
    if plan.needs_bytes is not None:
        yield "needs", f"{size(plan.needs_bytes)} of disk space during the operation"
    if plan.operation in {Operation.DELETE, Operation.PURGE}:
        freed, now, when = plan.frees_now_bytes, "", ""
        if plan.reclaims_bytes != freed:
            now = f"{size(freed)} now, " if freed else ""
            freed, when = plan.reclaims_bytes, " when the trash is emptied"
        yield "frees", now + size(freed, unknown="unknown") + when
    going = {one.name for one in plan.package_changes or ()}
    if left := [name for name in plan.unneeded if name not in going]:
        yield "extraneous then", f"{safe(join_some(left))}; --unneeded removes those too"
    if plan.undo is not None:
        until = "" if plan.kept_until is None else f", until {exact_time(plan.kept_until)}"
        yield "undo", sentence(plan.undo, context) + until
    elif plan.operation in {Operation.DELETE, Operation.PURGE}:
        yield "undo", "cannot be undone"


def _rows(rows: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    widest = max((width(label) for label, _ in rows), default=0)
    for label, text in rows:
        yield f"  {pad(label, widest)}  {text}", ""


_FINE = {"ok", "unmounted"}
_STYLES = {"ok": "green", "broken": "red", "moved": "red", "unmounted": "dim"}


def status_cell(environment: Environment, signs: Signs) -> TableCell:
    """Return sign and word for an environment's state, the worst there is to say of it: where
    that is fine, how many errors or warnings there are."""
    status = environment.states[0]
    errors, warnings, _ = count_severities(environment.findings)
    if status in _FINE and errors:
        return TableCell(f"{signs.broken} {counted(errors, 'error')}", "red")
    if status in _FINE and warnings:
        return TableCell(f"{signs.warning} {counted(warnings, 'warning')}", "yellow")
    return TableCell(f"{signs.status_sign(status)} {status}", _STYLES.get(status, "yellow"))


def path_cell(path: str, home: str) -> TableCell:
    """Return a path with `~` for the home folder."""
    return TableCell(tilde(path, home))
