"""`envdeck interpreters`: what environments use."""

from argparse import ArgumentParser, Namespace

from envdeck.cli.arguments import build_scope
from envdeck.cli.console import Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.filters import VersionKey, version_key
from envdeck.cli.plan_text import path_cell
from envdeck.cli.scan import ScanReport
from envdeck.cli.serialise import SCHEMA, interpreter_object
from envdeck.core.inspection.interpreters import base_of, orphans
from envdeck.core.model import Environment, Interpreter
from envdeck.text import counted
from envdeck.text.environment import python_name

DESCRIPTION = """List base interpreters, the number of environments that use each, and the
packages installed globally in it."""

EXAMPLES = """  envdeck interpreters
  envdeck interpreters --json"""

_COLUMNS = (
    TableColumn("Python"),
    TableColumn("Path", flexible=True),
    TableColumn("Source", rank=1),
    TableColumn("Environments", right=True),
    TableColumn("Global packages", right=True),
    TableColumn("Notes", rank=2),
)


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """List interpreters."""
    scan = ScanReport(
        context, context.catalog(), build_scope((), context, sizes=False, interpreters=True)
    )
    environments = list(scan.complete())
    interpreters = sorted(scan.interpreters, key=_sort_key)
    resting = _group_environments(interpreters, environments)
    gone = orphans(environments, interpreters)
    if arguments.json:
        context.console.json(
            {
                "schema": SCHEMA,
                "interpreters": [
                    interpreter_object(interpreter, [found.path for found in found_all])
                    for interpreter, found_all in resting
                ],
                "gone": [
                    {"path": base, "dependants": [found.path for found in found_all]}
                    for base, found_all in gone.items()
                ],
            }
        )
    else:
        _print(resting, context)
        _print_gone(gone, context)
    return Exit.DONE


def _sort_key(interpreter: Interpreter) -> tuple[VersionKey, str]:
    return version_key(interpreter.version), interpreter.executable


def _group_environments(
    interpreters: list[Interpreter], environments: list[Environment]
) -> list[tuple[Interpreter, list[Environment]]]:
    """Return each interpreter with the environments that use it.

    Many use one, so that it is asked once for each way of naming a base.
    """
    resting: dict[str, list[Environment]] = {found.executable: [] for found in interpreters}
    bases: dict[tuple[str | None, ...], Interpreter | None] = {}
    for environment in environments:
        python = environment.python
        named = (python.base_executable, python.base, python.version)
        if named not in bases:
            bases[named] = base_of(environment, interpreters)
        base = bases[named]
        if base is not None:
            resting[base.executable].append(environment)
    return [(found, resting[found.executable]) for found in interpreters]


def _print(resting: list[tuple[Interpreter, list[Environment]]], context: CommandContext) -> None:
    console = context.console
    if not resting:
        console.line("no interpreters found")
        return
    rows = [_row(interpreter, len(found), context) for interpreter, found in resting]
    for line in table(console, _COLUMNS, rows):
        console.line(line)
    console.line()
    console.line(console.style(counted(len(resting), "interpreter"), "bold"))


def _print_gone(gone: dict[str, tuple[Environment, ...]], context: CommandContext) -> None:
    console = context.console
    for base, environments in gone.items():
        resting = counted(len(environments), "environment")
        path = path_cell(base, context.host.home).text
        console.line(f"{console.signs.broken} not found: {path}, used by {resting}")


def _row(interpreter: Interpreter, environments: int, context: CommandContext) -> list[TableCell]:
    own = sum(len(found.names) for found in interpreter.global_packages)
    remarks = []
    if interpreter.end_of_life:
        remarks.append(f"{context.console.signs.warning} end of life")
    if interpreter.externally_managed:
        remarks.append("externally managed")
    return [
        TableCell(python_name(interpreter, unknown=f" {context.console.signs.unknown}")),
        path_cell(interpreter.executable, context.host.home),
        TableCell(interpreter.source),
        TableCell(f"{environments:,}"),
        TableCell(f"{own:,}"),
        TableCell(", ".join(remarks), "yellow" if interpreter.end_of_life else ""),
    ]
