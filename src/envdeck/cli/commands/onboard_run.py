"""What `envdeck onboard` does itself: one step, or all that is safe, one after the other."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from envdeck.cli.commands.dotenv_fix import ask_values
from envdeck.cli.commands.onboard_text import (
    check_chosen,
    code_of,
    onboard_object,
    print_steps,
    step_lines,
    walkthrough,
)
from envdeck.cli.context import CommandContext
from envdeck.cli.errors import CommandError, Exit
from envdeck.cli.output.console import styled
from envdeck.cli.perform import (
    ProgressReport,
    Stops,
    announce_due,
    broken_off,
    check_asked,
    stopping,
)
from envdeck.cli.plan_text import print_plan, said
from envdeck.cli.scan import HINT, settle_folders, settle_pending
from envdeck.core.model import Ending, NoPlan, Operation, Plan, Result
from envdeck.core.onboarding.model import Answers, StepState, StepView
from envdeck.text import tilde_within

if TYPE_CHECKING:
    from envdeck.core.onboarding.walkthrough import Walkthrough
    from envdeck.core.operations.api import Operations

_MOST = 50
"""Steps that are done by one call: each file of a project is mended by itself."""
_INTERRUPTED = "interrupted, and no other step was begun"


def act(arguments: Namespace, context: CommandContext, project: str) -> Exit:
    """Do the step that is named, or every safe one; then say how the project stands.

    Raises :class:`CommandError` where nobody can be asked, or nothing can be done.
    """
    if arguments.step is not None:
        check_asked(arguments, context)
    with stopping() as stops:
        looks = arguments.dry_run or context.policy().read_only
        if not looks:
            settle_folders(context)
        operations = context.operations()
        steps = walkthrough(arguments, operations, context, project)
        acting = _Acting(arguments, context, operations, steps, stops)
        try:
            if not looks:
                with stops.unbroken():
                    settle_pending(operations, context)
                announce_due(operations, context)
            code = acting.one() if arguments.step is not None else acting.every()
        except (KeyboardInterrupt, RuntimeError) as error:
            if not broken_off(error):
                raise
            stops.acting = True  # what is told is told whole
            context.console.clear_progress()
            context.console.error(_INTERRUPTED)
            code = Exit.INTERRUPTED
        context.console.flush()
    return code


@dataclass(slots=True)
class _Acting:
    """One call."""

    arguments: Namespace
    context: CommandContext
    operations: "Operations"
    steps: "Walkthrough"
    stops: Stops
    done: list[dict[str, Any]] = field(default_factory=list)
    """What was done, as JSON has it."""
    results: list[Result] = field(default_factory=list)

    def one(self) -> Exit:
        """Do the step that is named, whatever it takes, where a person says yes to its plan."""
        view = self._looked(self.arguments.step)
        if view.act is None or view.state in {
            StepState.WAITING,
            StepState.CANNOT,
            StepState.SKIPPED,
        }:
            return self._nothing(view)
        plan = self._planned(view)
        if plan.refusals or self.arguments.dry_run:
            return self._shown(plan)
        if not self.arguments.yes and not self._agreed(plan):
            return Exit.FAILED
        self._run(view, plan)
        return self._told()

    def every(self) -> Exit:
        """Do the safe steps in their order, looking again after each; no step is tried twice."""
        views = self.steps.look(self.stops)
        check_chosen(self.arguments, views)
        tried: set[tuple[str, str]] = set()
        while len(tried) < _MOST:
            self.stops.check()
            view = next((one for one in views if _is_safe(one, tried)), None)
            if view is None:
                break
            tried.add((view.name, view.message))
            plan = self.steps.plan(view, Answers(allow=frozenset(self.arguments.allow)))
            if isinstance(plan, NoPlan) or plan.refusals or self.arguments.dry_run:
                self._left_out(view, plan)
                continue
            if self._run(view, plan).stopped:
                break
            views = self.steps.look(self.stops)
        return self._told()

    def _looked(self, name: str) -> StepView:
        self.context.console.progress("looking")
        views = self.steps.look(self.stops)
        self.context.console.clear_progress()
        self.stops.check()
        check_chosen(self.arguments, views)
        return next(view for view in views if view.name == name)

    def _planned(self, view: StepView) -> Plan:
        answers = self._answered(view)
        self.context.console.progress("planning")
        plan = self.steps.plan(view, answers)
        self.context.console.clear_progress()
        self.stops.check()
        if isinstance(plan, NoPlan):
            raise CommandError(
                plan.message, hint=plan.hint, code=Exit.USAGE if plan.missing else Exit.FAILED
            )
        return plan

    def _answered(self, view: StepView) -> Answers:
        """Ask for the values of a step, where a person sits there; what the example proposes is
        taken with `--yes`, and left to Enter."""
        allow = frozenset(self.arguments.allow)
        asks = bool(view.fields) and not (self.arguments.yes or self.arguments.dry_run)
        if not asks or self.context.answers is None:
            return Answers(allow=allow)
        names = [field.name for field in view.fields]
        return Answers(values=ask_values(names, self.context, keep=True), allow=allow)

    def _nothing(self, view: StepView) -> Exit:
        """Say how a step stands that nothing can be done for."""
        if self.arguments.json:
            self._json()
        else:
            self._print(view)
        return Exit.FAILED if view.state.is_open else Exit.DONE

    def _shown(self, plan: Plan) -> Exit:
        """Show a plan that is not run: that is all that was wanted, or guards stand in the way."""
        if self.arguments.json:
            self._json()
        else:
            print_plan(plan, self.context, aside=False)
        for refusal in plan.refusals:
            named = f" ({refusal.guard})" if refusal.guard else ""
            self.context.console.error(f"refused: {self._home(refusal.message)}{named}")
            if refusal.hint:
                self.context.console.hint(self._home(refusal.hint))
        return Exit.REFUSED if plan.refusals else Exit.DONE

    def _agreed(self, plan: Plan) -> bool:
        context = self.context
        print_plan(plan, context, aside=self.arguments.json or not context.console.terminal)
        if context.answers is not None and context.console.ask("do this step?", context.answers):
            return True
        context.console.note("nothing was changed")
        return False

    def _left_out(self, view: StepView, plan: Plan | NoPlan) -> None:
        """Say why a step is passed over, or with `--dry-run` what it would do."""
        console = self.context.console
        if isinstance(plan, Plan) and not plan.refusals:
            print_plan(plan, self.context, aside=self.arguments.json)
            return
        first = plan if isinstance(plan, NoPlan) else plan.refusals[0]
        guard = "" if isinstance(first, NoPlan) else f" ({first.guard})"
        console.warn(f"left out: {view.title}: {self._home(first.message)}{guard}")
        if first.hint:
            console.hint(self._home(first.hint))
        self.done.append(_done_object(view, None, Ending.REFUSED, first.message))
        self.results.append(Result(Ending.REFUSED, first.message))

    def _run(self, view: StepView, plan: Plan) -> Result:
        console, running = self.context.console, plan.operation is Operation.RUN
        if not self.arguments.json:
            console.line(console.style(f"{view.title}", "bold"))
            console.flush()
        watch = ProgressReport(self.context, plan, self.arguments.verbose or running, self.stops)
        with _acts(self.stops, console):
            result = self.operations.run(plan, watch.tell, self.stops)
        self.steps.ended(view, plan, result)
        self.results.append(result)
        self.done.append(_done_object(view, plan, result.status, result.message))
        self._say(plan, result)
        return result

    def _say(self, plan: Plan, result: Result) -> None:
        console = self.context.console
        if result.status is not Ending.DONE:
            console.error(self._home(result.message), self._home(result.hint))
            return
        if self.arguments.json:
            return
        console.line(f"  {console.style('done:', 'green')} {said(result.message, self.context)}")
        for checked in result.verified:
            console.line(f"  {console.style('checked:', 'dim')} {said(checked, self.context)}")
        console.flush()
        if result.hint:
            console.hint(self._home(result.hint))
        if plan.undo is not None:
            console.hint(plan.undo)

    def _told(self) -> Exit:
        """Say how the project stands now, and return what that is worth."""
        views = self.steps.look()
        if self.arguments.json:
            self.context.console.json(onboard_object(self.steps, views, self.done))
        elif self.arguments.step is not None:
            self._print(next(one for one in views if one.name == self.arguments.step))
        else:
            if self.results:
                self.context.console.line()
            print_steps(self.steps, views, self.context)
        if any(result.stopped for result in self.results):
            return Exit.INTERRUPTED
        if any(result.status in {Ending.ROLLED_BACK, Ending.FAILED} for result in self.results):
            return Exit.FAILED
        if any(result.status is Ending.REFUSED for result in self.results):
            return Exit.REFUSED
        if self.arguments.step is not None:
            return code_of([one for one in views if one.name == self.arguments.step])
        return code_of(views)

    def _json(self) -> None:
        self.context.console.json(onboard_object(self.steps, self.steps.look(), self.done))

    def _print(self, view: StepView) -> None:
        console = self.context.console
        for text, style in step_lines(view, self.context):
            console.line(styled(text, style, colour=console.colour))

    def _home(self, text: str) -> str:
        return tilde_within(text, self.context.host.home)


def _is_safe(view: StepView, tried: Sequence[object] | set[tuple[str, str]]) -> bool:
    doable = view.state is StepState.OPEN and view.safe and view.act is not None
    return doable and (view.name, view.message) not in tried


def _done_object(view: StepView, plan: Plan | None, status: Ending, message: str) -> dict[str, Any]:
    return {
        "step": view.name,
        "operation": plan.operation.value if plan is not None else None,
        "id": plan.id if plan is not None else None,
        "status": status.value,
        "message": message,
    }


@contextmanager
def _acts(stops: Stops, console: Any) -> Iterator[None]:  # noqa: ANN401
    """Let signals be noted while a plan runs, and say what is left where even that is broken."""
    stops.acting = True
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError(
            "interrupted while everything was put back", hint=HINT, code=Exit.INTERRUPTED
        ) from None
    finally:
        stops.acting = False
        console.clear_progress()
