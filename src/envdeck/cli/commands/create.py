"""`envdeck create PROJECT`: a new environment for a project."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from envdeck.cli.arguments import (
    absolute_path,
    add_options,
    add_parts,
    read_interpreter,
    read_source,
)
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import operate
from envdeck.cli.references import find_project
from envdeck.core.model import NoPlan, Operation, Plan

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.context import Stopped

DESCRIPTION = """Create an environment for a project from its lock file, or else from its
declared dependencies, with the Python it requires (`requires-python`,
`.python-version`)."""

EXAMPLES = """  envdeck create .                               create .venv in this project
  envdeck create ~/work/api --from declared --python 3.13
  envdeck create . --group dev --group docs      only these groups
  envdeck create . --no-project                  where the project itself does not build
  envdeck create ~/work/api --path ~/envs/api --dry-run"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(parser.add_argument("project", metavar="PROJECT", help="project folder"))
    parser.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        help="lock, declared, or a requirements file (default: lock if there is one)",
    )
    parser.add_argument(
        "--python", metavar="PYTHON", help="base interpreter: a version (3.13) or an executable"
    )
    complete_folders(
        parser.add_argument(
            "--path", metavar="PATH", help="environment path (default: .venv in the project)"
        )
    )
    add_parts(parser)
    add_options(parser, guards=False)


def run(arguments: Namespace, context: CommandContext) -> int:
    """Make a new environment."""
    host = context.host
    project = find_project(arguments.project, context)
    path = None if arguments.path is None else absolute_path(arguments.path, host)
    source, file = None, None
    if arguments.source is not None:
        source, file = read_source(arguments.source, host, ("lock", "declared"))
    interpreter = read_interpreter(arguments.python, host)

    def make(operations: "Operations", _: "Stopped") -> Plan | NoPlan:
        return operations.plan_create(
            project,
            path=path,
            source=file or source,
            interpreter=interpreter,
            groups=arguments.groups,
            extras=arguments.extras,
            itself=not arguments.no_project,
        )

    return operate(arguments, context, Operation.CREATE, make)
