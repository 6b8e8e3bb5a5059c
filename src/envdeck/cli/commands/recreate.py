"""`envdeck recreate ENV`: the same environment, made anew."""

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from envdeck.cli.asking import add_options
from envdeck.cli.context import Context
from envdeck.cli.errors import CommandError, Exit
from envdeck.cli.operating import operate
from envdeck.cli.origins import add_parts, interpreter_named, origin_named
from envdeck.cli.parser import complete_folders
from envdeck.cli.references import environment_of
from envdeck.cli.stopping import stopping
from envdeck.core.inspection.distribution_names import normalise
from envdeck.core.model import Interpreter, NoPlan, Operation, PackageChoice, Plan

if TYPE_CHECKING:
    from envdeck.core.operations.choices import RecreateChoices
    from envdeck.core.operations.context import Stopped
    from envdeck.core.operations.operations import Operations

DESCRIPTION = """Make an environment anew, verify it, and exchange it for the one that is there.
The old one goes to the trash, from where `envdeck undo` brings it back. It works on broken
environments too: what is installed in them is read without running it."""

EXAMPLES = """  envdeck recreate ~/work/api/.venv              exactly what is here
  envdeck recreate api/.venv --from lock         what the project locked
  envdeck recreate api/.venv --from ./other.txt  what a file of requirements asks for
  envdeck recreate api/.venv --choices --python 3.13    what would become of it
  envdeck recreate api/.venv --python 3.13 --dry-run
  envdeck recreate api/.venv --python 3.13 --jump smallest    where it has no wheel
  envdeck recreate api/.venv --keep internal-lib    with that package's files as they are"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument("reference", metavar="ENV", help="its path, its project's, or its name")
    )
    parser.add_argument(
        "--from",
        dest="source",
        default="exact",
        metavar="SOURCE",
        help="exact (what is here, which is the default), lock (what the project locked), "
        "declared (what it asks for), or a requirements file",
    )
    parser.add_argument(
        "--python",
        metavar="PYTHON",
        help="on another interpreter: a version (3.13) or an executable",
    )
    parser.add_argument(
        "--jump",
        choices=("smallest", "newest"),
        help="with --python: packages that have no wheel for it at their version come at the "
        "smallest version up that has one, or at the newest",
    )
    add_parts(parser)
    _add_choices(parser)
    parser.add_argument(
        "--keep-edits",
        action="store_true",
        help="put edited files of packages over the new ones, where their original is the same",
    )
    parser.add_argument(
        "--choices",
        action="store_true",
        help="only tell what it can be made from, how each differs from what is here, on which "
        "interpreters, and with --python what becomes of each package there",
    )
    add_options(parser)


def _add_choices(parser: ArgumentParser) -> None:
    """Let a person choose what becomes of packages that cannot be recreated exactly."""
    choosing = parser.add_argument_group("packages that cannot be recreated exactly")
    for choice, what in (
        (
            PackageChoice.KEEP,
            "keep the installed files of this package as they are, edits included",
        ),
        (PackageChoice.RELEASE, "take what the index has under its name and version"),
        (PackageChoice.OMIT, "leave this package out"),
    ):
        choosing.add_argument(
            f"--{choice}",
            action="append",
            default=[],
            metavar="NAME",
            help=f"{what} (repeatable)",
        )


def _choices_made(arguments: Namespace) -> dict[str, PackageChoice]:
    """Return what was chosen for each package; raises :class:`CommandError` for two choices."""
    made: dict[str, PackageChoice] = {}
    for choice in PackageChoice:
        for given in getattr(arguments, choice):
            name = normalise(given)
            if made.setdefault(name, choice) is not choice:
                hint = f"choose one of them for {name}"
                raise CommandError(f"--{made[name]} and --{choice} exclude each other", hint=hint)
    return made


def run(arguments: Namespace, context: Context) -> int:
    """Make an environment anew."""
    source, file = origin_named(arguments.source, context.host, ("exact", "lock", "declared"))
    interpreter = interpreter_named(arguments.python, context.host)
    _check_jump(arguments, source)
    chosen = _choices_made(arguments)
    if chosen and source != "exact":
        hint = f"`--from {arguments.source}` installs other packages"
        option = next(iter(chosen.values()))
        raise CommandError(f"--{option} is for `--from exact` alone", hint=hint)

    if arguments.choices:
        return _tell(arguments, context, file, interpreter)

    def make(operations: "Operations", stopped: "Stopped") -> Plan | NoPlan:
        return operations.plan_recreate(
            environment_of(arguments.reference, context, context.catalog()),
            source=source,
            file=file,
            interpreter=interpreter,
            jump=arguments.jump,
            groups=arguments.groups,
            extras=arguments.extras,
            keep_edits=arguments.keep_edits,
            allow=frozenset(arguments.allow),
            choices=chosen,
            stopped=stopped,
        )

    return operate(arguments, context, Operation.RECREATE, make)


def _check_jump(arguments: Namespace, source: str) -> None:
    if arguments.jump is None:
        return
    if arguments.python is None:
        hint = f"name the other version too: `--python 3.13 --jump {arguments.jump}`"
        raise CommandError("--jump needs --python", hint=hint)
    if source != "exact":
        hint = f"`--from {arguments.source}` chooses versions of its own"
        raise CommandError("--jump is for `--from exact` alone", hint=hint)
    if arguments.choices:
        hint = "`--choices` tells both jumps of each package"
        raise CommandError("--jump and --choices exclude each other", hint=hint)


def _tell(arguments: Namespace, context: Context, file: str | None, interpreter: str | None) -> int:
    from envdeck.cli.choices import choices_object, print_choices
    from envdeck.cli.pending import say_pending

    say_pending(context)
    environment = environment_of(arguments.reference, context, context.catalog())
    operations = context.operations()
    with stopping() as stopped:
        context.console.progress("reading what it can be made from")
        choices = operations.recreate_choices(environment, file=file)
        forecast = None
        if interpreter is not None and not stopped():
            context.console.progress("asking the index")
            forecast = operations.forecast(environment, _chosen(choices, interpreter), stopped)
        interrupted = stopped()
    context.console.clear_progress()
    if interrupted:
        raise CommandError("interrupted", code=Exit.INTERRUPTED)
    if isinstance(forecast, NoPlan):
        raise CommandError(forecast.message, hint=forecast.hint, code=Exit.FAILED)
    if arguments.json:
        context.console.json(choices_object(environment, choices, forecast))
    else:
        print_choices(choices, forecast, context)
    return Exit.DONE


def _chosen(choices: "RecreateChoices", wanted: str) -> Interpreter:
    """Return the first of the interpreters that is meant: by its path, or by its version."""
    for choice in choices.interpreters:
        found = choice.interpreter
        named = os.sep in wanted and os.path.realpath(found.executable) == os.path.realpath(wanted)
        if named or f"{found.version}.".startswith(f"{wanted}."):
            return found
    raise CommandError(
        f"--python: there is no interpreter `{wanted}`", hint="`envdeck interpreters` lists them"
    )
