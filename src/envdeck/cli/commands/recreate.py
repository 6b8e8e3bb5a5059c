"""`recreate` and its choices."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdeck.cli.arguments import add_options, add_parts, read_interpreter, read_source
from envdeck.cli.console import CommandError, Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import catch_signals, operate
from envdeck.cli.plan_text import path_cell, safe, sentence
from envdeck.cli.references import find_environment
from envdeck.cli.scan import warn_pending
from envdeck.cli.serialise import SCHEMA, Object, doubt_object
from envdeck.core.inspection.packages.provenance import mask_text
from envdeck.core.inspection.packages.site_packages import normalise
from envdeck.core.model import (
    Environment,
    Interpreter,
    NoPlan,
    Operation,
    PackageChoice,
    Plan,
    RecreateRequest,
)
from envdeck.core.system import reach
from envdeck.text import counted, pad, tilde
from envdeck.text.difference import difference_words
from envdeck.text.environment import option_words, python_name

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.recreate.forecast import Forecast
    from envdeck.core.operations.recreate.options import RecreateChoices, SourceChoice
    from envdeck.core.operations.shared.context import Stopped


DESCRIPTION = """Recreate an environment, verify it and swap it in. The old one moves to the
trash; `envdeck undo` restores it. Works on broken environments too: installed
packages are read without running anything."""

EXAMPLES = """  envdeck recreate ~/work/api/.venv              exact current versions
  envdeck recreate api/.venv --from lock         from the lock file
  envdeck recreate api/.venv --from ./other.txt  from a requirements file
  envdeck recreate api/.venv --no-project        where the project itself does not build
  envdeck recreate api/.venv --from snapshot:6f3a   a snapshot (see `envdeck timeline`)
  envdeck recreate api/.venv --choices --python 3.13   compare sources
  envdeck recreate api/.venv --python 3.13 --dry-run
  envdeck recreate api/.venv --python 3.13 --jump smallest
  envdeck recreate api/.venv --keep internal-lib   keep this package's files"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "reference", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument(
        "--from",
        dest="source",
        default="exact",
        metavar="SOURCE",
        help="exact (current packages, exact versions; default), lock, "
        "declared, a requirements file, or snapshot:ID (an id of `envdeck timeline`, or a day)",
    )
    parser.add_argument(
        "--python",
        metavar="PYTHON",
        help="base interpreter: a version (3.13) or an executable",
    )
    parser.add_argument(
        "--jump",
        choices=("smallest", "newest"),
        help="with --python: for packages without a wheel at their current version, use the "
        "smallest newer version with a wheel, or the newest",
    )
    add_parts(parser)
    _add_choices(parser)
    parser.add_argument(
        "--keep-edits",
        action="store_true",
        help="keep edited package files whose original is unchanged",
    )
    parser.add_argument(
        "--choices",
        action="store_true",
        help="only list sources, their differences and interpreters; with --python, also the "
        "available wheels",
    )
    add_options(parser)


def _add_choices(parser: ArgumentParser) -> None:
    """Let a person choose what becomes of packages that cannot be recreated exactly."""
    choosing = parser.add_argument_group("packages that cannot be recreated exactly")
    for choice, what in (
        (
            PackageChoice.KEEP,
            "keep the installed files of this package, including edits",
        ),
        (PackageChoice.RELEASE, "use the index's release of this name and version"),
        (PackageChoice.OMIT, "omit this package"),
    ):
        choosing.add_argument(
            f"--{choice}",
            action="append",
            default=[],
            metavar="NAME",
            help=f"{what} (repeatable)",
        )


def _read_choices(arguments: Namespace) -> dict[str, PackageChoice]:
    """Return what was chosen for each package; raises :class:`CommandError` for two choices."""
    made: dict[str, PackageChoice] = {}
    for choice in PackageChoice:
        for given in getattr(arguments, choice):
            name = normalise(given)
            if made.setdefault(name, choice) is not choice:
                hint = f"choose one option for {name}"
                raise CommandError(f"--{made[name]} and --{choice} cannot be combined", hint=hint)
    return made


def run(arguments: Namespace, context: CommandContext) -> int:
    """Recreate an environment."""
    source, file, snapshot = _read_source(arguments.source, context)
    interpreter = read_interpreter(arguments.python, context.host)
    _check_jump(arguments, source)
    chosen = _read_choices(arguments)
    if chosen and source != "exact":
        hint = f"remove `--from {arguments.source}`"
        option = next(iter(chosen.values()))
        raise CommandError(f"--{option} requires `--from exact`", hint=hint)

    if arguments.choices:
        return _show_choices(arguments, context, file, interpreter)

    def make(operations: "Operations", stopped: "Stopped") -> Plan | NoPlan:
        return operations.plan_recreate(
            find_environment(arguments.reference, context, context.catalog()),
            RecreateRequest(
                source=source,
                file=file,
                snapshot=snapshot,
                interpreter=interpreter,
                jump=arguments.jump,
                groups=arguments.groups,
                extras=arguments.extras,
                itself=not arguments.no_project,
                keep_edits=arguments.keep_edits,
                choices=chosen,
            ),
            allow=frozenset(arguments.allow),
            stopped=stopped,
        )

    return operate(arguments, context, Operation.RECREATE, make)


def _read_source(given: str, context: CommandContext) -> tuple[str, str | None, str | None]:
    """Return the source that `--from` names, and the file or the snapshot where it is one."""
    name, colon, reference = given.partition(":")
    if colon and name == "snapshot":
        if not reference:
            hint = "`envdeck timeline ENV` lists them: `--from snapshot:ID`"
            raise CommandError("--from: `snapshot:` names none", hint=hint)
        return name, None, reference
    source, file = read_source(given, context.host, ("exact", "lock", "declared", "snapshot:ID"))
    return source, file, None


def _check_jump(arguments: Namespace, source: str) -> None:
    if arguments.jump is None:
        return
    if arguments.python is None:
        hint = f"add --python: `--python 3.13 --jump {arguments.jump}`"
        raise CommandError("--jump requires --python", hint=hint)
    if source != "exact":
        hint = f"remove `--from {arguments.source}`"
        raise CommandError("--jump requires `--from exact`", hint=hint)
    if arguments.choices:
        hint = "remove --jump: --choices shows both jumps"
        raise CommandError("--jump and --choices cannot be combined", hint=hint)


def _show_choices(
    arguments: Namespace, context: CommandContext, file: str | None, interpreter: str | None
) -> int:
    warn_pending(context)
    environment = find_environment(arguments.reference, context, context.catalog())
    operations = context.operations()
    with catch_signals() as stopped:
        context.console.progress("reading sources")
        choices = operations.recreate_choices(environment, file=file)
        forecast = None
        if interpreter is not None and not stopped():
            context.console.progress("querying the package index")
            forecast = operations.forecast(
                environment, _find_interpreter(choices, interpreter), stopped
            )
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


def _find_interpreter(choices: "RecreateChoices", wanted: str) -> Interpreter:
    """Return the first of the interpreters that is meant: by its path, or by its version."""
    for choice in choices.interpreters:
        found = choice.interpreter
        named = os.sep in wanted and reach.realpath(found.executable) == reach.realpath(wanted)
        if named or f"{found.version}.".startswith(f"{wanted}."):
            return found
    raise CommandError(f"--python: interpreter not found: `{wanted}`", hint="envdeck interpreters")


_SHOWN = 12
"""Differences that are named; more are counted."""
_INTERPRETERS = (
    TableColumn("Python"),
    TableColumn("Path", flexible=True),
    TableColumn("Notes", rank=1),
)
_FORECAST = (
    TableColumn("Package"),
    TableColumn("Version"),
    TableColumn("Status"),
    TableColumn("Smallest", rank=2),
    TableColumn("Latest", rank=2),
    TableColumn("Notes", rank=1),
)
_STYLES = {"wheel": "green", "build": "yellow", "unsupported": "red", "gone": "red"}


def print_choices(
    choices: "RecreateChoices", forecast: "Forecast | None", context: CommandContext
) -> None:
    """Print the sources with their differences, the interpreters, and a forecast for one."""
    console = context.console
    console.line(console.style("sources", "bold"))
    for source in choices.sources:
        for line in _source_lines(source, context):
            console.line(line)
    console.line()
    rows = [
        [
            TableCell(python_name(choice.interpreter, unknown=f" {console.signs.unknown}")),
            path_cell(choice.interpreter.executable, context.host.home),
            TableCell(
                ", ".join(
                    filter(None, ("proposed" if choice.default else "", option_words(choice)))
                )
            ),
        ]
        for choice in choices.interpreters
    ]
    for line in table(console, _INTERPRETERS, rows):
        console.line(line)
    for doubt in choices.doubts:
        options = " or ".join(f"--{option} {doubt.name}" for option in doubt.options)
        title = console.style(safe(doubt.title), "yellow")
        console.line(f"{title} cannot be recreated exactly: {sentence(doubt.reason, context)}")
        console.line(f"  use {safe(options)}")
    if forecast is not None:
        _print_forecast(forecast, context)


def _source_lines(source: "SourceChoice", context: CommandContext) -> Iterator[str]:
    console = context.console
    file = f" ({safe(tilde(source.file, context.host.home))})" if source.file else ""
    file = f" (snapshot:{source.snapshot})" if source.snapshot else file
    yield f"  {console.style(pad(safe(source.name), 8), 'cyan')}  {safe(source.title)}{file}"
    if source.problem:
        why = sentence(source.problem, context)
        yield f"            {console.style('cannot be used:', 'red')} {why}"
        return
    differences = [
        f"{sign} {name} {version}"
        for sign, _, rows in difference_words(source, console.signs.moved, console.signs.unknown)
        for name, version in rows
    ]
    for difference in differences[:_SHOWN]:
        yield f"            {safe(difference)}"
    if len(differences) > _SHOWN:
        yield f"            {counted(len(differences) - _SHOWN, 'more difference')}"
    if not source.resolved:
        yield "            full difference known after resolving"
    for note in source.notes:
        yield f"            {sentence(note, context)}"


def _print_forecast(forecast: "Forecast", context: CommandContext) -> None:
    console, unknown = context.console, context.console.signs.unknown
    console.line()
    if forecast.problem:
        console.line(f"on Python {safe(forecast.python)}: {sentence(forecast.problem, context)}")
    rows = [
        [
            TableCell(pin.name),
            TableCell(pin.version),
            TableCell(pin.verdict.value, _STYLES.get(pin.verdict.value, "")),
            TableCell(pin.smallest or unknown),
            TableCell(pin.newest or unknown),
            TableCell(mask_text(pin.note)),
        ]
        for pin in forecast.pins
        if pin.verdict.value != "wheel"
    ]
    if rows:
        for line in table(console, _FORECAST, rows):
            console.line(line)
    wheels = len(forecast.pins) - len(rows)
    total = f"{wheels:,} of {counted(len(forecast.pins), 'package')} have a wheel"
    console.line(console.style(f"on Python {safe(forecast.python)}: {total}", "bold"))


def choices_object(
    environment: Environment, choices: "RecreateChoices", forecast: "Forecast | None"
) -> Object:
    """Return the same for programs."""
    return {
        "schema": SCHEMA,
        "path": environment.path,
        "sources": [
            {
                "name": source.name,
                "title": source.title,
                "file": source.file,
                "snapshot": source.snapshot,
                "added": [list(row) for row in source.added],
                "removed": [list(row) for row in source.removed],
                "changed": [list(row) for row in source.changed],
                "resolved": source.resolved,
                "notes": [mask_text(note) for note in source.notes],
                "problem": mask_text(source.problem) or None,
            }
            for source in choices.sources
        ],
        "interpreters": [
            {
                "path": choice.interpreter.executable,
                "version": choice.interpreter.version,
                "same_minor": choice.same_minor,
                "proposed": choice.default,
                "note": option_words(choice),
            }
            for choice in choices.interpreters
        ],
        "unproved": [doubt_object(doubt, {}) for doubt in choices.doubts],
        "forecast": None if forecast is None else _forecast_object(forecast),
    }


def _forecast_object(forecast: "Forecast") -> Object:
    return {
        "python": forecast.python,
        "problem": mask_text(forecast.problem) or None,
        "packages": [
            {
                "name": pin.name,
                "version": pin.version,
                "verdict": pin.verdict.value,
                "smallest": pin.smallest,
                "newest": pin.newest,
                "note": mask_text(pin.note),
            }
            for pin in forecast.pins
        ],
    }
