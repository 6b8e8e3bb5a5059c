"""`envdeck install ENV REQUIREMENT …`: packages that are missing, or the same ones again."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from envdeck.cli.arguments import add_options
from envdeck.cli.context import CommandContext
from envdeck.cli.main import complete_folders
from envdeck.cli.perform import operate
from envdeck.cli.references import find_environment
from envdeck.core.model import NoPlan, Operation, Plan

if TYPE_CHECKING:
    from envdeck.core.operations.api import Operations
    from envdeck.core.operations.shared.context import Stopped

DESCRIPTION = """Install packages and what they require; all other packages keep their version
where possible. The previous state moves to the trash; `envdeck undo` restores it."""

EXAMPLES = """  envdeck install ~/work/api/.venv idna
  envdeck install api/.venv "multidict>=4.5,<7" --dry-run
  envdeck install api/.venv numpy --reinstall    the same version again"""


def add_arguments(parser: ArgumentParser) -> None:
    """Say which arguments the command takes."""
    complete_folders(
        parser.add_argument(
            "reference", metavar="ENV", help="environment path, project path, or name"
        )
    )
    parser.add_argument(
        "requirements", nargs="+", metavar="REQUIREMENT", help="package name, or name>=version"
    )
    parser.add_argument(
        "--reinstall",
        action="store_true",
        help="install these packages again at their current version",
    )
    add_options(parser)


def run(arguments: Namespace, context: CommandContext) -> int:
    """Install packages."""

    def make(operations: "Operations", stopped: "Stopped") -> Plan | NoPlan:
        environment = find_environment(arguments.reference, context, context.catalog())
        return operations.plan_install(
            environment,
            arguments.requirements,
            again=arguments.reinstall,
            allow=frozenset(arguments.allow),
            stopped=stopped,
        )

    return operate(arguments, context, Operation.INSTALL, make)
