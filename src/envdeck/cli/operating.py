"""What every command that changes something does: plan, show, ask, run, and say how it ended."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from envdeck.cli.asking import check_asked
from envdeck.cli.context import Context
from envdeck.cli.errors import CommandError, Exit
from envdeck.cli.pending import HINT, say_pending, settle_pending
from envdeck.cli.plans import print_plan, question, said
from envdeck.cli.serialise_operations import operation_object
from envdeck.cli.stopping import stopping
from envdeck.cli.watching import Watch
from envdeck.core.model import Ending, NoPlan, Plan, Refusal, Result
from envdeck.text import exact_bytes, size, tilde, tilde_within

if TYPE_CHECKING:
    from envdeck.core.operations.operations import Operations

READ_ONLY = Refusal(
    "read-only",
    "the read-only mode is on, and nothing is changed",
    hint="leave `--read-only` out, or take `read-only` out of the configuration",
)


def operate(
    arguments: Namespace,
    context: Context,
    make: "Callable[[Operations], Plan | NoPlan]",
    *,
    left_out: Sequence[Refusal] = (),
) -> Exit:
    """Plan, show, ask, run.

    `make` is called once what was interrupted before is over; what it leaves out of the plan it
    adds to `left_out`. Raises :class:`CommandError` where nothing can be planned.
    """
    check_asked(arguments, context)
    operations = context.operations()
    read_only = context.policy().read_only
    if arguments.dry_run or read_only:
        say_pending(context)
    else:
        settle_pending(operations, context)
    context.console.progress("planning")
    plan = make(operations)
    context.console.clear_progress()
    if isinstance(plan, NoPlan):
        raise CommandError(
            plan.message, hint=plan.hint, code=Exit.USAGE if plan.missing else Exit.FAILED
        )
    if read_only and not any(refusal.guard == READ_ONLY.guard for refusal in plan.refusals):
        plan = replace(plan, refusals=(READ_ONLY, *plan.refusals))
    for refusal in left_out:
        context.console.warn(f"left out: {_reason(refusal, context)}", _way_out(refusal))
    if plan.refusals or arguments.dry_run:
        return _only_shown(plan, arguments, context, left_out)
    if not arguments.yes:
        print_plan(plan, context, aside=arguments.json or not context.console.terminal)
        if not _agreed(plan, context):
            context.console.note("nothing was changed")
            if arguments.json:
                context.console.json(operation_object(plan, None, left_out))
            return Exit.FAILED
    result = _run(plan, arguments, context, operations)
    if arguments.json:
        context.console.json(operation_object(plan, result, left_out))
    _say(plan, result, context, silent=arguments.json)
    return _code(result, left_out)


def _only_shown(
    plan: Plan, arguments: Namespace, context: Context, left_out: Sequence[Refusal]
) -> Exit:
    """Show a plan that is not run: that is all that was wanted, or guards stand in the way."""
    result = None
    if plan.refusals and not arguments.dry_run:
        first = plan.refusals[0]
        result = Result(Ending.REFUSED, first.message, hint=_way_out(first), guard=first.guard)
    if arguments.json:
        context.console.json(operation_object(plan, result, left_out))
    elif arguments.dry_run:
        print_plan(plan, context, aside=False)
    for refusal in plan.refusals:
        context.console.error(f"refused: {_reason(refusal, context)}", _way_out(refusal))
    return Exit.REFUSED if plan.refusals or left_out else Exit.DONE


def _agreed(plan: Plan, context: Context) -> bool:
    asked = context.answers is not None and context.console.ask(question(plan), context.answers)
    return bool(asked)


def _run(plan: Plan, arguments: Namespace, context: Context, operations: "Operations") -> Result:
    try:
        with stopping() as stopped:
            watch = Watch(context, plan, arguments.verbose, stopped)
            return operations.run(plan, watch.tell, stopped)
    except KeyboardInterrupt:
        raise CommandError(
            "interrupted while everything was put back", hint=HINT, code=Exit.INTERRUPTED
        ) from None
    finally:
        context.console.clear_progress()


def _say(plan: Plan, result: Result, context: Context, *, silent: bool) -> None:
    console = context.console
    if result.status is Ending.REFUSED:
        refusal = Refusal(result.guard or "", result.message, result.hint)
        console.error(f"refused: {_reason(refusal, context)}", refusal.hint)
    elif result.status is Ending.ROLLED_BACK:
        console.error(_home(result.message, context), result.hint)
    elif not silent:
        console.line(f"{console.style('done:', 'green')} {said(result.message, context)}")
        for checked in result.verified:
            console.line(f"  {console.style('checked:', 'dim')} {said(checked, context)}")
        if result.freed_bytes:
            freed = f"{size(result.freed_bytes)} ({exact_bytes(result.freed_bytes)})"
            console.line(f"  {console.style('freed:', 'dim')} {freed}")
        console.flush()
        if result.hint:
            console.hint(_home(result.hint, context))
        if plan.undo is not None:
            console.hint(plan.undo)


def _code(result: Result, left_out: Sequence[Refusal]) -> Exit:
    if result.status is Ending.REFUSED:
        return Exit.REFUSED
    if result.stopped:
        return Exit.INTERRUPTED
    if result.status is Ending.ROLLED_BACK:
        return Exit.FAILED
    return Exit.REFUSED if left_out else Exit.DONE


def _reason(refusal: Refusal, context: Context) -> str:
    """Return why a guard refuses, with the guard's name and what it is about."""
    message = _home(refusal.message, context)
    path = tilde(refusal.path, context.host.home)
    about = f"{path}: " if path and path not in message else ""
    return f"{about}{message} ({refusal.guard})" if refusal.guard else f"{about}{message}"


def _way_out(refusal: Refusal) -> str:
    option = f"--allow {refusal.guard}"
    if not refusal.overrulable or option in refusal.hint:
        return refusal.hint
    overrule = f"`{option}` does it all the same"
    return f"{refusal.hint}; {overrule}" if refusal.hint else overrule


def _home(text: str, context: Context) -> str:
    return tilde_within(text, context.host.home)
