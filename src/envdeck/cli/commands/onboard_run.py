"""`onboard`: its steps as text and JSON, and doing them."""

from argparse import Namespace
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from envdeck.cli.commands.dotenv_fix import ask_values
from envdeck.cli.console import CommandError, Exit
from envdeck.cli.context import CommandContext
from envdeck.cli.perform import (
    Performer,
    catch_signals,
    check_asked,
    exit_code,
    is_interruption,
)
from envdeck.cli.plan_text import command_text, print_plan, safe, sentence, way_out
from envdeck.cli.scan import warn_pending
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.lazy_dataclasses import dataclass, field
from envdeck.core.model import Ending, NoPlan, Operation, Plan, Policy, Result
from envdeck.core.onboarding.model import StepAnswers, StepState, StepView
from envdeck.core.onboarding.steps.environment import SHELLS
from envdeck.core.onboarding.walkthrough import Walkthrough
from envdeck.core.project.locks.find import find_locks
from envdeck.core.project.project import manifest_files
from envdeck.text import pad, tilde, tilde_within
from envdeck.text.operation import STEP_WORDS, refusal_words

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog
    from envdeck.core.onboarding.project_state import ReadOperations
    from envdeck.core.operations.api import Operations

SCHEMA = 1
_MOST = 50
"""Steps that are done by one call: each file of a project is fixed by itself."""
_INTERRUPTED = "interrupted; remaining steps not started"
_NOT_DOABLE = {StepState.WAITING, StepState.CANNOT, StepState.SKIPPED}
_WIDEST = max(map(len, STEP_WORDS.values()))
_STYLES = {
    StepState.DONE: "green",
    StepState.OPEN: "yellow",
    StepState.WAITING: "dim",
    StepState.CANNOT: "red",
    StepState.READY: "cyan",
    StepState.SKIPPED: "dim",
}


@dataclass(frozen=True, slots=True)
class _ReadOnlyServices:
    """What is enough for a look."""

    catalog: "Catalog"
    policy: Policy


def has_dependencies(folder: str) -> bool:
    """Whether anything is declared or locked in a folder."""
    return bool(manifest_files(folder) or find_locks(folder))


def open_walkthrough(
    arguments: Namespace,
    operations: "Operations | ReadOperations",
    context: CommandContext,
    project: str,
) -> Walkthrough:
    """Return the walkthrough of a project, with what was chosen by options.

    Raises :class:`CommandError` for a shell that is not known.
    """
    if arguments.shell is not None and arguments.shell not in SHELLS:
        raise CommandError(f"unknown shell `{arguments.shell}`", hint=f"use {', '.join(SHELLS)}")
    chosen: dict[str, tuple[str, ...]] = {}
    if arguments.group is not None:
        chosen["group"] = tuple(f"group:{normalise(name)}" for name in arguments.group)
    if arguments.extra is not None:
        chosen["extra"] = tuple(f"extra:{normalise(name)}" for name in arguments.extra)
    if arguments.no_project:
        chosen["without"] = ("without:project",)
    if arguments.run is not None:
        chosen["command"] = (f"command:{arguments.run}",)
    return Walkthrough(operations, project, shell=arguments.shell, chosen=chosen)


def check(arguments: Namespace, context: CommandContext, project: str) -> Exit:
    """Say how a project stands, and change nothing."""
    warn_pending(context)
    steps = open_walkthrough(
        arguments, _ReadOnlyServices(context.catalog(), context.policy()), context, project
    )
    views = steps.look()
    check_chosen(arguments, views)
    if arguments.json:
        context.console.json(onboard_object(steps, views))
    else:
        print_steps(steps, views, context)
    return exit_code_of_steps(views)


def check_chosen(arguments: Namespace, views: Sequence[StepView]) -> None:
    """Refuse a group, an extra or a command that the project does not have: whoever misspells
    one would else get an environment without it, and no word.

    Raises :class:`CommandError`.
    """
    offered = {view.name: [option.id for option in view.options] for view in views}
    parts = [*offered.get("environment", ()), *offered.get("packages", ())]
    commands = offered.get("command", ())
    looked = {
        "group": (parts, arguments.group, offered.keys() & {"environment", "packages"}),
        "extra": (parts, arguments.extra, offered.keys() & {"environment", "packages"}),
        "command": (commands, [arguments.run] if arguments.run else (), bool(commands)),
    }
    for kind, (ids, names, was_looked_at) in looked.items():
        known = sorted({each.partition(":")[2] for each in ids if each.startswith(f"{kind}:")})
        for name in names or ():
            plain = name if kind == "command" else normalise(name)
            if was_looked_at and plain not in known:
                has = f"available: {', '.join(known)}" if known else f"the project has no {kind}s"
                raise CommandError(f"the project has no {kind} `{name}`", hint=has)


def exit_code_of_steps(views: Sequence[StepView]) -> Exit:
    """Return the exit code: 1 where something is left to do."""
    return Exit.FAILED if any(view.state.is_open for view in views) else Exit.DONE


def print_steps(steps: Walkthrough, views: Sequence[StepView], context: CommandContext) -> None:
    """Print every step with its state, and of those that are open what to do."""
    console = context.console
    for text, style in _all_lines(steps, views, context):
        console.line(console.style(text, style))
    left = [view for view in views if view.state.is_open]
    again = f"envdeck onboard {command_text((steps.project,), context.host.home)}"
    console.flush()
    if any(view.state is StepState.OPEN and view.safe for view in left):
        console.hint(f"{again} --yes")
    elif asking := [view for view in left if view.state is StepState.OPEN and view.fields]:
        console.hint(f"{again} --step {asking[0].name}")
    elif not left and any(
        view.state is StepState.READY and view.name == "command" for view in views
    ):
        console.hint(f"{again} --step command")


def _all_lines(
    steps: Walkthrough, views: Sequence[StepView], context: CommandContext
) -> Iterator[tuple[str, str]]:
    home = context.host.home
    yield f"project      {safe(tilde(steps.project, home))}", "bold"
    if steps.environment is not None:
        yield f"environment  {safe(tilde(steps.environment.path, home))}", "bold"
    for view in views:
        yield "", ""
        yield from step_lines(view, context)


def step_lines(view: StepView, context: CommandContext) -> Iterator[tuple[str, str]]:
    """Yield the lines of one step, each with its style; they are plain text."""
    sign = context.console.signs.step_sign(view.state)
    yield f"{sign} {pad(STEP_WORDS[view.state], _WIDEST)}  {view.title}", _STYLES[view.state]
    yield f"    {sentence(view.message, context)}", ""
    if view.state in {StepState.DONE, StepState.SKIPPED, StepState.WAITING}:
        return
    yield f"    {view.why}", "dim"
    for line in view.details:
        yield f"    - {sentence(line, context)}", ""
    for option in view.options:
        mark = "x" if option.chosen else " "
        yield f"    [{mark}] {sentence(option.title, context)}", ""
    for asked in view.fields:
        known = "from the example" if asked.default else "to be entered, which --yes cannot do"
        yield f"    value: {safe(asked.name)} ({known})", ""
    for command in view.commands:
        yield f"    $ {command_text(command, context.host.home)}", "bold"
    if view.hint:
        yield f"    {sentence(view.hint, context)}", ""


def onboard_object(
    steps: Walkthrough, views: Sequence[StepView], done: Sequence[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return the JSON contract of `onboard`; `done` is what was done on the way."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "project": steps.project,
        "environment": steps.environment.path if steps.environment is not None else None,
        "steps": [_step_object(view) for view in views],
        "open": [view.name for view in views if view.state.is_open],
    }
    return document if done is None else {**document, "done": list(done)}


def _step_object(view: StepView) -> dict[str, Any]:
    return {
        "step": view.name,
        "title": view.title,
        "state": view.state.value,
        "why": view.why,
        "message": mask_text(view.message),
        "hint": mask_text(view.hint),
        "details": [mask_text(line) for line in view.details],
        "commands": [[mask_text(word) for word in command] for command in view.commands],
        "safe": view.safe,
        "options": [
            {"id": option.id, "title": option.title, "chosen": option.chosen}
            for option in view.options
        ],
        "asks_for": [field.name for field in view.fields],
    }


def act(arguments: Namespace, context: CommandContext, project: str) -> Exit:
    """Do the step that is named, or every safe one; then say how the project stands.

    Raises :class:`CommandError` where nobody can be asked, or nothing can be done.
    """
    if arguments.step is not None:
        check_asked(arguments, context)
    with catch_signals() as stops:
        performer = Performer(arguments, context, stops)
        try:
            operations = performer.open_operations()
            steps = open_walkthrough(arguments, operations, context, project)
            setup = _Setup(performer, operations, steps)
            code = setup.do_one() if arguments.step is not None else setup.do_all()
        except (KeyboardInterrupt, RuntimeError) as error:
            if not is_interruption(error):
                raise
            stops.acting = True  # what is shown is shown whole
            context.console.clear_progress()
            context.console.error(_INTERRUPTED)
            code = Exit.INTERRUPTED
        context.console.flush()
    return code


@dataclass(slots=True)
class _Setup:
    """The steps of one call."""

    performer: Performer
    operations: "Operations"
    steps: Walkthrough
    done: list[dict[str, Any]] = field(default_factory=list)
    """What was done, as JSON has it."""
    results: list[Result] = field(default_factory=list)

    def do_one(self) -> Exit:
        """Do the step that is named, where a person says yes to its plan."""
        performer, console = self.performer, self.performer.context.console
        arguments = performer.arguments
        console.progress("looking")
        views = self.steps.look(performer.stops)
        console.clear_progress()
        performer.stops.check()
        check_chosen(arguments, views)
        view = next(view for view in views if view.name == arguments.step)
        if view.act is None or view.state in _NOT_DOABLE:
            if not self._print_json():
                self._print_step(view)
            return Exit.FAILED if view.state.is_open else Exit.DONE
        answers = self._ask_answers(view)
        plan = performer.make_plan(lambda: self.steps.plan(view, answers))
        if plan.refusals or arguments.dry_run:
            if not self._print_json():
                print_plan(plan, performer.context, aside=False)
            performer.report_refusals(plan.refusals)
            return Exit.REFUSED if plan.refusals else Exit.DONE
        if not performer.confirm(plan, "run this step?"):
            return Exit.FAILED
        self._run(view, plan)
        return self._report()

    def do_all(self) -> Exit:
        """Do the safe steps in their order, looking again after each; no step is tried twice."""
        performer = self.performer
        answers = StepAnswers(allow=frozenset(performer.arguments.allow))
        views = self.steps.look(performer.stops)
        check_chosen(performer.arguments, views)
        tried: set[tuple[str, str]] = set()
        while len(tried) < _MOST:
            performer.stops.check()
            view = next((one for one in views if _is_safe(one, tried)), None)
            if view is None:
                break
            tried.add((view.name, view.message))
            plan = self.steps.plan(view, answers)
            if isinstance(plan, NoPlan) or plan.refusals:
                self._leave_out(view, plan)
            elif performer.arguments.dry_run:
                print_plan(plan, performer.context, aside=performer.arguments.json)
            elif self._run(view, plan).stopped:
                break
            else:
                views = self.steps.look(performer.stops)
        return self._report()

    def _ask_answers(self, view: StepView) -> StepAnswers:
        """Ask for the values of a step, where a person sits there; what the example proposes is
        taken with `--yes`, and left to Enter."""
        arguments, context = self.performer.arguments, self.performer.context
        allow = frozenset(arguments.allow)
        asks = bool(view.fields) and not (arguments.yes or arguments.dry_run)
        if not asks or context.answers is None:
            return StepAnswers(allow=allow)
        names = [asked.name for asked in view.fields]
        return StepAnswers(values=ask_values(names, context, keep=True), allow=allow)

    def _leave_out(self, view: StepView, plan: Plan | NoPlan) -> None:
        """Say why a step is passed over."""
        context = self.performer.context
        if isinstance(plan, NoPlan):
            reason, hint, message = sentence(plan.message, context), plan.hint, plan.message
        else:
            first = plan.refusals[0]
            reason, message = refusal_words(first, context.host.home), first.message
            hint = way_out(first)
        hint = tilde_within(hint, context.host.home)
        context.console.warn(f"skipped: {view.title}: {reason}", hint)
        self.done.append(_done_object(view, None, Ending.REFUSED, message))
        self.results.append(Result(Ending.REFUSED, message))

    def _run(self, view: StepView, plan: Plan) -> Result:
        performer, console = self.performer, self.performer.context.console
        if not performer.arguments.json:
            console.line(console.style(view.title, "bold"))
            console.flush()
        verbose = plan.operation is Operation.RUN
        result = performer.run(self.operations, plan, verbose=verbose)
        performer.stops.acting = False  # between two steps a signal breaks off at once
        self.steps.ended(view, plan, result)
        self.results.append(result)
        self.done.append(_done_object(view, plan, result.status, result.message))
        performer.report(plan, result, indent="  ")
        return result

    def _report(self) -> Exit:
        """Print how the project stands now, and return the exit code."""
        context, named = self.performer.context, self.performer.arguments.step
        views = self.steps.look()
        shown = [view for view in views if named in {None, view.name}]
        if self.performer.arguments.json:
            context.console.json(onboard_object(self.steps, views, self.done))
        elif named is not None:
            self._print_step(shown[0])
        else:
            if self.results:
                context.console.line()
            print_steps(self.steps, views, context)
        codes = {exit_code(result) for result in self.results}
        for code in (Exit.INTERRUPTED, Exit.FAILED, Exit.REFUSED):
            if code in codes:
                return code
        return exit_code_of_steps(shown)

    def _print_json(self) -> bool:
        """Print the document where one is asked for, and return whether it is."""
        if self.performer.arguments.json:
            document = onboard_object(self.steps, self.steps.look(), self.done)
            self.performer.context.console.json(document)
        return bool(self.performer.arguments.json)

    def _print_step(self, view: StepView) -> None:
        console = self.performer.context.console
        for text, style in step_lines(view, self.performer.context):
            console.line(console.style(text, style))


def _is_safe(view: StepView, tried: Collection[tuple[str, str]]) -> bool:
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
