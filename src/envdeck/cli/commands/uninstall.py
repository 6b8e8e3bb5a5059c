"""`envdeck uninstall ENV NAME …`: packages, and what only they need."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from envdeck.cli.arguments import add_options
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import operate
from envdeck.cli.references import find_environment
from envdeck.core.model import STILL_REQUIRED, NoPlan, Operation, Plan

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.context import Stopped

DESCRIPTION = """Uninstall packages. Blocked while another package requires one of them. The
previous state moves to the trash; `envdeck undo` restores it."""

EXAMPLES = """  envdeck uninstall ~/work/api/.venv requests
  envdeck uninstall api/.venv requests --unneeded   with what only it requires
  envdeck uninstall api/.venv idna --allow still-required"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "reference", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument("names", nargs="+", metavar="NAME", help="the package")
    parser.add_argument(
        "--unneeded",
        action="store_true",
        help="also packages that only they require",
    )
    add_options(parser, more=(STILL_REQUIRED,))


def run(arguments: Namespace, context: CommandContext) -> int:
    """Uninstall packages."""

    def make(operations: "Operations", stopped: "Stopped") -> Plan | NoPlan:
        environment = find_environment(arguments.reference, context, context.catalog())
        return operations.plan_uninstall(
            environment,
            arguments.names,
            unneeded=arguments.unneeded,
            allow=frozenset(arguments.allow),
            stopped=stopped,
        )

    return operate(arguments, context, Operation.UNINSTALL, make)
