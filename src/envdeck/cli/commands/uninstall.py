"""`envdeck uninstall ENV NAME …`: packages, and what only they need."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from envdeck.cli.arguments import add_options
from envdeck.cli.console import CommandError
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import operate
from envdeck.cli.references import find_environment
from envdeck.core.model import STILL_REQUIRED, Fix, FixKind, NoPlan, Operation, Plan

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.context import Stopped

DESCRIPTION = """Uninstall packages. Blocked while another package requires one of them. The
previous state moves to the trash; `envdeck undo` restores it."""

EXAMPLES = """  envdeck uninstall ~/work/api/.venv requests
  envdeck uninstall api/.venv requests --unneeded   with what only it requires
  envdeck uninstall api/.venv idna --allow still-required
  envdeck uninstall api/.venv --leftovers           what an interrupted pip left"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "reference", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="the package")
    parser.add_argument(
        "--leftovers",
        action="store_true",
        help="what an interrupted pip left in the package folders",
    )
    parser.add_argument(
        "--unneeded",
        action="store_true",
        help="also packages that only they require",
    )
    add_options(parser, more=(STILL_REQUIRED,))


def run(arguments: Namespace, context: CommandContext) -> int:
    """Uninstall packages."""
    if bool(arguments.names) is arguments.leftovers:
        told = "either NAME or --leftovers, not both" if arguments.names else "missing NAME"
        raise CommandError(
            told, hint="envdeck uninstall ENV NAME, or envdeck uninstall ENV --leftovers"
        )

    def make(operations: "Operations", stopped: "Stopped") -> Plan | NoPlan:
        environment = find_environment(arguments.reference, context, context.catalog())
        allow = frozenset(arguments.allow)
        if arguments.leftovers:
            examined = operations.catalog.examine(environment, ("interrupted-install",))
            left = [one for one in examined.findings if one.fix == Fix(FixKind.CLEAN_UP)]
            if not left:
                return NoPlan("no leftovers of an interrupted install", nothing=True)
            return operations.plan_fix(environment, left, allow=allow, stopped=stopped)
        return operations.plan_uninstall(
            environment,
            arguments.names,
            unneeded=arguments.unneeded,
            allow=allow,
            stopped=stopped,
        )

    return operate(arguments, context, Operation.UNINSTALL, make)
