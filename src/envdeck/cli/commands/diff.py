"""`envdeck diff ENV [ENV_OR_FILE]`: what differs."""

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from envdeck.cli.arguments import absolute_path
from envdeck.cli.commands.show import has_drift, print_drift
from envdeck.cli.console import Cell, CommandError, Exit, TableColumn, table
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.references import find_environment
from envdeck.cli.serialise import SCHEMA, drift_object
from envdeck.core.model import Environment
from envdeck.core.project.drift.compare import compare
from envdeck.core.project.project import project_of_file, workspace_of
from envdeck.text import plain, tilde, tilde_within

if TYPE_CHECKING:
    from envdeck.core.catalog import Catalog
    from envdeck.core.project.model import Comparison

DESCRIPTION = """Compare an environment with its project's declared and locked dependencies,
another environment, or a lock or requirements file. Exits with 1 if anything
differs."""

EXAMPLES = """  envdeck diff ~/work/api                     with its project
  envdeck diff ~/work/api ~/old/api           with another environment
  envdeck diff ~/work/api requirements.txt    with a file
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
    parser.add_argument("--json", action="store_true", help="print JSON")


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
    found = catalog.project(environment, member=named)
    if found is None:
        raise CommandError(
            f"`{arguments.first}` has no project to compare with",
            hint="pass a file or another environment as the second argument",
        )
    return _print_comparison(environment, found, "", arguments, context)


def _compare_with_file(
    environment: Environment,
    file: str,
    arguments: Namespace,
    context: CommandContext,
    catalog: "Catalog",
) -> int:
    project = project_of_file(file)
    declares = any(one.requirements for one in project.manifests)
    if project.problems and (project.locks or not declares):
        text = tilde_within(str(project.problems[0]), context.host.home)
        raise CommandError(f"nothing to compare with: {text}")
    if not declares and not project.locks:
        raise CommandError(f"`{file}` declares nothing")
    found = compare(project, environment, catalog.distributions(environment), host=context.host)
    return _print_comparison(environment, found, file, arguments, context)


def _print_comparison(
    environment: Environment,
    found: "Comparison",
    file: str,
    arguments: Namespace,
    context: CommandContext,
) -> int:
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
    one, two = _read_versions(first, catalog), _read_versions(second, catalog)
    names = sorted(one.keys() | two.keys())
    pairs = [(name, one.get(name), two.get(name)) for name in names]
    away = [pair for pair in pairs if pair[1] != pair[2]]
    pythons = first.python.version, second.python.version
    if arguments.json:
        context.console.json(
            {
                "schema": SCHEMA,
                "first": first.path,
                "second": second.path,
                "python": {"first": pythons[0], "second": pythons[1]},
                "differences": [
                    {"name": name, "first": old, "second": new} for name, old, new in away
                ],
                "same": len(names) - len(away),
            }
        )
    else:
        _print_differences(first, second, away, len(names) - len(away), context)
    return Exit.FAILED if away or pythons[0] != pythons[1] else Exit.DONE


def _read_versions(environment: Environment, catalog: "Catalog") -> dict[str, str]:
    """Return versions by name; of several distributions of one name, all of them."""
    found: dict[str, str] = {}
    for one in catalog.distributions(environment):
        text = f"{one.version} (editable)" if one.editable else one.version
        found[one.name] = f"{found[one.name]}, {text}" if one.name in found else text
    return found


def _print_differences(
    first: Environment,
    second: Environment,
    away: list[tuple[str, str | None, str | None]],
    same: int,
    context: CommandContext,
) -> None:
    console, unknown = context.console, context.console.signs.unknown
    for word, one in (("first", first), ("second", second)):
        version = one.python.version or unknown
        text = f"{word}: {tilde(one.path, context.host.home)}, Python {version}"
        console.line(plain(text))
    console.line()
    if away:
        rows = [[Cell(name), Cell(old or unknown), Cell(new or unknown)] for name, old, new in away]
        for line in table(console, _COLUMNS, rows):
            console.line(line)
        console.line()
    console.line(console.style(f"{len(away):,} different, {same:,} identical", "bold"))
