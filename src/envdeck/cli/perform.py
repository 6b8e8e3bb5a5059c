"""Plan, show, ask, run, report: what every command does that changes something."""

import signal
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.plan_text import (
    blocked_count,
    blocked_reasons,
    command_text,
    print_plan,
    question,
    safe,
    sentence,
    way_out,
)
from envdeck.cli.scan import HINT, settle_folders, settle_pending, warn_pending
from envdeck.cli.serialise import operation_object, unplanned_object
from envdeck.core.lazy_dataclasses import dataclass, field, replace
from envdeck.core.model import (
    CommandEnded,
    CommandStarted,
    Ending,
    NoPlan,
    Operation,
    OperationEvent,
    OutputLine,
    Plan,
    Refusal,
    Result,
    StepProgress,
    StepStarted,
)
from envdeck.text import counted, tilde_within
from envdeck.text.operation import progress_words, refusal_words, room_words

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.context import Stopped


def _can_act(arguments: Namespace, context: CommandContext) -> bool:
    """Tell whether somebody can be asked, or said yes before."""
    return bool(arguments.yes or context.answers)


def check_asked(arguments: Namespace, context: CommandContext) -> None:
    """Refuse to act where nobody can be asked and nobody said yes before."""
    if not (arguments.dry_run or _can_act(arguments, context)):
        raise CommandError(
            "not a terminal: cannot ask for confirmation",
            hint="use --yes to skip confirmation or --dry-run to print the plan",
        )


_LISTENING_SECONDS = 0.5
"""Who has asked within that time asks again soon: what runs a program does so 20 times a second."""


class Interruption(KeyboardInterrupt):
    """A signal broke it off. Of a plain KeyboardInterrupt that passes through an `exec` (every
    import of a dataclass has one), CPython remembers that it was not handled, though it was, and
    kills the process with SIGINT in place of its exit code."""


def is_interruption(error: BaseException) -> bool:
    """Tell whether a signal is behind this: before Python 3.12, one that comes while a class is
    made (by an import) is wrapped into a RuntimeError."""
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, Interruption)


@dataclass(slots=True)
class Stops:
    """Tells whether a person, or the system, wants the end; it is called for that.

    Before anything is changed, a first signal (Ctrl-C, SIGTERM, a terminal that is closed) is
    only noted where somebody asks for it, so that programs are ended in good order; else, and
    with a second one, it breaks off what is done, as an :class:`Interruption`. Once something is
    changed (:attr:`acting`), signals are only noted, so that what runs gives up where it can
    and puts everything back. A second Ctrl-C breaks off even that: the journal tells the next
    start what is left to do.
    """

    acting: bool = False
    signals: list[int] = field(default_factory=list)
    _asked_at: float = 0.0

    def __call__(self) -> bool:
        """Tell whether it is to end."""
        self._asked_at = time.monotonic()
        return bool(self.signals)

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        self.signals.append(number)
        again = len(self.signals) > 1
        if self.acting:
            if again and number == signal.SIGINT:
                raise Interruption
        elif again or time.monotonic() - self._asked_at > _LISTENING_SECONDS:
            raise Interruption

    def check(self) -> None:
        """Break off where a signal was only noted; from now on nobody asks. Raises
        :class:`Interruption`."""
        self._asked_at = 0.0
        if self.signals:
            raise Interruption

    @contextmanager
    def unbroken(self) -> Iterator[None]:
        """Let what has begun come to its end, and break off then."""
        self.acting = True
        try:
            yield
        finally:
            self.acting = False
        self.check()


@contextmanager
def catch_signals() -> Iterator[Stops]:
    """Take the signals that end a program, and give what notes them."""
    stops = Stops()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stops.note) for number in numbers}
    try:
        yield stops
    except RuntimeError as error:
        if is_interruption(error):
            raise Interruption from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_BETWEEN = 0.1
"""Seconds between two lines of progress."""


@dataclass(slots=True)
class ProgressReport:
    """What is told of one run."""

    context: CommandContext
    plan: Plan
    verbose: bool
    stopped: Callable[[], bool]
    _step: str = ""
    _shown_at: float = 0.0

    def show(self, event: OperationEvent) -> None:
        """Show an event."""
        console = self.context.console
        match event:
            case StepStarted(index, title):
                self._step = f"{index + 1}/{max(len(self.plan.steps), index + 1)} "
                self._step += sentence(title, self.context)
                self._draw("", at_once=True)
                if self.verbose:
                    console.aside(self._step)
            case StepProgress():
                self._draw(progress_words(event))
            case CommandStarted(command) if self.verbose:
                console.aside(f"$ {command_text(command, self.context.host.home)}", "dim")
            case CommandEnded(_, code) if self.verbose and code:
                console.aside(f"exit code {code}", "dim")
            case OutputLine(text) if self.verbose:
                console.aside(safe(text), "dim")
            case OutputLine(text):
                self._draw(safe(text.strip()))

    def _draw(self, far: str, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if not at_once and now - self._shown_at < _BETWEEN:
            return
        self._shown_at = now
        step = "cancelling: rolling back" if self.stopped() else self._step
        self.context.console.progress(f"{step}: {far}" if far else step)


_LOOK = "use `envdeck trash` to list them"


def announce_due(
    operations: "Operations", context: CommandContext, *, listed: bool = False
) -> None:
    """Count the time, and say what is due; it is noted as said where a person reads it. How to
    list it is left out where it was listed just now."""
    due = operations.due()
    later = f"when the screen starts in {counted(due.hours, 'hour')} or later"
    for items, when in ((due.purge, "at the next start of the screen"), (due.announced, later)):
        if not items:
            continue
        edits = any(each.manifest and each.manifest.operation is Operation.EDIT for each in items)
        many = counted(len(items), "item" if edits else "environment")
        context.console.note(
            f"{many} will be permanently deleted from the trash {when}", "" if listed else _LOOK
        )
    if context.console.error_terminal:
        operations.announce(due.announced)


READ_ONLY = Refusal(
    "read-only",
    "read-only mode is on",
    hint="remove `--read-only`, or `read-only` from the configuration",
)
_INTERRUPTED = Result(Ending.ROLLED_BACK, "interrupted; nothing changed", stopped=True)


def operate(
    arguments: Namespace,
    context: CommandContext,
    operation: Operation,
    make: "Callable[[Operations, Stopped], Plan | NoPlan]",
    *,
    left_out: Sequence[Refusal] = (),
) -> Exit:
    """Plan, show, ask, run, report.

    `make` is called once what was interrupted before is over, and polls what it is given to
    break off; what it leaves out of the plan it adds to `left_out`. Raises
    :class:`CommandError` where nothing can be planned. With `--json` there is a document on the
    standard output in any case.
    """
    with catch_signals() as stops:
        performer = Performer(arguments, context, stops)
        code = _Operation(performer, operation, left_out).perform(make)
        context.console.flush()  # before a signal ends us again, so that the result is shown
    return code


class NothingToDoError(CommandError):
    """Everything is as it was asked for; whoever expects that ends well."""


@dataclass(slots=True)
class Performer:
    """What a command does with its plans: make, show, confirm, run, report."""

    arguments: Namespace
    context: CommandContext
    stops: Stops

    def open_operations(self, *, announces: bool = True) -> "Operations":
        """Return the operations, once what was interrupted before is over; a command that only
        looks warns of it."""
        context = self.context
        looks = self.arguments.dry_run or context.policy().read_only
        looks = looks or not _can_act(self.arguments, context)
        if not looks:
            settle_folders(context)
        operations = context.operations()
        if looks:
            warn_pending(context)
            return operations
        with self.stops.unbroken(), _explain_break():
            settle_pending(operations, context)
        if announces:
            announce_due(operations, context)
        return operations

    def make_plan(self, make: Callable[[], Plan | NoPlan]) -> Plan:
        """Return a plan; raises :class:`CommandError` where there is none, and as a
        :class:`NothingToDoError` where none is needed."""
        self.context.console.progress("planning")
        plan = make()
        self.context.console.clear_progress()
        self.stops.check()
        if isinstance(plan, NoPlan):
            if plan.nothing:
                raise NothingToDoError(plan.message, hint=plan.hint, code=Exit.FAILED)
            code = Exit.USAGE if plan.missing else Exit.FAILED
            raise CommandError(plan.message, hint=plan.hint, code=code)
        return plan

    def confirm(self, plan: Plan, question: str) -> bool:
        """Show a plan and ask, unless `--yes` was given; True for a yes."""
        console, answers = self.context.console, self.context.answers
        if self.arguments.yes:
            return True
        print_plan(plan, self.context, aside=self.arguments.json or not console.terminal)
        if answers is not None and console.ask(question, answers):
            return True
        console.note("nothing changed")
        return False

    def run(self, operations: "Operations", plan: Plan, *, verbose: bool = False) -> Result:
        """Run a plan with progress; signals are only noted meanwhile."""
        self.stops.acting = True
        verbose = verbose or self.arguments.verbose
        report = ProgressReport(self.context, plan, verbose, self.stops)
        try:
            with _explain_break():
                return operations.run(plan, report.show, self.stops)
        finally:
            self.context.console.clear_progress()

    def report_refusals(self, refusals: Iterable[Refusal]) -> None:
        """Print why a plan is not run: the same reason once, with all that it holds for."""
        for reason, refusal in blocked_reasons(refusals, self.context.host.home):
            self.context.console.error(f"blocked: {reason}", way_out(refusal))

    def report(self, plan: Plan, result: Result, indent: str = "") -> None:
        """Print how a run ended; with `--json` only what went wrong."""
        console, home = self.context.console, self.context.host.home
        room = room_words(plan, result)
        if result.notice is not None:
            console.warn(tilde_within(result.notice.message, home), result.notice.hint)
        if result.status is Ending.REFUSED:
            self.report_refusals([Refusal(result.guard or "", result.message, result.hint)])
        elif result.status is not Ending.DONE:
            console.error(tilde_within(result.message, home), tilde_within(result.hint, home))
            failed = [each for each in result.items if each.status is not Ending.DONE]
            for each in failed[1:]:
                console.error(f"{each.name}: {tilde_within(each.message, home)}", each.hint)
            if result.freed_bytes:
                console.note(room)
        elif not (self.arguments.json or console.quiet):
            message = sentence(result.message, self.context)
            console.line(f"{indent}{console.style('done:', 'green')} {message}")
            facts = [("verified:", sentence(one, self.context)) for one in result.verified]
            for label, text in [*facts, ("disk:", room)]:
                if text:
                    console.line(f"  {console.style(label, 'dim')} {text}")
            console.flush()
            for hint in filter(None, (tilde_within(result.hint, home), plan.undo)):
                console.hint(hint)


@dataclass(slots=True)
class _Operation:
    """One plan from its request to its report."""

    performer: Performer
    operation: Operation
    left_out: Sequence[Refusal]
    plan: Plan | None = None
    """What will be done, as soon as that is known."""

    def perform(self, make: "Callable[[Operations, Stopped], Plan | NoPlan]") -> Exit:
        """Plan, show, ask, run; a signal before the run breaks it off."""
        performer, stops = self.performer, self.performer.stops
        try:
            announces = self.operation is not Operation.PURGE
            operations = performer.open_operations(announces=announces)
            plan = self.plan = self._make(operations, make)
            if plan.refusals or performer.arguments.dry_run:
                stops.acting = True  # what is shown is shown whole
                return self._show_only(plan)
            check_asked(performer.arguments, performer.context)
            if not performer.confirm(plan, question(plan)):
                self._print_json(plan, None)
                return Exit.FAILED
            stops.acting = True
            stops.check()
        except NothingToDoError as error:
            self._end_unplanned(Result(Ending.NOTHING, error.message, hint=error.hint))
            if not performer.arguments.json:
                performer.context.console.line(sentence(error.message, performer.context))
            return Exit.DONE
        except CommandError as error:
            told = " ".join([error.message, ", ".join(error.details)]).strip()
            result = Result(Ending.REFUSED, told, hint=error.hint)
            if self.plan is not None:
                self._print_json(self.plan, result)
            self._end_unplanned(result)
            raise
        except (KeyboardInterrupt, RuntimeError) as error:
            if not is_interruption(error):
                raise
            stops.acting = True  # what is shown is shown whole
            if self.plan is not None:
                self._print_json(self.plan, _INTERRUPTED)
            self._end_unplanned(_INTERRUPTED)
            performer.context.console.error(_INTERRUPTED.message)
            return Exit.INTERRUPTED
        result = performer.run(operations, plan)
        self._print_json(plan, result)
        performer.report(plan, result)
        return Exit.REFUSED if self.left_out and not exit_code(result) else exit_code(result)

    def _make(
        self, operations: "Operations", make: "Callable[[Operations, Stopped], Plan | NoPlan]"
    ) -> Plan:
        performer, context = self.performer, self.performer.context
        plan = performer.make_plan(lambda: make(operations, performer.stops))
        guards = {refusal.guard for refusal in plan.refusals}
        if context.policy().read_only and READ_ONLY.guard not in guards:
            plan = replace(plan, refusals=(READ_ONLY, *plan.refusals))
        for refusal in self.left_out:
            reason = refusal_words(refusal, context.host.home)
            context.console.warn(f"skipped: {reason}", way_out(refusal))
        return plan

    def _show_only(self, plan: Plan) -> Exit:
        """Show a plan that is not run: for `--dry-run`, or since guards refuse it."""
        result, dry_run = None, self.performer.arguments.dry_run
        if plan.refusals and not dry_run:
            first = plan.refusals[0]
            result = Result(Ending.REFUSED, first.message, hint=way_out(first), guard=first.guard)
        if not self._print_json(plan, result) and dry_run:
            print_plan(plan, self.performer.context, aside=False)
        self.performer.report_refusals(plan.refusals)
        if getattr(self.performer.arguments, "keep_going", None) is False and (
            said := blocked_count(plan)
        ):
            self.performer.context.console.hint(f"{said}; use `--keep-going` to delete the rest")
        return Exit.REFUSED if plan.refusals or self.left_out else Exit.DONE

    def _print_json(self, plan: Plan, result: Result | None) -> bool:
        """Print the document where one is asked for, and return whether it is."""
        if self.performer.arguments.json:
            self.performer.context.console.json(operation_object(plan, result, self.left_out))
        return bool(self.performer.arguments.json)

    def _end_unplanned(self, result: Result) -> None:
        self.performer.context.console.clear_progress()
        if self.performer.arguments.json and self.plan is None:
            self.performer.context.console.json(unplanned_object(self.operation, result))


@contextmanager
def _explain_break() -> Iterator[None]:
    """Say what is left to do where a person breaks off even the way back."""
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError(
            "interrupted during rollback", hint=HINT, code=Exit.INTERRUPTED
        ) from None


def exit_code(result: Result) -> Exit:
    """Return the exit code for the end of a run."""
    if result.stopped and result.status is not Ending.REFUSED:
        return Exit.INTERRUPTED
    return {Ending.DONE: Exit.DONE, Ending.REFUSED: Exit.REFUSED}.get(result.status, Exit.FAILED)
