"""The steps of the walkthrough as text and as JSON."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envdeck.cli.context import CommandContext
from envdeck.cli.errors import CommandError, Exit
from envdeck.cli.output.console import styled
from envdeck.cli.plan_text import safe, said, shown_command
from envdeck.cli.scan import say_pending
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.onboarding.model import StepState, StepView
from envdeck.core.onboarding.shells import SHELLS
from envdeck.text import pad, tilde
from envdeck.text.operation import STEP_WORDS

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog
    from envdeck.core.onboarding.project_state import ReadOperations
    from envdeck.core.onboarding.walkthrough import Walkthrough
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.policy import Policy

SCHEMA = 1
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
class _Looking:
    """What is enough for a look."""

    catalog: "Catalog"
    policy: "Policy"


def walkthrough(
    arguments: Namespace,
    operations: "Operations | ReadOperations",
    context: CommandContext,
    project: str,
) -> "Walkthrough":
    """Return the walkthrough of a project, with what was chosen by options.

    Raises :class:`CommandError` for a shell that is not known.
    """
    if arguments.shell is not None and arguments.shell not in SHELLS:
        raise CommandError(
            f"the shell `{arguments.shell}` is not known", hint=f"known are {', '.join(SHELLS)}"
        )
    chosen: dict[str, tuple[str, ...]] = {}
    if arguments.group is not None:
        chosen["group"] = tuple(f"group:{normalise(name)}" for name in arguments.group)
    if arguments.extra is not None:
        chosen["extra"] = tuple(f"extra:{normalise(name)}" for name in arguments.extra)
    if arguments.run is not None:
        chosen["command"] = (f"command:{arguments.run}",)
    from envdeck.core.onboarding.walkthrough import Walkthrough  # start-up: all operations

    return Walkthrough(operations, project, shell=arguments.shell, chosen=chosen)


def check(arguments: Namespace, context: CommandContext, project: str) -> Exit:
    """Say how a project stands, and change nothing."""
    say_pending(context)
    steps = walkthrough(arguments, _Looking(context.catalog(), context.policy()), context, project)
    views = steps.look()
    check_chosen(arguments, views)
    if arguments.json:
        context.console.json(onboard_object(steps, views))
    else:
        print_steps(steps, views, context)
    return code_of(views)


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
                has = f"it has {', '.join(known)}" if known else "it has none"
                raise CommandError(f"the project has no {kind} `{name}`", hint=has)


def code_of(views: Sequence[StepView]) -> Exit:
    """Return the exit code: 1 where something is left to do."""
    return Exit.FAILED if any(view.state.is_open for view in views) else Exit.DONE


def print_steps(steps: "Walkthrough", views: Sequence[StepView], context: CommandContext) -> None:
    """Print every step with its state, and of those that are open what to do."""
    console = context.console
    for text, style in _lines(steps, views, context):
        console.line(styled(text, style, colour=console.colour))
    left = [view for view in views if view.state.is_open]
    console.flush()
    if any(view.state is StepState.OPEN and view.safe for view in left):
        console.hint(f"envdeck onboard {shown_command((steps.project,))} --yes")
    elif not left and any(
        view.state is StepState.READY and view.name == "command" for view in views
    ):
        console.hint(f"envdeck onboard {shown_command((steps.project,))} --step command")


def _lines(
    steps: "Walkthrough", views: Sequence[StepView], context: CommandContext
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
    sign = context.console.signs.of_step(view.state)
    yield f"{sign} {pad(STEP_WORDS[view.state], _WIDEST)}  {view.title}", _STYLES[view.state]
    yield f"    {said(view.message, context)}", ""
    if view.state in {StepState.DONE, StepState.SKIPPED, StepState.WAITING}:
        return
    yield f"    {view.why}", "dim"
    for line in view.details:
        yield f"    - {said(line, context)}", ""
    for option in view.options:
        mark = "x" if option.chosen else " "
        yield f"    [{mark}] {said(option.title, context)}", ""
    for field in view.fields:
        yield f"    asks for {safe(field.name)}", ""
    for command in view.commands:
        yield f"    $ {shown_command(command)}", "bold"
    if view.hint:
        yield f"    {said(view.hint, context)}", ""


def onboard_object(
    steps: "Walkthrough", views: Sequence[StepView], done: Sequence[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return the JSON contract of `onboard`; `done` is what was done on the way."""
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "project": steps.project,
        "environment": steps.environment.path if steps.environment is not None else None,
        "steps": [_step_object(view) for view in views],
        "open": [view.name for view in views if view.state.is_open],
    }
    return told if done is None else {**told, "done": list(done)}


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
