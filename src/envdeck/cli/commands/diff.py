"""`envdeck diff ENV [ENV_OR_FILE]`: what differs."""

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from envdeck.cli.arguments import absolute_path
from envdeck.cli.commands.show import has_drift, print_drift
from envdeck.cli.console import CommandError, Exit, TableCell, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.references import find_environment
from envdeck.cli.serialise import SCHEMA, drift_object
from envdeck.core.model import Environment
from envdeck.core.project.difference import (
    SideError,
    difference,
    difference_from_file,
    difference_from_project,
    side_of,
)
from envdeck.core.project.project import workspace_of
from envdeck.text import plain, tilde, tilde_within
from envdeck.text.difference import FORMATS, export

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog
    from envdeck.core.project.difference import Difference
    from envdeck.core.project.model import Comparison

DESCRIPTION = """Compare an environment with its project's declared and locked dependencies,
another environment, a lock or requirements file, or what `envdeck show --json`
wrote on another machine. Exits with 1 if anything differs."""

EXAMPLES = """  envdeck diff ~/work/api                     with its project
  envdeck diff ~/work/api ~/old/api           with another environment
  envdeck diff ~/work/api requirements.txt    with a file
  envdeck diff . other-machine.json           with another machine
  envdeck diff ~/work/api ~/old/api --format markdown
  envdeck diff . --json"""

_COLUMNS = (TableColumn("Package"), TableColumn("First"), TableColumn("Second"))


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument("first", metavar="ENV", help="environment path, project path, or name")
    )
    parser.add_argument(
        "second",
        metavar="ENV_OR_FILE",
        nargs="?",
        help="environment or file (default: the project's files)",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help=f"print the versions side by side as {', '.join(FORMATS)}",
    )
    output.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace, context: CommandContext) -> int:
    """Show what differs."""
    catalog = context.catalog()
    first, second = arguments.first, arguments.second
    if second is not None and _find_file(first, context, catalog):
        first, second = second, first
        if _find_file(first, context, catalog):
            raise CommandError("at least one argument must be an environment")
    environment = _shared(first, context, catalog) or find_environment(first, context, catalog)
    if second is None:
        return _compare_with_project(environment, arguments, context, catalog)
    file = _find_file(second, context, catalog)
    if file:
        return _compare_with_file(environment, file, arguments, context, catalog)
    other = find_environment(second, context, catalog)
    return _compare_environments(environment, other, arguments, context, catalog)


def _shared(reference: str, context: CommandContext, catalog: "Catalog") -> Environment | None:
    """Return the environment of the workspace that a folder is a member of, where the folder has
    none of its own. What acts on an environment does not take it by a member's name."""
    member = os.path.realpath(absolute_path(reference, context.host))
    root = workspace_of(member)
    if not root or catalog.lookup(member) or catalog.lookup(os.path.join(member, ".venv")):
        return None
    return catalog.lookup(os.path.join(root, ".venv"))


def _find_file(reference: str, context: CommandContext, catalog: "Catalog") -> str:
    """Return the path of a file that is no way to an environment; empty for anything else."""
    path = absolute_path(reference, context.host)
    return path if os.path.isfile(path) and catalog.lookup(path) is None else ""


def _compare_with_project(
    environment: Environment, arguments: Namespace, context: CommandContext, catalog: "Catalog"
) -> int:
    named = os.path.realpath(absolute_path(arguments.first, context.host))
    distributions = catalog.distributions(environment)
    found = catalog.project(environment, distributions, member=named)
    if found is None:
        raise CommandError(
            f"`{arguments.first}` has no project to compare with",
            hint="pass a file or another environment as the second argument",
        )
    sides = difference_from_project(
        side_of(environment, distributions), found, found.project.folder
    )
    return _print_comparison(environment, (sides, found), "", arguments, context)


def _compare_with_file(
    environment: Environment,
    file: str,
    arguments: Namespace,
    context: CommandContext,
    catalog: "Catalog",
) -> int:
    try:
        sides, found = difference_from_file(
            environment, catalog.distributions(environment), file, context.host
        )
    except SideError as error:
        message = tilde_within(str(error), context.host.home)
        raise CommandError(message, hint=error.hint) from error
    if found is None:
        return _print_sides(sides, file, arguments, context)
    return _print_comparison(environment, (sides, found), file, arguments, context)


def _print_comparison(
    environment: Environment,
    comparison: "tuple[Difference, Comparison]",
    file: str,
    arguments: Namespace,
    context: CommandContext,
) -> int:
    sides, found = comparison
    if arguments.json:
        context.console.json(
            {
                "schema": SCHEMA,
                "environment": environment.path,
                "project": found.project.folder,
                "file": file or None,
                **drift_object(found),
            }
        )
    elif arguments.format:
        _print_export(sides, arguments, context)
    else:
        home = context.host.home
        beside = tilde(found.against or file or found.project.folder, home)
        heading = f"{tilde(environment.path, home)} compared with {beside}"
        context.console.line(context.console.style(plain(heading), "bold"))
        print_drift(found, context)
    return Exit.FAILED if has_drift(found) else Exit.DONE


def _compare_environments(
    first: Environment,
    second: Environment,
    arguments: Namespace,
    context: CommandContext,
    catalog: "Catalog",
) -> int:
    one, two = (side_of(each, catalog.distributions(each)) for each in (first, second))
    return _print_sides(difference(one, two), "", arguments, context)


def _print_sides(
    sides: "Difference", file: str, arguments: Namespace, context: CommandContext
) -> int:
    for note in sides.second.notes:
        context.console.warn(note)
    if arguments.json:
        context.console.json(
            {
                "schema": SCHEMA,
                "first": sides.first.label,
                "second": file or sides.second.label,
                "python": {"first": sides.first.python, "second": sides.second.python},
                "differences": [
                    {"name": pair.name, "first": pair.first, "second": pair.second}
                    for pair in sides.differing
                ],
                "same": sides.agreed,
            }
        )
    elif arguments.format:
        _print_export(sides, arguments, context)
    else:
        _print_differences(sides, context)
    return Exit.FAILED if sides.differing or not sides.same_python else Exit.DONE


def _print_export(sides: "Difference", arguments: Namespace, context: CommandContext) -> None:
    for line in export(sides, arguments.format, context.host.home).rstrip("\n").split("\n"):
        context.console.line(line)


def _print_differences(sides: "Difference", context: CommandContext) -> None:
    console, unknown = context.console, context.console.signs.unknown
    for word, one in (("first", sides.first), ("second", sides.second)):
        text = f"{word}: {tilde(one.label, context.host.home)}, Python {one.python or unknown}"
        console.line(plain(text))
    console.line()
    away = sides.differing
    if away:
        rows = [
            [
                TableCell(pair.name),
                TableCell(pair.first or unknown),
                TableCell(pair.second or unknown),
            ]
            for pair in away
        ]
        for line in table(console, _COLUMNS, rows):
            console.line(line)
        console.line()
    console.line(console.style(f"{len(away):,} different, {sides.agreed:,} identical", "bold"))
