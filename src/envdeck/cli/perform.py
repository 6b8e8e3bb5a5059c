"""Plan, show, ask, run, report: what every command does that changes something."""

import signal
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import TYPE_CHECKING

from envdeck.cli.context import CommandContext
from envdeck.cli.errors import CommandError, Exit
from envdeck.cli.plan_text import print_plan, question, safe, said, shown_command
from envdeck.cli.scan import HINT, say_pending, settle_folders, settle_pending
from envdeck.cli.serialise import operation_object, unplanned_object
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
from envdeck.text import counted, exact_bytes, size, tilde_within
from envdeck.text.operation import progress_words, refusal_words

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.context import Stopped

OVERRULABLE = ("symlink", "has-dependants", "tracked", "unowned-files", "in-use")
"""Guards that a person may overrule by name."""
FINAL = (
    "not-an-environment",
    "protected-path",
    "mount",
    "self",
    "owned-by-tool",
    "read-only",
    "unproved",
)
"""Guards that nobody may."""


def add_options(parser: ArgumentParser, *, guards: bool = True) -> None:
    """Let a command be planned only, run without a question, and answer in JSON."""
    acting = parser.add_argument_group("how")
    acting.add_argument("--dry-run", action="store_true", help="print the plan, and change nothing")
    acting.add_argument(
        "-y", "--yes", action="store_true", help="do not ask; needed without a terminal"
    )
    if guards:
        acting.add_argument(
            "--allow",
            action="append",
            default=[],
            type=guard_name,
            choices=OVERRULABLE,
            metavar="NAME",
            help=f"overrule this guard: {', '.join(OVERRULABLE)} (can be repeated)",
        )
    acting.add_argument(
        "-v", "--verbose", action="store_true", help="show what is run, and all that it says"
    )
    acting.add_argument("--json", action="store_true", help="one JSON document: plan and result")
    acting.add_argument("--read-only", action="store_true", help="change nothing at all")


def guard_name(text: str) -> str:
    """Return the name of a guard that may be overruled."""
    if text in FINAL:
        raise ArgumentTypeError(f"the guard `{text}` is final, and cannot be overruled")
    if text not in OVERRULABLE:
        raise ArgumentTypeError(f"there is no guard `{text}`; known are {', '.join(OVERRULABLE)}")
    return text


def check_asked(arguments: Namespace, context: CommandContext) -> None:
    """Refuse to act where nobody can be asked and nobody said yes before."""
    if not (arguments.dry_run or arguments.yes or context.answers):
        raise CommandError(
            "there is no terminal to ask at",
            hint="`--dry-run` prints the plan, and `--yes` runs it without a question",
        )


_LISTENING_SECONDS = 0.5
"""Who has asked within that time asks again soon: what runs a program does so 20 times a second."""


class Interruption(KeyboardInterrupt):
    """A signal broke it off. Of a plain KeyboardInterrupt that passes through an `exec` (every
    import of a dataclass has one), CPython remembers that it was not handled, though it was, and
    kills the process with SIGINT in place of its exit code."""


def broken_off(error: BaseException) -> bool:
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
    told: list[int] = field(default_factory=list)
    _asked_at: float = 0.0

    def __call__(self) -> bool:
        """Tell whether it is to end."""
        self._asked_at = time.monotonic()
        return bool(self.told)

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        self.told.append(number)
        again = len(self.told) > 1
        if self.acting:
            if again and number == signal.SIGINT:
                raise Interruption
        elif again or time.monotonic() - self._asked_at > _LISTENING_SECONDS:
            raise Interruption

    def check(self) -> None:
        """Break off where a signal was only noted; from now on nobody asks. Raises
        :class:`Interruption`."""
        self._asked_at = 0.0
        if self.told:
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
def stopping() -> Iterator[Stops]:
    """Take the signals that end a program, and give what tells of them."""
    stops = Stops()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32":
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stops.note) for number in numbers}
    try:
        yield stops
    except RuntimeError as error:
        if broken_off(error):
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

    def tell(self, event: OperationEvent) -> None:
        """Show an event."""
        console = self.context.console
        match event:
            case StepStarted(index, title):
                self._step = f"{index + 1}/{max(len(self.plan.steps), index + 1)} "
                self._step += said(title, self.context)
                self._show("", at_once=True)
                if self.verbose:
                    console.aside(self._step)
            case StepProgress():
                self._show(progress_words(event))
            case CommandStarted(command) if self.verbose:
                console.aside(f"$ {shown_command(command)}", "dim")
            case CommandEnded(_, code) if self.verbose and code:
                console.aside(f"it ended with code {code}", "dim")
            case OutputLine(text) if self.verbose:
                console.aside(safe(text), "dim")
            case OutputLine(text):
                self._show(safe(text.strip()))

    def _show(self, far: str, *, at_once: bool = False) -> None:
        now = time.monotonic()
        if not at_once and now - self._shown_at < _BETWEEN:
            return
        self._shown_at = now
        step = "stopping: everything is put back" if self.stopped() else self._step
        self.context.console.progress(f"{step}: {far}" if far else step)


_LOOK = "`envdeck trash` lists them"


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
    "the read-only mode is on, and nothing is changed",
    hint="leave `--read-only` out, or take `read-only` out of the configuration",
)
_INTERRUPTED = Result(Ending.ROLLED_BACK, "interrupted, and nothing was changed", stopped=True)


def operate(
    arguments: Namespace,
    context: CommandContext,
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
    context: CommandContext
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
            context.console.warn(
                f"left out: {refusal_words(refusal, context.host.home)}", _way_out(refusal)
            )
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
                watch = ProgressReport(self.context, plan, self.arguments.verbose, self.stops)
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
    plan: Plan, arguments: Namespace, context: CommandContext, left_out: Sequence[Refusal]
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
        context.console.error(
            f"refused: {refusal_words(refusal, context.host.home)}", _way_out(refusal)
        )
    return Exit.REFUSED if plan.refusals or left_out else Exit.DONE


def _say(plan: Plan, result: Result, context: CommandContext, *, silent: bool) -> None:
    console = context.console
    if result.status is Ending.REFUSED:
        refusal = Refusal(result.guard or "", result.message, result.hint)
        console.error(f"refused: {refusal_words(refusal, context.host.home)}", refusal.hint)
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


def _way_out(refusal: Refusal) -> str:
    option = f"--allow {refusal.guard}"
    if not refusal.overrulable or option in refusal.hint:
        return refusal.hint
    overrule = f"`{option}` does it all the same"
    return f"{refusal.hint}; {overrule}" if refusal.hint else overrule


def _home(text: str, context: CommandContext) -> str:
    return tilde_within(text, context.host.home)
