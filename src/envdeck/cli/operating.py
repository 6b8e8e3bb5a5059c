"""What every command that changes something does: plan, show, ask, run, and say how it ended."""

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envdeck.cli.announcement import announce_due
from envdeck.cli.asking import check_asked
from envdeck.cli.context import Context
from envdeck.cli.errors import CommandError, Exit
from envdeck.cli.pending import HINT, say_pending, settle_folders, settle_pending
from envdeck.cli.plans import print_plan, question, said
from envdeck.cli.serialise_operations import operation_object, unplanned_object
from envdeck.cli.stopping import Stops, broken_off, stopping
from envdeck.cli.watching import Watch
from envdeck.core.model import Ending, NoPlan, Operation, Plan, Refusal, Result
from envdeck.text import exact_bytes, size, tilde, tilde_within

if TYPE_CHECKING:
    from envdeck.core.operations.context import Stopped
    from envdeck.core.operations.operations import Operations

READ_ONLY = Refusal(
    "read-only",
    "the read-only mode is on, and nothing is changed",
    hint="leave `--read-only` out, or take `read-only` out of the configuration",
)
_INTERRUPTED = Result(Ending.ROLLED_BACK, "interrupted, and nothing was changed", stopped=True)


def operate(
    arguments: Namespace,
    context: Context,
    operation: Operation,
    make: "Callable[[Operations, Stopped], Plan | NoPlan]",
    *,
    left_out: Sequence[Refusal] = (),
) -> Exit:
    """Plan, show, ask, run.

    `make` is called once what was interrupted before is over, and polls what it is given to
    break off; what it leaves out of the plan it adds to `left_out`. Raises
    :class:`CommandError` where nothing can be planned. With `--json` there is a document on the
    standard output in any case.
    """
    check_asked(arguments, context)
    with stopping() as stops:
        acting = _Acting(arguments, context, operation, left_out, stops)
        code = acting.do(make)
        context.console.flush()  # before a signal ends us again, so that the result is told
    return code


@dataclass(slots=True)
class _Acting:
    """One call of a command that changes something."""

    arguments: Namespace
    context: Context
    operation: Operation
    left_out: Sequence[Refusal]
    stops: Stops
    plan: Plan | None = None
    """What will be done, as soon as that is known."""

    def do(self, make: "Callable[[Operations, Stopped], Plan | NoPlan]") -> Exit:
        """Plan, show, ask, run; a signal before the run breaks it off."""
        try:
            operations, plan = self._planned(make)
            if plan.refusals or self.arguments.dry_run:
                self.stops.acting = True  # what is told is told whole
                return _only_shown(plan, self.arguments, self.context, self.left_out)
            if not self.arguments.yes and not self._agreed(plan):
                return Exit.FAILED
            self.stops.acting = True
            self.stops.check()
        except CommandError as error:
            self._say_unplanned(Result(Ending.REFUSED, error.message, hint=error.hint))
            raise
        except (KeyboardInterrupt, RuntimeError) as error:
            if not broken_off(error):
                raise
            return self._interrupted()
        result = self._run(operations, plan)
        if self.arguments.json:
            self.context.console.json(operation_object(plan, result, self.left_out))
        _say(plan, result, self.context, silent=self.arguments.json)
        return _code(result, self.left_out)

    def _planned(
        self, make: "Callable[[Operations, Stopped], Plan | NoPlan]"
    ) -> "tuple[Operations, Plan]":
        context = self.context
        read_only = context.policy().read_only
        looks = self.arguments.dry_run or read_only
        if not looks:
            settle_folders(context)
        operations = context.operations()
        if looks:
            say_pending(context)
        else:
            with self.stops.unbroken(), _broken_off():
                settle_pending(operations, context)
            if self.operation is not Operation.PURGE:
                announce_due(operations, context)
        context.console.progress("planning")
        plan = make(operations, self.stops)
        context.console.clear_progress()
        self.stops.check()
        if isinstance(plan, NoPlan):
            raise CommandError(
                plan.message, hint=plan.hint, code=Exit.USAGE if plan.missing else Exit.FAILED
            )
        if read_only and not any(refusal.guard == READ_ONLY.guard for refusal in plan.refusals):
            plan = replace(plan, refusals=(READ_ONLY, *plan.refusals))
        self.plan = plan
        for refusal in self.left_out:
            context.console.warn(f"left out: {_reason(refusal, context)}", _way_out(refusal))
        return operations, plan

    def _agreed(self, plan: Plan) -> bool:
        arguments, context = self.arguments, self.context
        print_plan(plan, context, aside=arguments.json or not context.console.terminal)
        if context.answers is not None and context.console.ask(question(plan), context.answers):
            return True
        context.console.note("nothing was changed")
        if arguments.json:
            context.console.json(operation_object(plan, None, self.left_out))
        return False

    def _interrupted(self) -> Exit:
        """Say that a signal came before anything was changed."""
        self.stops.acting = True  # that is told whole
        if self.plan is None:
            self._say_unplanned(_INTERRUPTED)
        elif self.arguments.json:
            self.context.console.json(operation_object(self.plan, _INTERRUPTED, self.left_out))
        self.context.console.error(_INTERRUPTED.message)
        return Exit.INTERRUPTED

    def _say_unplanned(self, result: Result) -> None:
        self.context.console.clear_progress()
        if self.arguments.json and self.plan is None:
            self.context.console.json(unplanned_object(self.operation, result))

    def _run(self, operations: "Operations", plan: Plan) -> Result:
        try:
            with _broken_off():
                watch = Watch(self.context, plan, self.arguments.verbose, self.stops)
                return operations.run(plan, watch.tell, self.stops)
        finally:
            self.context.console.clear_progress()


@contextmanager
def _broken_off() -> Iterator[None]:
    """Say what is left to do where a person breaks off even the way back."""
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError(
            "interrupted while everything was put back", hint=HINT, code=Exit.INTERRUPTED
        ) from None


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


def _say(plan: Plan, result: Result, context: Context, *, silent: bool) -> None:
    console = context.console
    if result.status is Ending.REFUSED:
        refusal = Refusal(result.guard or "", result.message, result.hint)
        console.error(f"refused: {_reason(refusal, context)}", refusal.hint)
    elif result.status in {Ending.ROLLED_BACK, Ending.FAILED}:
        console.error(_home(result.message, context), result.hint)
        failed = [each for each in result.items if each.status is not Ending.DONE]
        for each in failed[1:]:
            console.error(f"{each.name}: {_home(each.message, context)}", each.hint)
        if result.freed_bytes:
            console.note(f"freed {size(result.freed_bytes)} ({exact_bytes(result.freed_bytes)})")
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
    if result.status in {Ending.ROLLED_BACK, Ending.FAILED}:
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
